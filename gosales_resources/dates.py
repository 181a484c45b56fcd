"""Dates: the one place where time enters.

Month arithmetic is calendar-correct: a month end shifted by months stays a month end.
Nothing here reads a clock; a cutoff is always given.
"""

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import Literal

import polars as pl

from gosales_resources.errors import ScopeError

# At which cutoffs a partition of cutoff C reads another table: C itself; all up to C; C to the one
# that closes its label window; all up to that one; the training cutoffs; C and back to the models
# whose outcomes are known at C.
CutoffSpan = Literal[
    "cutoff", "up_to_cutoff", "label_window", "up_to_window_end", "training", "incumbents",
]  # fmt: skip

# How a table is partitioned: by cutoff alone; or every division, every target (what gets a model:
# divisions and sets of SKUs), or every target that the list ranks, at every cutoff.
Partitioning = Literal["cutoff", "division_cutoff", "target_cutoff", "listed_cutoff"]


def is_month_end(day: dt.date) -> bool:
    """Tell whether `day` is the last day of its month."""
    return day.day == calendar.monthrange(day.year, day.month)[1]


def shift_months(day: dt.date, months: int) -> dt.date:
    """Shift a date by calendar months; a month end stays a month end.

    Examples
    --------
    >>> shift_months(dt.date(2024, 6, 30), 6)
    datetime.date(2024, 12, 31)
    >>> shift_months(dt.date(2023, 8, 30), 6)
    datetime.date(2024, 2, 29)
    """
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month0 + 1)[1]
    return dt.date(year, month0 + 1, last if is_month_end(day) else min(day.day, last))


def shift_days(day: dt.date, days: int) -> dt.date:
    """Shift a date by days."""
    return day + dt.timedelta(days=days)


def visible_at(frame: pl.LazyFrame, cutoff: dt.date) -> pl.LazyFrame:
    """Keep the rows of the increments known at `cutoff` (rows need a `visible_cutoff` date).

    A row belongs to the increment of the first cutoff at which both its order date and, where
    the source records one, its recording time had passed (SPEC section 1, "As of").

    Parameters
    ----------
    frame
        Rows of increments, with `visible_cutoff`.
    cutoff
        As-of date.

    Returns
    -------
    polars.LazyFrame
        The rows known by then, in their order.
    """
    return frame.filter(pl.col("visible_cutoff") <= cutoff)


@dataclass(frozen=True)
class Window:
    """A half-open span of days (start, end]: the start is history, the end is inside."""

    start: dt.date
    end: dt.date

    def contains(self, column: str) -> pl.Expr:
        """Return the expression that is true for dates inside the window."""
        return (pl.col(column) > self.start) & (pl.col(column) <= self.end)


def label_window(cutoff: dt.date, months: int) -> Window:
    """Return (cutoff, cutoff + months]: what a label may look at."""
    return Window(cutoff, shift_months(cutoff, months))


def history_window(cutoff: dt.date, months: int) -> Window:
    """Return (cutoff - months, cutoff]: what a feature window looks at."""
    return Window(shift_months(cutoff, -months), cutoff)


def cutoffs_between(start: dt.date, end: dt.date, cadence_months: int) -> list[dt.date]:
    """List the month-end cutoffs of a calendar from `start` to `end`, both included.

    Raises
    ------
    ScopeError
        When `start` is not a month end.
    """
    if not is_month_end(start):
        raise ScopeError(f"calendar.start {start} is not a month end; use {month_end(start)}.")
    found = []
    step = 0
    while (cutoff := shift_months(start, step)) <= end:
        found.append(cutoff)
        step += cadence_months
    return found


def month_end(day: dt.date) -> dt.date:
    """Return the last day of the month of `day`."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
