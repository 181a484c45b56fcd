"""Signals of one division's candidates: who is eligible, how likely, and worth how much."""

import polars as pl

from gosales_assets.whitespace.percentile import percentile
from gosales_resources.settings.whitespace import WhitespaceSettings
from gosales_resources.sources.cells import CENTS

UNKNOWN = "unknown"


def build_signals(
    scores: pl.LazyFrame,
    past_labels: pl.LazyFrame | None,
    customers: pl.LazyFrame,
    settings: WhitespaceSettings,
) -> pl.LazyFrame:
    """Put together the signals of one division and cutoff.

    Parameters
    ----------
    scores
        `scores`, one row per customer of the population.
    past_labels
        `labels` of the target at past cutoffs whose window had ended by this one (see
        `mature_labels`); None where there are none.
    customers
        `dim_customer` of the cutoff.
    settings
        Shrinkage and cap of the conditional value.

    Returns
    -------
    polars.LazyFrame
        One row per scored customer, sorted by customer_id; nobody is dropped, the ineligible carry
        the first gate they fail.
    """
    industry = customers.select("customer_id", pl.col("industry").fill_null(UNKNOWN))
    reason = (
        pl.when(~pl.col("is_whitespace"))
        .then(pl.lit("owned"))
        .when(pl.col("p_icp").is_null())
        .then(pl.lit("no_model"))
    )
    frame = (
        scores.join(industry, on="customer_id", how="left")
        .with_columns(ineligible_reason=reason)
        .with_columns(is_eligible=pl.col("ineligible_reason").is_null())
    )
    values = conditional_values(past_labels, industry, settings)
    if values is None:
        frame = frame.with_columns(conditional_value=pl.lit(None, dtype=pl.Float64))
    else:
        by_industry, overall = values
        frame = frame.join(by_industry, on="industry", how="left").with_columns(
            # An industry that never bought is worth what the division is.
            pl.col("conditional_value").fill_null(overall)
        )
    return (
        frame.with_columns(ev=pl.col("p_icp") * pl.col("conditional_value"))
        .with_columns(p_icp_pct=_percentile())
        .sort("customer_id")
    )


def conditional_values(
    past_labels: pl.LazyFrame | None, industry: pl.LazyFrame, settings: WhitespaceSettings
) -> tuple[pl.LazyFrame, float] | None:
    """Estimate E[value | buys] by industry, shrunk towards the division's mean.

    Parameters
    ----------
    past_labels
        Labels at mature past cutoffs.
    industry
        customer_id and industry.
    settings
        Single values are capped at `ev_cap_quantile` of past buyers; a mean of n buyers is blended
        with `ev_shrinkage_buyers` buyers of the division's mean.

    Returns
    -------
    tuple of polars.LazyFrame and float, or None
        One row per industry with past buyers, and the division's mean in the home currency; None without any
        past buyer.
    """
    if past_labels is None:
        return None
    buyers = (
        past_labels.filter(pl.col("label") == 1)
        .select("customer_id", cents=(pl.col("net_value_window") * CENTS).round().cast(pl.Int64))
        .join(industry, on="customer_id", how="left")
        .with_columns(pl.col("industry").fill_null(UNKNOWN))
        .collect()
    )
    if buyers.is_empty():
        return None
    cap = buyers.select(
        pl.col("cents").quantile(settings.ev_cap_quantile, interpolation="lower")
    ).item()
    # Integer cents: a sum of floats would depend on the order of rows.
    capped = buyers.with_columns(pl.min_horizontal("cents", pl.lit(int(cap))))
    overall = int(capped["cents"].sum()) / capped.height
    k = settings.ev_shrinkage_buyers
    shrunk = (pl.col("cents").sum() + k * overall) / (pl.len() + k)
    by_industry = capped.group_by("industry").agg(conditional_value=shrunk / CENTS)
    return by_industry.lazy(), overall / CENTS


def _percentile() -> pl.Expr:
    """Return the percentile of p_icp, then margin, among the eligible; null for the others."""
    # A prior rate has no margin: its rows tie.
    likely = pl.struct(
        "p_icp", pl.when(pl.col("margin").is_null()).then(0.0).otherwise("margin").alias("margin")
    )
    return percentile(pl.when("is_eligible").then(likely.rank("dense")))
