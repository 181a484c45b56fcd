"""Settings of the checks on what comes in: the announced schema, usual row counts, freshness."""

from pydantic import Field

from gosales_resources.settings.base import StrictModel


class ContractSettings(StrictModel):
    """What the raw data is held against; no stored number depends on these."""

    schema_snapshot: str = Field(
        default="schema_snapshot.json",
        description="File of the announced schema, relative to the settings file; `gosales schema "
        "accept` writes it.",
    )
    row_count_min_ratio: float = Field(
        default=0.5,
        ge=0,
        lt=1,
        description="An increment with this share of the usual rows or less warns.",
    )
    row_count_max_ratio: float = Field(
        default=3.0,
        gt=1,
        description="An increment with more than so many times the usual rows warns.",
    )
    row_count_min_increments: int = Field(
        default=3,
        ge=2,
        description="Fewer earlier increments than this and none is held to be usual yet; the first "
        "of the calendar holds all history and never counts.",
    )
    prevalence_max_ratio: float = Field(
        default=3.0,
        gt=1,
        description="A target that is bought so many times more often, or more seldom, than at "
        "earlier cutoffs warns.",
    )
    freshness_days: int = Field(
        default=7,
        ge=0,
        le=366,
        description="The log may end so many days before a cutoff and still counts as reaching it.",
    )
