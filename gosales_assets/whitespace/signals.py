"""Signals of one division's candidates: who is eligible, how likely, and worth how much."""

import polars as pl

from gosales_assets.whitespace.percentile import percentile


def build_signals(scores: pl.LazyFrame, values: pl.LazyFrame) -> pl.LazyFrame:
    """Put together the signals of one division and cutoff.

    Parameters
    ----------
    scores
        `scores`, one row per customer of the population.
    values
        `conditional_values` of the same customers.

    Returns
    -------
    polars.LazyFrame
        One row per scored customer, sorted by customer_id; nobody is dropped, the ineligible carry
        the first gate they fail.
    """
    reason = (
        pl.when(~pl.col("is_whitespace"))
        .then(pl.lit("owned"))
        .when(pl.col("p_icp").is_null())
        .then(pl.lit("no_model"))
    )
    worth = values.select("customer_id", "conditional_value", "value_status")
    return (
        scores.join(worth, on="customer_id", how="left")
        .with_columns(ineligible_reason=reason)
        .with_columns(is_eligible=pl.col("ineligible_reason").is_null())
        .with_columns(ev=pl.col("p_icp") * pl.col("conditional_value"))
        .with_columns(p_icp_pct=_percentile())
        .sort("customer_id")
    )


def _percentile() -> pl.Expr:
    """Return the percentile of p_icp, then margin, among the eligible; null for the others."""
    # A prior rate has no margin: its rows tie.
    likely = pl.struct(
        "p_icp", pl.when(pl.col("margin").is_null()).then(0.0).otherwise("margin").alias("margin")
    )
    return percentile(pl.when("is_eligible").then(likely.rank("dense")))
