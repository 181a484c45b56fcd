"""Settings of the measures and explanations of models and scores."""

from pydantic import Field

from gosales_resources.settings.base import StrictModel


class ExplanationSettings(StrictModel):
    """How models are measured and explained."""

    bootstrap_draws: int = Field(
        default=200,
        ge=50,
        le=20_000,
        description="Resamples of customers behind the intervals of a training's own measures.",
    )
    seed: int = Field(default=20_240_101, ge=0)
    sample_rows: int = Field(
        default=1000, ge=10, description="Customers that SHAP importances are means over."
    )
    shown_customers: int = Field(
        default=50, ge=0, description="Customers whose single contributions are kept."
    )
    scored_frac: float = Field(
        default=0.03,
        ge=0,
        le=1,
        description="Share of each slice's ranking, best first, whose scores name their drivers.",
    )
    interval_level: float = Field(
        default=0.9, gt=0, lt=1, description="Level of the interval around p_icp."
    )
    drivers_shown: int = Field(default=3, ge=1, le=20, description="Drivers named by a score.")
