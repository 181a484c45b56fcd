"""Settings of the forward validation: resamples, and the bounds that its checks warn at."""

from pydantic import Field

from gosales_resources.settings.base import StrictModel


class ValidationSettings(StrictModel):
    """SPEC section 6."""

    bootstrap_draws: int = Field(default=1000, ge=50, le=20_000)
    list_draws: int = Field(
        default=200,
        ge=50,
        le=20_000,
        description="Resamples of customers behind the intervals of `list_validation`.",
    )
    seed: int = Field(default=20_240_101, ge=0)
    cal_mae_max: float = Field(
        default=0.03, gt=0, lt=1, description="Calibration check warns above this."
    )
    psi_max: float = Field(
        default=0.25,
        gt=0,
        le=10,
        description="`drift`: stability index of a feature from which it is an alarm, where chance "
        "does not show it.",
    )
    ks_max: float = Field(
        default=0.15, gt=0, lt=1, description="The same of the distance between probabilities."
    )
    prior_shift_max: float = Field(
        default=0.5,
        gt=0,
        le=10,
        description="The same of the rate of buyers, in log-odds: 0.5 is about two thirds more, or "
        "less.",
    )
    value_psi_max: float = Field(
        default=0.25,
        gt=0,
        le=10,
        description="The same of the index between expected and realised money.",
    )
    lift10_min: float = Field(default=1.0, ge=0, description="Lift check warns at or below this.")
