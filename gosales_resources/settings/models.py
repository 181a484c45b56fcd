"""Settings of model training (SPEC section 4)."""

from pydantic import Field

from gosales_resources.settings.base import StrictModel


class ModelSettings(StrictModel):
    """Candidates, selection and calibration."""

    training_cutoffs: int = Field(4, ge=1, le=40, description="Newest mature cutoffs to train on.")
    seed: int = Field(20_240_101, ge=0)
