"""How much each signal counts: named orders, and less where few candidates have the signal."""

from collections.abc import Mapping

import polars as pl

from gosales_checks.contracts.whitespace import GENUINE, SIGNALS
from gosales_resources.settings.whitespace import WhitespaceSettings

# Signals that not every candidate has: what they weigh goes down with who has them.
PARTIAL = ("lift", "als")
OVERALL = ""

Weights = dict[str, float]
"""Signal -> weight; they sum to 1."""


def order_weights(settings: WhitespaceSettings) -> Weights:
    """Return the weights of the configured order, before coverage.

    Examples
    --------
    >>> order_weights(WhitespaceSettings(order="value"))
    {'p_icp': 0.0, 'lift': 0.0, 'als': 0.0, 'ev': 1.0}
    """
    weights = {
        "wins": (1.0, 0.0, 0.0, 0.0),
        "value": (0.0, 0.0, 0.0, 1.0),
        "blend": settings.blend_weights,
    }[settings.order]
    return _normalised(dict(zip(SIGNALS, weights, strict=True)))


def coverages(eligible: pl.DataFrame, settings: WhitespaceSettings) -> dict[str, Weights]:
    """Return the share of candidates that have each signal, overall and by segment.

    Parameters
    ----------
    eligible
        One row per candidate: segment, mb_lift_max (null where it has none), als_source: what stands
        in for a similarity is none.
    settings
        Whether segments count, and from how many candidates on.

    Returns
    -------
    dict
        `OVERALL` and each segment of its own -> signal -> share, 0 to 1.
    """
    has = {
        "lift": pl.col("mb_lift_max").is_not_null(),
        "als": pl.col("als_source").eq_missing(GENUINE),
    }
    counts = [expression.sum().alias(name) for name, expression in has.items()]
    by_segment = eligible.group_by("segment").agg(pl.len().alias("n"), *counts).sort("segment")
    total = by_segment.select(pl.lit(OVERALL).alias("segment"), pl.col("n", *PARTIAL).sum())
    rows = total.rows(named=True)
    if settings.coverage_by_segment:
        rows += by_segment.filter(pl.col("n") >= settings.segment_min_rows).rows(named=True)
    return {
        row["segment"]: {name: row[name] / max(row["n"], 1) for name in PARTIAL} for row in rows
    }


def adjusted(weights: Weights, coverage: Mapping[str, float], floor: float) -> Weights:
    """Scale the weights of partial signals by how many candidates have them.

    Parameters
    ----------
    weights
        Of the configured order.
    coverage
        Signal -> share of the candidates that have it.
    floor
        Share from which on a signal has its full weight.

    Returns
    -------
    dict of str to float
        They sum to 1; the weights as they were where nothing would be left.

    Examples
    --------
    >>> adjusted({"p_icp": 0.5, "lift": 0.5, "als": 0.0, "ev": 0.0}, {"lift": 0.1, "als": 0.0}, 0.2)
    {'p_icp': 0.6666666666666666, 'lift': 0.3333333333333333, 'als': 0.0, 'ev': 0.0}
    """
    scaled = {
        name: weight * min(1.0, coverage[name] / floor) if name in coverage else weight
        for name, weight in weights.items()
    }
    return _normalised(scaled) if sum(scaled.values()) > 0 else weights


def _normalised(weights: Weights) -> Weights:
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}
