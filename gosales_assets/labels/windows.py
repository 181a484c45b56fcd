"""The label window of each cutoff, how far the data covers it, and what it can be widened to."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from gosales_resources.dates import Window, label_window
from gosales_resources.settings.labels import LabelSettings


def describe_cutoff(
    cutoff: dt.date,
    ledger: pl.DataFrame,
    customers: pl.DataFrame,
    settings: LabelSettings,
    complete_through: dt.date | None,
) -> pl.DataFrame:
    """Say when the label window of a cutoff ends and whether the data covers it.

    Parameters
    ----------
    cutoff
        The as-of date C.
    ledger
        `sales_ledger` of C and the cutoffs after it that are there, one row per source file and
        cutoff; `log_through` is the latest day that the log is known to cover: a quiet end of a
        window is covered where later rows show that the log goes on.
    customers
        `dim_customer` of C.
    settings
        Length W of the window, and what it may be widened to.
    complete_through
        The day up to which the log is declared complete, if it is.

    Returns
    -------
    polars.DataFrame
        One row. Without any data the window is censored.
    """
    lengths = settings.widths_months
    end, widest = label_window(cutoff, lengths[0]).end, label_window(cutoff, lengths[-1]).end
    latest = ledger["log_through"].max()
    reaches = [day for day in (latest, complete_through) if isinstance(day, dt.date)]
    # Later days say nothing more of this window; so a mature cutoff stays as it is.
    through = min(max(reaches), widest) if reaches else None
    return pl.DataFrame(
        {
            "cutoff": [cutoff],
            "window_months": [settings.window_months],
            "window_end": [end],
            "widest_window_end": [widest],
            "data_through": [through],
            "is_censored": [through is None or through < end],
            "customer_count": [customers.height],
            "buyer_count": [int(customers["is_buyer"].sum())],
        },
        schema_overrides={"data_through": pl.Date, "window_months": pl.Int32},
    )


@dataclass(frozen=True)
class Width:
    """One length that the label window of a cutoff can have."""

    months: int
    window: Window
    is_censored: bool
    """The data ends before the window does."""


def possible_widths(described: pl.DataFrame, settings: LabelSettings) -> list[Width]:
    """List the windows that a target's labels can be counted over, shortest first.

    The last is the widest there is, or the first that the data does not cover: whether a window
    has enough positives is known when it has ended, so none is widened before.

    Parameters
    ----------
    described
        `cutoff_metadata` of the cutoff, one row.
    settings
        The lengths.

    Returns
    -------
    list of Width
        At least one; only the last may be censored.
    """
    row = described.row(0, named=True)
    found = []
    for months in settings.widths_months:
        window = label_window(row["cutoff"], months)
        through: dt.date | None = row["data_through"]
        found.append(Width(months, window, through is None or through < window.end))
        if found[-1].is_censored:
            break
    return found
