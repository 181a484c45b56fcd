"""One account: every division with its chance, what it owns, bought and was offered."""

import datetime as dt
from collections.abc import Mapping

import polars as pl

from gosales.pages.charts import Chart, intervals, months

FOUND = 50
CENTS = 100


def find_accounts(customers: pl.LazyFrame, text: str) -> pl.DataFrame:
    """Find accounts by a part of the name or by the beginning of the id.

    Parameters
    ----------
    customers
        `dim_customer` rows that the viewer may see.
    text
        What is looked for, in any case; empty finds the first ones by name.

    Returns
    -------
    polars.DataFrame
        At most `FOUND` of customer_id, customer_name, by name and id.
    """
    plain = text.strip().lower()
    has_name = pl.col("customer_name").str.to_lowercase().str.contains(plain, literal=True)
    has_id = pl.col("customer_id").str.to_lowercase().str.starts_with(plain)
    return (
        customers.filter(has_name.fill_null(value=False) | has_id)
        .select("customer_id", "customer_name")
        .sort("customer_name", "customer_id", nulls_last=True)
        .head(FOUND)
        .collect()
    )


def division_rows(
    signals: pl.LazyFrame, listed: pl.LazyFrame, names: Mapping[str, str], customer: str
) -> pl.DataFrame:
    """Say of every division what its model thinks of an account and whether it is on the list.

    Parameters
    ----------
    signals
        `whitespace_signals` of all divisions of a cutoff.
    listed
        The list of that cutoff.
    names
        Partition key -> the division's own name.
    customer
        Its id.

    Returns
    -------
    polars.DataFrame
        One row per division, likeliest first: division, p_icp, p_low, p_high, conditional_value, ev,
        wallet, rank, standing (why it is not on the list, or that it is).
    """
    key = ["customer_id", "division"]
    ranks = listed.filter(pl.col("customer_id") == customer).select(*key, "rank", "is_selected")
    own = signals.filter(pl.col("customer_id") == customer)
    kept_off = pl.col("ineligible_reason").str.replace_all("_", " ")
    standing = (
        pl.when(pl.col("is_selected")).then(pl.lit("to be called"))
        .when(pl.col("rank").is_not_null()).then(pl.lit("on the list, not selected"))
        .when(~pl.col("is_eligible")).then(pl.format("not on the list: {}", kept_off))
        .otherwise(pl.lit("at the base rate, not ranked"))
    )  # fmt: skip
    told = ["p_icp", "p_low", "p_high", "conditional_value", "ev", "wallet", "rank"]
    return (
        own.join(ranks, on=key, how="left")
        .select(pl.col("division").replace(dict(names)), *told, standing.alias("standing"))
        .sort("p_icp", "division", descending=[True, False], nulls_last=True)
        .collect()
    )


def chance_chart(divisions: pl.DataFrame, window_months: int) -> Chart:
    """Draw the chance of each division with its interval."""
    rows = divisions.filter(pl.col("p_icp").is_not_null()).select(
        "division", value="p_icp", low="p_low", high="p_high"
    )
    return intervals(rows, "division", f"chance of a purchase within {window_months} months")


def owned_rows(
    assets: pl.LazyFrame, customer: str, cutoff: dt.date, names: Mapping[str, str]
) -> pl.DataFrame:
    """List what an account owns by the register, what runs out next first.

    Returns
    -------
    polars.DataFrame
        item, division, quantity, purchase_date, expiration_date, days_left (below 0: run out) from
        the cutoff on, is_on_subscription.
    """
    left = (pl.col("expiration_date") - pl.lit(cutoff)).dt.total_days()
    return (
        assets.filter(pl.col("customer_id") == customer)
        .select(
            "item",
            pl.col("division").replace(dict(names)),
            pl.col("quantity").cast(pl.Float64),
            "purchase_date",
            "expiration_date",
            left.alias("days_left"),
            "is_on_subscription",
        )
        .sort("expiration_date", "item", nulls_last=True)
        .collect()
    )


def month_rows(history: pl.LazyFrame, customer: str, names: Mapping[str, str]) -> pl.DataFrame:
    """Put an account's orders into months.

    Parameters
    ----------
    history
        `purchase_history` of the cutoffs up to the one that is looked at.
    customer
        Its id.
    names
        Partition key -> the division's own name.

    Returns
    -------
    polars.DataFrame
        month (first day), division, value (home currency), orders; by month and division.
    """
    month = pl.col("order_date").dt.truncate("1mo").alias("month")
    return (
        history.filter(pl.col("customer_id") == customer)
        .group_by(month, pl.col("division").replace(dict(names)))
        .agg(
            cents=pl.col("value_cents").sum(),
            orders=pl.col("invoice_id").n_unique(),
        )
        .with_columns(value=pl.col("cents") / CENTS)
        .drop("cents")
        .sort("month", "division")
        .collect()
    )


def month_chart(rows: pl.DataFrame, currency: str, measure: str) -> Chart:
    """Draw orders by month."""
    return months(rows, f"{measure.replace('_', ' ')}, {currency}")


def offered_rows(
    surfaced: pl.LazyFrame, outcomes: pl.LazyFrame | None, customer: str, names: Mapping[str, str]
) -> pl.DataFrame:
    """List which lists put an account before people, and what is known to have come of it.

    Parameters
    ----------
    surfaced
        `surfaced` of all lists that are stored.
    outcomes
        `list_outcomes` as of the newest cutoff; None where there are none.
    customer
        Its id.
    names
        Partition key -> the division's own name.

    Returns
    -------
    polars.DataFrame
        cutoff, division, rank, rep, outcome (`called 2024-07-03, won 2024-08-01`, those up to the
        next list that offered it; null where none is known); the newest first.
    """
    own = surfaced.filter(pl.col("customer_id") == customer).collect()
    rows = own.select("cutoff", "division", "rank", "rep").sort("division", "cutoff")
    rows = rows.with_columns(until=pl.col("cutoff").shift(-1).over("division"))
    known = None
    if outcomes is not None:
        known = outcomes.filter(pl.col("customer_id") == customer).collect()
    if known is None or known.is_empty():
        rows = rows.with_columns(outcome=pl.lit(None, pl.String))
    else:
        came = rows.join(known.select("division", "outcome_date", "outcome"), on="division")
        after = pl.col("outcome_date") > pl.col("cutoff")
        before = pl.col("until").is_null() | (pl.col("outcome_date") <= pl.col("until"))
        told = pl.format("{} {}", "outcome", "outcome_date")
        words = (
            came.filter(after & before)
            .sort("outcome_date", "outcome")
            .group_by("cutoff", "division", maintain_order=True)
            .agg(told.str.join(", ").alias("outcome"))
        )
        rows = rows.join(words, on=["cutoff", "division"], how="left", maintain_order="left")
    return (
        rows.with_columns(pl.col("division").replace(dict(names)))
        .sort("cutoff", "division", descending=[True, False])
        .select("cutoff", "division", "rank", "rep", "outcome")
    )
