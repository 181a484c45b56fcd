"""Settings of the checks on what comes in: the announced schema, rejects, row counts, freshness."""

from pydantic import Field, model_validator

from gosales_resources.settings.base import StrictModel


class ContractSettings(StrictModel):
    """What the raw data is held against; no stored number depends on these."""

    schema_snapshot: str = Field(
        default="schema_snapshot.json",
        description="File of the announced schema, relative to the settings file; `gosales schema "
        "accept` writes it.",
    )
    restatements: str = Field(
        default="accepted_restatements.json",
        description="File of the changes of the past that were accepted, relative to the settings "
        "file; `gosales restatement accept` adds to it.",
    )
    rejects_warn_frac: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="A larger share of rejects, in rows or in money, warns: of an increment, and of "
        "all that is stored. Money is that of the amounts that can be read, as written.",
    )
    rejects_block_frac: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="A larger share of rejects fails, and nothing is made from the log, in either "
        "mode. Of an increment of fewer than 10 rows it only warns; a log of which nothing is kept "
        "fails whatever this says.",
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

    @model_validator(mode="after")
    def _warns_before_it_blocks(self) -> "ContractSettings":
        if self.rejects_warn_frac > self.rejects_block_frac:
            raise ValueError(
                f"rejects_warn_frac ({self.rejects_warn_frac}) is above rejects_block_frac "
                f"({self.rejects_block_frac}): nothing would warn before it fails."
            )
        return self
