"""Settings of the experiment on the list: which share of it is left alone, or tried without need."""

from pydantic import Field, model_validator

from gosales_resources.settings.base import StrictModel


class ExperimentSettings(StrictModel):
    """SPEC section 5, control and exploration; off by default."""

    control_share: float = Field(
        default=0.0,
        ge=0,
        le=0.5,
        description="Share of the account families with a seat that is left alone, so that what "
        "calling brings can be measured. Their seats go to the next in order.",
    )
    explore_share: float = Field(
        default=0.0,
        ge=0,
        le=0.5,
        description="Share of each book's seats that goes to families without one, drawn by chance, "
        "so that the list also learns from those that it ranks low. The last of the book make room.",
    )
    epoch: str = Field(
        default="",
        max_length=80,
        description="Name of the span in which an account keeps its arm, such as 2024; a new name "
        "draws anew. Needed where a share is above 0.",
    )
    salt: str = Field(
        default="gosales",
        min_length=1,
        max_length=64,
        description="Key of the draw; no secret. Another one draws others.",
    )
    cost_per_account: float = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        description="What working an account costs, home currency: an effect below it does not pay.",
    )
    sample_ratio_alpha: float = Field(
        default=0.001,
        gt=0,
        lt=0.5,
        description="A split as odd as this by chance blocks the readout.",
    )

    @model_validator(mode="after")
    def _has_epoch(self) -> "ExperimentSettings":
        if self.is_on and not self.epoch:
            raise ValueError("epoch: a draw needs a name, such as 2024. Set one.")
        return self

    @property
    def is_on(self) -> bool:
        """Whether anything is drawn."""
        return self.control_share > 0 or self.explore_share > 0
