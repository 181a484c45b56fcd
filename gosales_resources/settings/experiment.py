"""Settings of the experiment on the list: which share of it is left alone, or tried without need."""

import datetime as dt

from pydantic import Field, model_validator

from gosales_resources.dates import shift_months
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
    start: dt.date | None = Field(
        default=None,
        description="Cutoff of the first list that has the experiment; earlier lists stay as they "
        "are. Needed where a share is above 0.",
    )
    epoch_months: int = Field(
        default=12,
        ge=1,
        le=120,
        description="For so many months from `start` on an account keeps its arm; then all are drawn "
        "anew, for as long again. No shorter than the label window.",
    )
    family: str | None = Field(
        default=None,
        min_length=1,
        description="Column of `dim_customer` whose accounts of one value are drawn together, such "
        "as a parent company; an account without a value stands alone. Without it each account is "
        "its own family. A value that changes draws the account anew.",
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
    def _has_start(self) -> "ExperimentSettings":
        if self.is_on and self.start is None:
            raise ValueError("start: an experiment has a first list. Name its cutoff.")
        return self

    @property
    def is_on(self) -> bool:
        """Whether anything is drawn."""
        return self.control_share > 0 or self.explore_share > 0

    def epoch_of(self, cutoff: dt.date) -> str | None:
        """Name the span in which accounts keep their arms by its first day; None where all is off.

        Parameters
        ----------
        cutoff
            Of a list.

        Examples
        --------
        >>> on = ExperimentSettings(control_share=0.1, start=dt.date(2024, 3, 31))
        >>> [on.epoch_of(dt.date(year, 6, 30)) for year in (2023, 2024, 2025)]
        [None, '2024-03-31', '2025-03-31']
        """
        if not self.is_on or self.start is None or cutoff < self.start:
            return None
        spans = 0
        while shift_months(self.start, (spans + 1) * self.epoch_months) <= cutoff:
            spans += 1
        return shift_months(self.start, spans * self.epoch_months).isoformat()
