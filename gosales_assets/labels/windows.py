"""The label window of each cutoff and whether the data covers it."""

import datetime as dt

import polars as pl

from gosales_resources.scope import label_window


def describe_cutoff(
    cutoff: dt.date,
    ledger: pl.DataFrame,
    customers: pl.DataFrame,
    window_months: int,
    complete_through: dt.date | None,
) -> pl.DataFrame:
    """Say when the label window of a cutoff ends and whether the data covers it.

    Parameters
    ----------
    cutoff
        The as-of date C.
    ledger
        `sales_ledger` of C and the cutoffs after it that are there, one row per source file and
        cutoff; `data_through` is the latest day that file's rows reach.
    customers
        `dim_customer` of C.
    window_months
        Length W of the window.
    complete_through
        The day up to which the log is declared complete, if it is.

    Returns
    -------
    polars.DataFrame
        One row. Without any data the window is censored.
    """
    window = label_window(cutoff, window_months)
    latest = ledger["data_through"].max()
    reaches = [day for day in (latest, complete_through) if isinstance(day, dt.date)]
    # Later days say nothing more of this window; so a mature cutoff stays as it is.
    through = min(max(reaches), window.end) if reaches else None
    return pl.DataFrame(
        {
            "cutoff": [cutoff],
            "window_months": [window_months],
            "window_end": [window.end],
            "data_through": [through],
            "is_censored": [through is None or through < window.end],
            "customer_count": [customers.height],
            "buyer_count": [int(customers["is_buyer"].sum())],
        },
        schema_overrides={"data_through": pl.Date, "window_months": pl.Int32},
    )
