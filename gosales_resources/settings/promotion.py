"""Settings of promotion: which trained model becomes the one that scores."""

from pydantic import Field

from gosales_resources.settings.base import StrictModel


class PromotionSettings(StrictModel):
    """When a newly trained model becomes the one that scores."""

    incumbents: int = Field(
        default=2,
        ge=1,
        le=12,
        description="Newest models with known outcomes that a new one is compared with.",
    )
    margin_auc: float = Field(
        default=0.02,
        ge=0,
        le=0.5,
        description="AUC that a new model may lose beyond the interval: it is judged by fits on "
        "fewer cutoffs than it has.",
    )
    bootstrap_draws: int = Field(default=200, ge=50, le=20_000)
    seed: int = Field(default=20_240_101, ge=0)
