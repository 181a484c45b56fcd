"""How many customers buy each target after a cutoff: counted once for people and for checks."""

import datetime as dt
from collections.abc import Mapping

import polars as pl

from gosales_checks.contracts.labels import COHORTS
from gosales_resources.sources.cells import CENTS, MONEY_SCALE, to_decimal

ALL = "all"


def count_prevalence(cutoff: dt.date, labels: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """Count population and positives of every target and cohort at one cutoff.

    Parameters
    ----------
    cutoff
        The as-of date.
    labels
        Target -> `labels` of the cutoff.

    Returns
    -------
    polars.DataFrame
        `prevalence`, sorted by target and cohort; every target has a row for each cohort and one
        for all, with zeros where nobody is in it.
    """
    parts = [
        table.filter(pl.col(cohort) if cohort != ALL else pl.lit(value=True))
        .select(
            population=pl.len().cast(pl.Int64),
            positives=pl.col("label").sum().cast(pl.Int64),
            # Integer cents: a sum of floats would depend on the order of rows.
            cents=(pl.col("net_value_window") * CENTS).round().cast(pl.Int64).sum(),
        )
        .join(_window(table), how="cross")
        .with_columns(division=pl.lit(target), cohort=pl.lit(cohort), cutoff=pl.lit(cutoff))
        for target, table in labels.items()
        for cohort in (ALL, *COHORTS)
    ]
    return (
        pl.concat(pl.collect_all(parts))
        .with_columns(
            prevalence_frac=pl.when(pl.col("population") > 0).then(
                pl.col("positives") / pl.col("population")
            ),
            net_value_window=to_decimal(pl.col("cents"), MONEY_SCALE).cast(pl.Float64),
        )
        .sort("division", "cohort")
    )


def _window(labels: pl.LazyFrame) -> pl.LazyFrame:
    """Return the window of a target in one row; nulls where it has no customer."""
    return labels.select(pl.col("is_censored", "window_months", "window_end").first())
