"""Two ways to score the same customers, held against what happened: with a part of the features, and without."""

import math
from collections.abc import Iterator

import numpy as np
import polars as pl

from gosales_checks.measures.paired import auc_difference
from gosales_checks.measures.ranking import auc, lift_at, tie_breaker
from gosales_checks.measures.scored_list import rank_within_ties
from gosales_resources.settings.validation import ValidationSettings

SLICES = ("whitespace", "all")
TOP = 0.10
Z_95 = 1.959963984540054
SCHEMA = pl.Schema(
    {
        "cutoff": pl.Date(),
        "division": pl.String(),
        "slice": pl.String(),
        "customers": pl.Int64(),
        "buyers": pl.Int64(),
        "auc_with": pl.Float64(),
        "auc_without": pl.Float64(),
        "auc_lost": pl.Float64(),
        "auc_lost_low": pl.Float64(),
        "auc_lost_high": pl.Float64(),
        "lift_lost": pl.Float64(),
    }
)


def compare_scores(
    whole: pl.LazyFrame, part: pl.LazyFrame, labels: pl.LazyFrame, settings: ValidationSettings
) -> pl.DataFrame:
    """Measure what one division and cutoff loses where a part of the features is left out.

    Parameters
    ----------
    whole, part
        `scores` of the division and cutoff, with all features and without some: one row per
        customer of the same population.
    labels
        `labels` of the same.
    settings
        Draws and seed of the paired intervals.

    Returns
    -------
    polars.DataFrame
        `SCHEMA`, one row per slice: `auc_lost` is AUC with less AUC without, with its 95 % interval,
        customers drawn for both alike; `lift_lost` the same of the lift in the top tenth. Empty
        while the window has not ended, or where one of the two has no model.
    """
    columns = ["customer_id", "p_icp", "margin"]
    rows = (
        whole.select(*columns, "division", "cutoff", "is_whitespace")
        .join(part.select(columns), on="customer_id", suffix="_part")
        .join(labels.select("customer_id", "label", "is_censored"), on="customer_id")
        .sort("customer_id")
        .collect()
    )
    known = ("p_icp", "p_icp_part")
    if rows.is_empty() or rows["is_censored"].any() or any(rows[n].null_count() for n in known):
        return pl.DataFrame(schema=SCHEMA)
    found = [
        {"slice": name, **_lost(rows.filter("is_whitespace") if name != "all" else rows, settings)}
        for name in SLICES
    ]
    place = rows.select("cutoff", "division").row(0, named=True)
    return pl.DataFrame([{**place, **one} for one in found], schema=SCHEMA).with_columns(
        pl.col(pl.Float64).fill_nan(None)
    )


def mean_lost(compared: pl.DataFrame) -> Iterator[tuple[str, str, float, float, int]]:
    """Yield slice, measure, mean loss over divisions and cutoffs, half its 95 % interval, and how many.

    The interval is over the cells, as if they were independent: customers are shared, so it is a
    little too narrow.

    Parameters
    ----------
    compared
        `compare_scores` of several divisions and cutoffs.
    """
    for name in SLICES:
        rows = compared.filter(slice=name)
        for measure in ("auc_lost", "lift_lost"):
            lost = rows[measure].drop_nulls().to_numpy()
            if len(lost):
                half = Z_95 * lost.std(ddof=1) / math.sqrt(len(lost)) if len(lost) > 1 else math.nan
                yield name, measure, float(lost.mean()), float(half), len(lost)


def _lost(rows: pl.DataFrame, settings: ValidationSettings) -> dict:
    label, ties = rows["label"].to_numpy(), tie_breaker(rows["customer_id"].to_list())
    sizes = {"customers": rows.height, "buyers": int(label.sum())}
    if sizes["buyers"] in (0, rows.height):
        return sizes
    first, second = (_order(rows, suffix) for suffix in ("", "_part"))
    draws = {"draws": settings.bootstrap_draws, "seed": settings.seed}
    lost = auc_difference(label, first, second, ties, **draws)
    whole = auc(label, first)
    lifts = [lift_at(label, score, ties, TOP) for score in (first, second)]
    return sizes | {
        "auc_with": whole,
        "auc_without": whole - lost.value,
        "auc_lost": lost.value,
        "auc_lost_low": lost.low,
        "auc_lost_high": lost.high,
        "lift_lost": lifts[0] - lifts[1],
    }


def _order(rows: pl.DataFrame, suffix: str) -> np.ndarray:
    p, margin = rows[f"p_icp{suffix}"].to_numpy(), rows[f"margin{suffix}"]
    # A prior rate has no margin: its rows tie.
    return p if margin.null_count() else rank_within_ties(p, margin.to_numpy())
