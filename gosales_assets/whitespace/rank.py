"""The ranked list of one cutoff, over all divisions."""

from collections.abc import Mapping

import polars as pl

from gosales_assets.whitespace.percentile import percentile
from gosales_resources.settings.whitespace import WhitespaceSettings

ORDER = ["score", "p_icp", "ev", "customer_id", "division"]
DESCENDING = [True, True, True, False, False]
# Lowest percentile of the score that earns a grade.
GRADES = (("A", 0.90), ("B", 0.70), ("C", 0.40), ("D", 0.15))
# Of a division's name in a reason, so that its figures are not cut off.
NAME_SHOWN = 60
FROM_CUSTOMER = ["customer_name", "industry", "region", "territory", "rep"]
SEGMENT_WORDS = {
    "warm": "bought elsewhere recently",
    "cold": "bought elsewhere long ago",
    "prospect": "never bought",
}


def rank_candidates(
    signals: pl.LazyFrame,
    customers: pl.LazyFrame,
    settings: WhitespaceSettings,
    currency: str,
    names: Mapping[str, str],
) -> pl.LazyFrame:
    """Rank the eligible candidates of all divisions.

    Parameters
    ----------
    signals
        `whitespace_signals` of all divisions at one cutoff.
    customers
        `dim_customer` of the cutoff.
    settings
        Weights of the signals; they are normalised to 1.
    currency
        The home currency, as reasons name it.
    names
        Division -> its name as people write it.

    Returns
    -------
    polars.LazyFrame
        `whitespace`, in its total order: score, p_icp and ev falling, then customer_id and
        division; empty when nobody is eligible. Where a division has no past buyers to value, the
        weight of the expected value goes to p_icp.
    """
    total = settings.weight_p_icp + settings.weight_ev
    weight_p, weight_ev = settings.weight_p_icp / total, settings.weight_ev / total
    valued = pl.col("ev_norm").is_not_null()
    weighted = weight_p * pl.col("p_icp_pct") + weight_ev * pl.col("ev_norm")
    eligible = signals.filter("is_eligible").with_columns(ev_norm=percentile(pl.col("ev")))
    return (
        eligible.with_columns(score=pl.when(valued).then(weighted).otherwise(pl.col("p_icp_pct")))
        .join(customers.select("customer_id", *FROM_CUSTOMER), on="customer_id", how="left")
        .sort(ORDER, descending=DESCENDING, nulls_last=True)
        .with_columns(
            rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
            grade=_grade(),
            division_name=pl.col("division").replace_strict(names, return_dtype=pl.String),
        )
        .with_columns(nba_reason=_reason(currency))
    )


def _grade() -> pl.Expr:
    place = percentile(pl.col("score"))
    grade: pl.Expr = pl.lit("F")
    for name, least in reversed(GRADES):
        grade = pl.when(place >= least).then(pl.lit(name)).otherwise(grade)
    return grade


def _reason(currency: str) -> pl.Expr:
    """Say in words what the row's own figures say."""
    top = (100 * (1 - pl.col("p_icp_pct"))).ceil().clip(1, 100).cast(pl.Int64)
    chance = (100 * pl.col("p_icp")).round(1)
    worth = pl.when(pl.col("conditional_value").is_not_null()).then(
        pl.format(
            ", worth {} {} if so",
            pl.col("conditional_value").round(0).cast(pl.Int64),
            pl.lit(currency),
        )
    )
    name = pl.col("division_name")
    short = (
        pl.when(name.str.len_chars() <= NAME_SHOWN)
        .then(name)
        .otherwise(pl.format("{}...", name.str.slice(0, NAME_SHOWN - 3)))
    )
    return pl.concat_str(
        pl.format("{}% chance to buy {} (top {}%)", chance, short, top),
        worth.fill_null(""),
        pl.format("; {}", pl.col("segment").replace_strict(SEGMENT_WORDS, return_dtype=pl.String)),
    ).str.slice(0, 140)
