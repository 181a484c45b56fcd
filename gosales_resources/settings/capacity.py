"""Settings of the capacity: how many of the ranked candidates are worked, and how seats are dealt."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from gosales_resources.settings.base import StrictModel, slugify

Mode = Literal["all", "top_percent", "per_rep", "hybrid", "optimal"]
Seats = Annotated[int, Field(ge=0, le=10_000_000)]


class CapacitySettings(StrictModel):
    """SPEC section 5, capacity."""

    mode: Mode = Field(
        default="top_percent",
        description="all: every ranked row. top_percent: the first of the list. per_rep: the first "
        "of each book. hybrid: the first of each division in turn. optimal: the most expected value "
        "within seats per rep, offers per account, floors and caps per division.",
    )
    top_percent: float = Field(
        default=10.0, gt=0, le=100, description="Seats of the list, in percent of all candidates."
    )
    per_rep: int = Field(
        default=25, ge=1, le=100_000, description="Seats of each book (per_rep, optimal)."
    )
    seats: int | None = Field(
        default=None,
        ge=1,
        description="Seats of the list in all (hybrid; optimal where nobody has a rep); none is the "
        "number of top_percent.",
    )
    segment_allocation: bool = Field(
        default=False,
        description="Deal seats between warm and other candidates; what one side leaves goes to the "
        "other. Not in all and optimal.",
    )
    warm_share: float = Field(
        default=0.7, ge=0, allow_inf_nan=False, description="Weight of warm candidates."
    )
    cold_share: float = Field(
        default=0.3,
        ge=0,
        allow_inf_nan=False,
        description="Weight of the others: cold ones and prospects.",
    )
    offers_per_account: int | None = Field(
        default=None, ge=1, description="Most rows of one account; none is no limit."
    )
    division_floor: dict[str, Seats] = Field(
        default_factory=dict,
        description="Division -> seats that it gets before money counts, as far as there are "
        "candidates (optimal).",
    )
    division_cap: dict[str, Seats] = Field(
        default_factory=dict, description="Division -> most seats that it gets (optimal)."
    )
    bias_division_max_share: float = Field(
        default=0.6,
        gt=0,
        le=1,
        description="Share of one division in the selection above which a warning is given.",
    )

    @field_validator("division_floor", "division_cap")
    @classmethod
    def _by_partition_key(cls, seats: dict[str, int]) -> dict[str, int]:
        keys = [slugify(name) for name in seats]
        if len(set(keys)) < len(keys) or "" in keys:
            raise ValueError("names of divisions must be distinct without case, accents and signs")
        return dict(zip(keys, seats.values(), strict=True))

    @model_validator(mode="after")
    def _legal_together(self) -> "CapacitySettings":
        if self.warm_share + self.cold_share <= 0:
            raise ValueError("warm_share, cold_share: at least one must be positive")
        if self.mode != "optimal" and (self.division_floor or self.division_cap):
            raise ValueError(
                f"division_floor, division_cap: mode is '{self.mode}', and only 'optimal' holds "
                "them. Set mode: optimal, or leave them out."
            )
        for division, floor in self.division_floor.items():
            if floor > self.division_cap.get(division, floor):
                raise ValueError(
                    f"division_floor of '{division}' is {floor}, above its division_cap "
                    f"{self.division_cap[division]}"
                )
        if self.mode in ("all", "optimal") and self.segment_allocation:
            raise ValueError(f"segment_allocation: not in mode '{self.mode}'")
        return self
