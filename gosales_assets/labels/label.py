"""Who bought in a division after the cutoff: labels, cohorts, net value (SPEC section 2)."""

import datetime as dt

import polars as pl

from gosales_resources.scope import label_window, visible_at
from gosales_resources.settings.phases import LabelSettings

CENTS = 100
# A line that sold something: no return, and none that takes a restated line back.
PURCHASE = ~pl.col("is_return") & ~pl.col("is_reversal")


def build_labels(
    division: str,
    window: pl.DataFrame,
    facts: pl.LazyFrame,
    customers: pl.LazyFrame,
    settings: LabelSettings,
    value: str,
) -> pl.LazyFrame:
    """Label every customer of the population at one cutoff for one division.

    Parameters
    ----------
    division
        The target.
    window
        `cutoff_metadata` of the cutoff, one row.
    facts
        `fact_transactions` of the division, one row per line; increments up to the end of the
        window (later ones are ignored).
    customers
        `dim_customer` of the cutoff: the roster.
    settings
        Population mode, threshold, denylist.
    value
        ``gross_profit`` or ``revenue``: which amount is netted.

    Returns
    -------
    polars.LazyFrame
        One row per customer of the population, sorted by customer_id; empty for an empty roster.
    """
    row = window.row(0, named=True)
    cutoff: dt.date = row["cutoff"]
    span = label_window(cutoff, row["window_months"])
    counted = facts.filter(~pl.col("sku").is_in(settings.denylist))
    outcome = _outcome(counted.filter(span.contains("order_date"), _known_by(span.end)), value)
    owners = (
        visible_at(counted, cutoff)
        .filter(PURCHASE)
        .select("customer_id")
        .unique()
        .with_columns(owned=pl.lit(True))
    )
    population = customers if settings.mode == "all" else customers.filter(pl.col("is_buyer"))
    owned = pl.col("owned").is_not_null()
    return (
        population.select("customer_id", "is_buyer")
        .join(outcome, on="customer_id", how="left")
        .join(owners, on="customer_id", how="left")
        .select(
            "customer_id",
            division=pl.lit(division),
            cutoff=pl.lit(cutoff),
            # No line in the window is a net value of exactly zero, not an unknown one.
            label=(
                pl.col("net_cents").fill_null(0) > round(settings.gp_min_threshold * CENTS)
            ).cast(pl.Int8),
            net_gp_window_usd=pl.col("net_cents").fill_null(0) / CENTS,
            first_purchase_date=pl.col("first_purchase_date"),
            is_new_logo=~pl.col("is_buyer") & ~owned,
            is_expansion=pl.col("is_buyer") & ~owned,
            is_renewal_like=owned,
            is_censored=pl.lit(row["is_censored"]),
            window_end=pl.lit(span.end),
        )
        .sort("customer_id")
    )


def _outcome(lines: pl.LazyFrame, value: str) -> pl.LazyFrame:
    cents = (pl.col(f"{value}_usd") * CENTS).cast(pl.Int64)
    return lines.group_by("customer_id").agg(
        net_cents=cents.sum(),
        first_purchase_date=pl.col("order_date").filter(PURCHASE).min(),
    )


def _known_by(day: dt.date) -> pl.Expr:
    recorded = pl.col("recorded_at").cast(pl.Date)
    return recorded.is_null() | (recorded <= day)
