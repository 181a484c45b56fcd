"""Signals of one division's candidates: who is eligible, how likely, worth how much, and why."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from gosales_assets.whitespace.cooldown import cooling_customers
from gosales_assets.whitespace.gates import LAST_IN_DIVISION, GateTables, with_gates
from gosales_assets.whitespace.percentile import percentile
from gosales_assets.whitespace.reasons import (
    LAST_ORDER,
    ORDERS_12M,
    VALUE_12M,
    Words,
    with_reasons,
)
from gosales_assets.whitespace.similarity import Peers, with_fallback
from gosales_assets.whitespace.wallet import with_wallet
from gosales_checks.contracts.whitespace import WHITESPACE_SIGNALS
from gosales_resources.settings.whitespace import WhitespaceSettings

LIFT_MAX = "basket__div__lift_max__asof"
LIFT_MEAN = "basket__div__lift_mean__asof"
SIMILARITY = "als__div__owner_similarity__asof"
# Features of families that may be off, or of windows that may not be configured: null then.
TAKEN = {
    "mb_lift_max": LIFT_MAX,
    "mb_lift_mean": LIFT_MEAN,
    "als_similarity": SIMILARITY,
    "value_12m": VALUE_12M,
    LAST_ORDER: LAST_ORDER,
    ORDERS_12M: ORDERS_12M,
    LAST_IN_DIVISION: LAST_IN_DIVISION,
}


@dataclass(frozen=True)
class Target:
    """What the candidates are candidates for."""

    division: str
    cutoff: dt.date
    skus: list[str] | None = None
    """Of a target that is a set of SKUs."""


@dataclass(frozen=True)
class Known:
    """What is known of the candidates of a target, each one row per customer of the population."""

    scores: pl.LazyFrame
    values: pl.LazyFrame
    features: pl.LazyFrame
    surfaced: pl.LazyFrame
    """`surfacing_log`: one row per customer, division and day."""
    gates: GateTables
    peers: Peers
    """Factors of the cutoff: what stands in where a candidate has none."""
    outcomes: pl.LazyFrame | None = None
    """`list_outcomes`: one row per customer, division and day; None where nothing is told of calls."""


def build_signals(
    target: Target, known: Known, settings: WhitespaceSettings, words: Words
) -> pl.LazyFrame:
    """Put together the signals of one division and cutoff.

    Parameters
    ----------
    target
        Division and cutoff.
    known
        Scores, values, features and the CRM's tables as of the cutoff.
    settings
        Gates and cooldown.
    words
        How the list names divisions and money.

    Returns
    -------
    polars.LazyFrame
        `whitespace_signals`, one row per scored customer, sorted by customer_id; nobody is dropped,
        the ineligible carry the first gate they fail.
    """
    worth = known.values.select("customer_id", "conditional_value", "value_status")
    candidates = (
        known.scores.join(worth, on="customer_id", how="left")
        .join(_taken(known.features), on="customer_id", how="left")
        .with_columns(ev=pl.col("p_icp") * pl.col("conditional_value"), rfm_score=_rfm_score())
        .join(_cooling(known, target, settings), on="customer_id", how="left")
        .with_columns(pl.col("is_cooling").fill_null(value=False))
    )
    gated = with_gates(
        candidates,
        known.gates,
        settings.gates,
        division=target.division,
        skus=target.skus,
        cutoff=target.cutoff,
    )
    signals = gated.with_columns(is_eligible=pl.col("ineligible_reason").is_null()).with_columns(
        p_icp_pct=_percentile()
    )
    signals = with_fallback(signals, known.features, known.peers)
    signals = with_wallet(signals, known.features, known.gates.customers, settings)
    return (
        with_reasons(signals, known.features, target.division, words)
        .select(list(WHITESPACE_SIGNALS.schema.columns()))
        .sort("customer_id")
    )


def _taken(features: pl.LazyFrame) -> pl.LazyFrame:
    there = set(features.collect_schema())
    nothing = pl.lit(None, dtype=pl.Float64)
    return features.select(
        "customer_id",
        *((pl.col(of) if of in there else nothing).cast(pl.Float64).alias(name)
          for name, of in TAKEN.items()),
    )  # fmt: skip


def _cooling(known: Known, target: Target, settings: WhitespaceSettings) -> pl.LazyFrame:
    """Return who was surfaced lately for this division and not acted on."""
    days = settings.cooldown_days
    return cooling_customers(known.surfaced, known.outcomes, target.division, target.cutoff, days)


def _rfm_score() -> pl.Expr:
    """Return the mean percentile of recency, frequency and money over the population."""
    parts = (-pl.col(LAST_ORDER), pl.col(ORDERS_12M), pl.col("value_12m"))
    # A customer without an order has no recency: as long ago as can be.
    ranked = [percentile(part).fill_null(0.0) for part in parts]
    return pl.when(pl.col("value_12m").is_not_null()).then(sum(ranked[1:], ranked[0]) / 3)


def _percentile() -> pl.Expr:
    """Return the percentile of p_icp, then margin, among the eligible; null for the others."""
    # A prior rate has no margin: its rows tie.
    likely = pl.struct(
        "p_icp", pl.when(pl.col("margin").is_null()).then(0.0).otherwise("margin").alias("margin")
    )
    return percentile(pl.when("is_eligible").then(likely.rank("dense")))
