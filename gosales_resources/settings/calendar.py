"""Settings of the calendar: which days are cutoffs."""

import datetime as dt
from typing import Literal

from pydantic import Field, field_validator, model_validator

from gosales_resources.dates import cutoffs_between, is_month_end, month_end
from gosales_resources.settings.base import StrictModel


class CalendarSettings(StrictModel):
    """The as-of dates: month ends from start to end."""

    start: dt.date = Field(
        description="First cutoff; its increment holds all before. Quarters are counted from it: "
        "2023-01-31 gives those of January, April, July and October."
    )
    end: dt.date | None = Field(
        default=None, description="Last cutoff; without it the calendar grows with the days."
    )
    cadence_months: Literal[1, 3] = Field(default=3, description="Months between cutoffs: 1 or 3.")

    @field_validator("start", "end")
    @classmethod
    def _month_end(cls, day: dt.date | None) -> dt.date | None:
        if day is not None and not is_month_end(day):
            raise ValueError(f"{day} is not a month end; use {month_end(day)}")
        return day

    @model_validator(mode="after")
    def _on_grid(self) -> "CalendarSettings":
        if self.end is not None and self.end not in cutoffs_between(
            self.start, self.end, self.cadence_months
        ):
            raise ValueError(
                f"end {self.end} is not start {self.start} plus a multiple of "
                f"{self.cadence_months} months"
            )
        return self
