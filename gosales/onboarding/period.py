"""From the dates of a log to a calendar: first and last cutoff, cadence, label window."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from gosales_resources.dates import cutoffs_between, month_end, shift_months

# A month with less than this share of a usual month's rows at either end is a slip of the pen.
SPARSE_MONTH = 0.02
SHORT_MONTHS = 24
LONG_MONTHS = 36
# Label windows: half a year, unless that is a third of the log.
WINDOW_MONTHS, SHORT_WINDOW_MONTHS = 6, 3
SHORT_WINDOW_BELOW = 18
# Nobody sells at weekends or on holidays: a log that ends so near the month's end covers it.
LAST_DAYS = 4


@dataclass(frozen=True)
class Period:
    """What a log's dates suggest."""

    first: dt.date
    last: dt.date
    date_count: int
    outside: int
    """Rows with a date far from all others."""
    months: int
    cadence_months: int
    start: dt.date | None
    """None where the log is too short for any cutoff."""
    end: dt.date | None
    complete_through: dt.date
    window_months: int

    @property
    def cutoffs(self) -> list[dt.date]:
        """The calendar's cutoffs."""
        if self.start is None or self.end is None:
            return []
        return cutoffs_between(self.start, self.end, self.cadence_months)


def propose_period(days: pl.DataFrame) -> Period | None:
    """Propose calendar and label window.

    Parameters
    ----------
    days
        `day` and `rows`: how many rows have that order date; any order.

    Returns
    -------
    Period or None
        None without any day.
    """
    days = days.filter(pl.col("day").is_not_null()).sort("day")
    if days.is_empty():
        return None
    months = days.group_by(pl.col("day").dt.month_end().alias("month")).agg(pl.col("rows").sum())
    usual = float(months["rows"].median() or 0)  # type: ignore[arg-type]
    busy = months.filter(pl.col("rows") >= max(SPARSE_MONTH * usual, 1))["month"]
    inside = pl.col("day").is_between(
        _day(busy.min()).replace(day=1), _day(busy.max()), closed="both"
    )
    kept = days.filter(inside)
    first, last = _day(kept["day"].min()), _day(kept["day"].max())
    end_of_month = month_end(last)
    through = end_of_month if (end_of_month - last).days <= LAST_DAYS else last
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    cadence = 1 if count < SHORT_MONTHS else 3
    start, end = _ends(first, through, count, cadence)
    return Period(
        first=first,
        last=last,
        date_count=kept["day"].n_unique(),
        outside=int(days.filter(~inside)["rows"].sum()),
        months=count,
        cadence_months=cadence,
        start=start,
        end=end,
        complete_through=through,
        window_months=SHORT_WINDOW_MONTHS if count < SHORT_WINDOW_BELOW else WINDOW_MONTHS,
    )


def _ends(
    first: dt.date, through: dt.date, months: int, cadence: int
) -> tuple[dt.date | None, dt.date | None]:
    """Start once there is some history, end with the last finished step."""
    history = 12 if months >= LONG_MONTHS else 3 if months >= SHORT_WINDOW_BELOW else 1
    start = _on_grid(shift_months(month_end(first), history - 1), cadence, later=True)
    end = _on_grid(through if month_end(through) == through else
                   shift_months(month_end(through), -1), cadence, later=False)  # fmt: skip
    return (start, end) if start <= end else (None, None)


def _on_grid(day: dt.date, cadence: int, *, later: bool) -> dt.date:
    while day.month % cadence:
        day = shift_months(day, 1 if later else -1)
    return day


def _day(value: object) -> dt.date:
    assert isinstance(value, dt.date)  # noqa: S101 (for the type checker: the frame is not empty)
    return value
