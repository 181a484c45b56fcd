"""What validation and drift say of each target and cutoff, one row each: for people who compare them."""

from collections.abc import Iterator, Mapping

import polars as pl

from gosales_checks.contracts.drift import (
    CAL_MAE,
    FEATURE_PSI,
    PRIOR_SHIFT,
    SCORE_KS,
    VALUE_PSI,
)
from gosales_checks.contracts.validation import VALIDATION_SUMMARY

KEY = ["cutoff", "division", "slice"]
# Measure of `forward_validation` -> whether more of it is better; None: it is neither.
FORWARD: Mapping[str, bool | None] = {
    "base_rate": None,
    "auc": True,
    "lift_10": True,
    "capture_10": True,
    "brier": False,
    CAL_MAE: False,
}
# Shifts, by their distance from 0.
SHIFTS = (FEATURE_PSI, SCORE_KS, PRIOR_SHIFT, VALUE_PSI)


def target_metrics(forward: pl.DataFrame, drift: pl.DataFrame) -> pl.DataFrame:
    """Put figures of validation and drift side by side.

    Parameters
    ----------
    forward
        `forward_validation` of any targets and cutoffs.
    drift
        `drift` of the same.

    Returns
    -------
    polars.DataFrame
        One row per cutoff, division and slice, sorted by them: `status` and size of the validation,
        the measures of `FORWARD`, `feature_psi` the largest of its features and which, the other
        shifts, and `alarm_count`. Null where a figure is not known.
    """
    sizes = forward.group_by(KEY).agg(pl.col("status", "n", "positives").first())
    measured = _wide(forward.filter(pl.col("bin") == 0), FORWARD)
    largest = drift.sort(
        "measure",
        "slice",
        pl.col("value").abs(),
        "item",
        descending=[False, False, True, False],
        nulls_last=True,
    ).unique([*KEY, "measure"], keep="first", maintain_order=True)
    # Features are compared over all customers; the whitespace has no figure of its own.
    shifts = _wide(largest, SHIFTS)
    worst = largest.filter(pl.col("measure") == FEATURE_PSI, pl.col("value").is_not_null()).select(
        *KEY, worst_feature="item"
    )
    alarms = drift.group_by(KEY).agg(alarm_count=pl.col("is_alarm").sum().cast(pl.Int64))
    found = sizes
    for other in (measured, shifts, worst, alarms):
        found = found.join(other, on=KEY, how="left")
    columns = [*KEY, "status", "n", "positives", *FORWARD, *SHIFTS, "worst_feature", "alarm_count"]
    return found.select(columns).sort(KEY)


def summarise_targets(metrics: pl.DataFrame) -> pl.DataFrame:
    """Return mean and worst division of each measure.

    Parameters
    ----------
    metrics
        `target_metrics` of one cutoff.

    Returns
    -------
    polars.DataFrame
        `validation_summary`, sorted by slice and measure; measures that no division has are left
        out; empty where nothing is known.
    """
    schema = VALIDATION_SUMMARY.schema.create_empty().schema
    rows = [
        row
        for part in metrics.partition_by("slice")
        for measure in (*FORWARD, *SHIFTS)
        for row in _summary(part, measure)
    ]
    return pl.DataFrame(rows, schema=schema).sort("slice", "measure")


def _wide(
    rows: pl.DataFrame, measures: Mapping[str, bool | None] | tuple[str, ...]
) -> pl.DataFrame:
    """Give each measure a column of its own."""
    value = {name: pl.col("value").filter(pl.col("measure") == name).first() for name in measures}
    return rows.group_by(KEY).agg(**value)


def _summary(part: pl.DataFrame, measure: str) -> Iterator[dict]:
    known = part.filter(pl.col(measure).is_not_null())
    if known.is_empty():
        return
    more_is_better = FORWARD.get(measure, False)
    badness = -pl.col(measure) if more_is_better else pl.col(measure).abs()
    worst = known.sort(badness, "division", descending=[True, False]).row(0, named=True)
    yield {
        "cutoff": worst["cutoff"],
        "slice": worst["slice"],
        "measure": measure,
        "mean": known.sort("division")[measure].mean(),
        "worst": None if more_is_better is None else worst[measure],
        "worst_division": None if more_is_better is None else worst["division"],
        "division_count": known.height,
    }
