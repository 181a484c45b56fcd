"""Settings of the whitespace list: how scores and values are blended into one ranking."""

from pydantic import Field, model_validator

from gosales_resources.settings.base import StrictModel


class WhitespaceSettings(StrictModel):
    """SPEC section 5."""

    weight_p_icp: float = Field(default=0.60, ge=0, description="Weight of the p_icp percentile.")
    weight_ev: float = Field(
        default=0.10, ge=0, description="Weight of the expected-value percentile."
    )
    ev_cap_quantile: float = Field(
        default=0.95, gt=0, le=1, description="Conditional values are capped at this quantile."
    )
    ev_shrinkage_buyers: float = Field(
        default=20.0,
        ge=0,
        description="Pseudo-buyers that pull a segment's value to the division's.",
    )

    @model_validator(mode="after")
    def _some_weight(self) -> "WhitespaceSettings":
        if self.weight_p_icp + self.weight_ev <= 0:
            raise ValueError("at least one weight must be positive")
        return self
