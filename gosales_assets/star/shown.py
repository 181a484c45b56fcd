"""What the UI shows of the raw log's partitions: what came of its rows, how fresh it is."""

import datetime as dt

import polars as pl

COUNTED = ("rows_in", "rows_loaded", "rows_rejected", "rows_duplicate", "rows_left_out")


def summarise_ledger(ledger: pl.DataFrame, cutoff: dt.date) -> dict[str, object]:
    """Return what came of the raw rows of an increment, and how old the newest is at the cutoff.

    Parameters
    ----------
    ledger
        `sales_ledger` of a partition: one row per file; without rows where no file was known.
    cutoff
        Its as-of date. Ages are counted from it: no clock is read.

    Returns
    -------
    dict of str to object
        Rows by what became of them, of all files together; `newest_day` (ISO date) and
        `newest_day_age_days`, left out where no row is known.
    """
    counted: dict[str, object] = {name: int(ledger[name].sum()) for name in COUNTED}
    newest = ledger["data_through"].max()
    if not isinstance(newest, dt.date):
        return counted
    age = (cutoff - newest).days
    return {**counted, "newest_day": newest.isoformat(), "newest_day_age_days": age}
