"""The calendar: one row per day. No data and no clock."""

import datetime as dt

import polars as pl

from gosales_resources.dates import cutoffs_between, label_window
from gosales_resources.settings.calendar import CalendarSettings


def build_dim_date(
    cutoff: dt.date, first_day: dt.date, calendar: CalendarSettings, window_months: int
) -> pl.DataFrame:
    """Lay out the days from `first_day` to the end of a cutoff's label window.

    Parameters
    ----------
    cutoff
        As-of date the days are seen from.
    first_day
        Earliest day a fact may have.
    calendar
        Which month ends are cutoffs.
    window_months
        Length of the label window.

    Returns
    -------
    polars.DataFrame
        `dim_date`, sorted by date.
    """
    window = label_window(cutoff, window_months)
    last = min(window.end, calendar.end or window.end)
    cutoffs = cutoffs_between(calendar.start, last, calendar.cadence_months)
    day = pl.col("date")
    name = pl.lit(f"{cutoff.isoformat()}+{window_months}m")
    return (
        pl.DataFrame({"date": pl.date_range(first_day, window.end, "1d", eager=True)})
        .with_columns(month_end=day.dt.month_end(), is_month_end=day == day.dt.month_end())
        .with_columns(
            cutoff=pl.lit(cutoff),
            year=day.dt.year(),
            quarter=day.dt.quarter(),
            month=day.dt.month(),
            week=day.dt.week(),
            week_year=day.dt.iso_year(),
            weekday=day.dt.weekday(),
            is_quarter_end=pl.col("is_month_end") & (day.dt.month() % 3 == 0),
            is_cutoff=day.is_in(cutoffs),
            label_window=pl.when(window.contains("date")).then(name),
        )
        .sort("date")
    )
