"""Which shifts since a model's training are alarms."""

import polars as pl

from gosales_checks.findings import Findings


def times_bound() -> pl.Expr:
    """Return how many times its bound a shift of `drift` is: an alarm is above 1.

    The bound is the largest of the threshold, of what chance shows and of what is usual; of the many
    features an alarm must be beyond chance for all of them together, too.
    """
    bound = pl.max_horizontal("threshold", "null_high", "usual")
    return pl.col("value").abs() / bound


def largest_shifts(drift: pl.DataFrame, *by: str | pl.Expr) -> pl.DataFrame:
    """Return the largest shift of each part, in times of its bound, and whether one is an alarm.

    Parameters
    ----------
    drift
        Rows of `drift`.
    by
        What makes a part.

    Returns
    -------
    polars.DataFrame
        The columns of `by`, `size`, `is_alarm`; no row for a part of which no shift is known.
    """
    known = drift.filter(pl.col("value").is_not_null())
    return known.group_by(*by).agg(times_bound().max().alias("size"), pl.col("is_alarm").any())


def judge_drift(drift: pl.DataFrame, measure: str) -> Findings:
    """Name the alarms of a measure, the largest first.

    Parameters
    ----------
    drift
        `drift` of a partition: one row per measure, slice and item.
    measure
        One of `DRIFT_MEASURES`.

    Returns
    -------
    dict of str to int
        An alarm in words -> the customers that it is about.
    """
    alarms = drift.filter("is_alarm", measure=measure).sort(
        times_bound(), "slice", "item", descending=[True, False, False]
    )
    return {_told(row): row["row_count"] for row in alarms.iter_rows(named=True)}


def _told(row: dict) -> str:
    of = " of ".join(part for part in (row["measure"], row["item"]) if part)
    usual = "" if row["usual"] is None else f", usual up to {row['usual']:.3g}"
    return (
        f"{of} ({row['slice']}): {row['value']:.3g}, threshold {row['threshold']:g}, chance shows up "
        f"to {row['null_high']:.3g}{usual}"
    )
