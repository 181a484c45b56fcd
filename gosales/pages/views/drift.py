"""What has moved since the models were trained: all divisions at a look, the worst shifts first."""

from collections.abc import Mapping

import polars as pl

from gosales.pages.charts import Chart, heat_map
from gosales_checks.contracts.drift import (
    CAL_MAE,
    FEATURE_PSI,
    PRIOR_SHIFT,
    SCORE_KS,
    VALUE_PSI,
)
from gosales_checks.verdicts.drift import largest_shifts, times_bound

# Measure -> how people call it, in the order of the map.
MEASURES = {
    FEATURE_PSI: "inputs (largest PSI)",
    SCORE_KS: "chances (KS)",
    PRIOR_SHIFT: "rate of buyers",
    VALUE_PSI: "where money comes from (PSI)",
    CAL_MAE: "calibration error",
}


def shift_map(drift: pl.DataFrame, names: Mapping[str, str]) -> Chart:
    """Draw the divisions of a cutoff by measure: 1 is the bound of an alarm, which is framed.

    Parameters
    ----------
    drift
        `drift` of all divisions of a cutoff.
    names
        Partition key -> the division's own name.
    """
    sizes = largest_shifts(drift, "division", "measure").sort("division", "measure")
    told = sizes.with_columns(
        pl.col("division").replace(dict(names)), pl.col("measure").replace(MEASURES)
    )
    return heat_map(told, list(MEASURES.values()))


def highlights(
    drift: pl.DataFrame, names: Mapping[str, str], words: Mapping[str, str]
) -> pl.DataFrame:
    """List the alarms, worst first.

    Parameters
    ----------
    drift, names
        As `shift_map`.
    words
        Feature -> what it is.

    Returns
    -------
    polars.DataFrame
        division, measure, of (a feature in words, or whose), value, threshold, null_high, usual,
        times (its bound).
    """
    whose = {"all": "all customers", "whitespace": "who never bought"}
    of = pl.when(pl.col("item") == "").then(pl.col("slice").replace(whose))
    return (
        drift.filter(pl.col("is_alarm"))
        .with_columns(times=times_bound())
        .sort("times", "division", "measure", "item", descending=[True, False, False, False])
        .select(
            pl.col("division").replace(dict(names)),
            pl.col("measure").replace(MEASURES),
            of.otherwise(pl.col("item").replace(dict(words))).alias("of"),
            "value", "threshold", "null_high", "usual", "times",
        )
    )  # fmt: skip
