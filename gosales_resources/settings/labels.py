"""Settings of the labels: who is labelled, over which window, by which measure."""

from typing import Literal

from pydantic import Field, model_validator

from gosales_resources.settings.base import StrictModel

# Steps that a label window is widened by (SPEC section 2).
WIDENING_MONTHS = 3


class LabelSettings(StrictModel):
    """SPEC section 2."""

    window_months: int = Field(default=6, ge=1, le=36, description="Label window W in months.")
    mode: Literal["expansion", "all"] = Field(
        default="expansion",
        description="Population: customers with any purchase up to the cutoff, or the roster.",
    )
    gp_min_threshold: float = Field(
        default=0.0,
        ge=0,
        description="A label is 1 above this net value (home currency) in the window.",
    )
    denylist: list[str] = Field(default_factory=list, description="SKUs that never make a label.")
    min_positive_target: int = Field(
        default=0,
        ge=0,
        description="Below so many positives the window of that target and cutoff is widened, "
        "3 months at a time; 0: never. What is learnt from it waits until the widened window ends.",
    )
    max_window_months: int = Field(
        default=18, ge=1, le=60, description="No window is widened beyond this."
    )
    audit: bool = Field(
        default=True,
        description="Recount labels from the raw log (`label_audit`): about 7 microseconds a raw row "
        "and run; false: nothing is recounted.",
    )
    warm_window_months: int = Field(
        default=18,
        ge=1,
        le=120,
        description="A customer is warm if it bought within so many months.",
    )

    @model_validator(mode="after")
    def _room_to_widen(self) -> "LabelSettings":
        if self.min_positive_target and self.max_window_months < self.window_months:
            raise ValueError(
                f"max_window_months {self.max_window_months} is below window_months "
                f"{self.window_months}: min_positive_target has no room to widen"
            )
        return self

    @property
    def widths_months(self) -> list[int]:
        """Lengths a window can have, shortest first; one, unless it may be widened."""
        if not self.min_positive_target:
            return [self.window_months]
        return list(range(self.window_months, self.max_window_months + 1, WIDENING_MONTHS))
