"""Who bought a target after the cutoff: labels, cohorts, net value (SPEC section 2)."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from gosales_assets.labels.windows import Width
from gosales_checks.contracts.labels import COHORTS
from gosales_resources.dates import Window, visible_at
from gosales_resources.settings.labels import LabelSettings
from gosales_resources.sources.cells import CENTS, MONEY_SCALE, to_decimal

# A line that sold something: no return, and none that takes a restated line back.
PURCHASE = ~pl.col("is_return") & ~pl.col("is_reversal")


def build_labels(
    target: str,
    cutoff: dt.date,
    widths: Sequence[Width],
    facts: pl.LazyFrame,
    customers: pl.LazyFrame,
    settings: LabelSettings,
    value: str,
) -> pl.DataFrame:
    """Label every customer of the population at one cutoff for one target.

    Parameters
    ----------
    target
        A division, or the name of a set of SKUs.
    cutoff
        The as-of date C.
    widths
        Windows to count over, shortest first (see `possible_widths`): the first with
        `min_positive_target` positives is taken, else the last. So which one it is depends on
        nothing after its end.
    facts
        Lines of `fact_transactions` that count for the target; increments up to the end of the
        widest window (later ones are ignored).
    customers
        `dim_customer` of the cutoff: the roster.
    settings
        Population mode, threshold, denylist, fewest positives.
    value
        ``gross_profit`` or ``revenue``: which amount is netted.

    Returns
    -------
    polars.DataFrame
        One row per customer of the population, sorted by customer_id; empty for an empty roster.
    """
    counted = facts.filter(~pl.col("sku").is_in(settings.denylist))
    population = _population(counted, customers, cutoff, settings.mode)
    labels = pl.DataFrame()
    for width in widths:
        outcome = _outcome(counted, width.window, value)
        joined = population.join(outcome, on="customer_id", how="left")
        labels = joined.select(
            "customer_id",
            *_label(settings.gp_min_threshold),
            *COHORTS,
            division=pl.lit(target),
            cutoff=pl.lit(cutoff),
            **_described(width),
        )
        labels = labels.sort("customer_id").collect()
        if int(labels["label"].sum()) >= settings.min_positive_target:
            break
    return labels


def _population(
    lines: pl.LazyFrame, customers: pl.LazyFrame, cutoff: dt.date, mode: str
) -> pl.LazyFrame:
    """Return the population with its cohorts, from what was known at the cutoff."""
    owners = (
        visible_at(lines, cutoff)
        .filter(PURCHASE)
        .select("customer_id")
        .unique()
        .with_columns(owned=pl.lit(value=True))
    )
    population = customers if mode == "all" else customers.filter(pl.col("is_buyer"))
    owned = pl.col("owned").is_not_null()
    return (
        population.select("customer_id", "is_buyer")
        .join(owners, on="customer_id", how="left")
        .select(
            "customer_id",
            is_new_logo=~pl.col("is_buyer") & ~owned,
            is_expansion=pl.col("is_buyer") & ~owned,
            is_renewal_like=owned,
        )
    )


def _described(width: Width) -> dict[str, pl.Expr]:
    return {
        "is_censored": pl.lit(width.is_censored),
        "window_months": pl.lit(width.months, dtype=pl.Int32),
        "window_end": pl.lit(width.window.end),
    }


def _label(threshold: float) -> list[pl.Expr]:
    # No line in the window is a net value of exactly zero, not an unknown one.
    net = pl.col("net_cents").fill_null(0)
    return [
        (net > round(threshold * CENTS)).cast(pl.Int8).alias("label"),
        # By way of a decimal: polars divides by a scalar as it multiplies by its inverse, so that
        # 251 cents would be 2.5100000000000002.
        to_decimal(net, MONEY_SCALE).cast(pl.Float64).alias("net_value_window"),
        pl.col("first_purchase_date"),
    ]


def _outcome(lines: pl.LazyFrame, window: Window, value: str) -> pl.LazyFrame:
    cents = (pl.col(value) * CENTS).cast(pl.Int64)
    return (
        lines.filter(window.contains("order_date"), _known_by(window.end))
        .group_by("customer_id")
        .agg(net_cents=cents.sum(), first_purchase_date=pl.col("order_date").filter(PURCHASE).min())
    )


def _known_by(day: dt.date) -> pl.Expr:
    recorded = pl.col("recorded_at").cast(pl.Date)
    return recorded.is_null() | (recorded <= day)
