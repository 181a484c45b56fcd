"""Whose names are looked up: the customers as of a cutoff, with name, zip and worth.

The same union as `dim_customer`: everyone in the sales log up to the cutoff, and CRM accounts
known by then. Built from the sources, so that `dim_customer` can read the enrichment.
"""

import datetime as dt

import polars as pl

from gosales_resources.dates import visible_at
from gosales_resources.errors import SourceError
from gosales_resources.settings.source import CustomerSource
from gosales_resources.sources.cells import CENTS, blank_dates, read_dates, text
from gosales_resources.sources.raw import ROW
from gosales_resources.sources.table import require_columns

NAMED = ("customer_name", "zip")


def read_accounts(source: CustomerSource, accounts: pl.DataFrame) -> pl.DataFrame:
    """Take id, name, zip and first day out of the CRM table.

    Parameters
    ----------
    source
        Its columns and date formats.
    accounts
        The raw table, one row per account.

    Returns
    -------
    polars.DataFrame
        customer_id, customer_name, zip, known_since, one row per account with an id, sorted.

    Raises
    ------
    SourceError
        When a configured column is missing or a first day is unreadable or ambiguous.
    """
    fields = source.columns.model_dump(include={"customer_id", "known_since", *NAMED})
    columns = {name: column for name, column in fields.items() if column is not None}
    where = {f"customers.columns.{name}": column for name, column in columns.items()}
    require_columns(source.path, accounts.columns, where)
    absent = pl.lit(None, pl.String)
    rows = accounts.select(
        ROW, *((text(columns[n]) if n in columns else absent).alias(n) for n in fields)
    )
    since = columns.get("known_since")
    day = read_dates(
        accounts[since] if since else blank_dates(accounts.height), source.date_formats
    )["moment"].cast(pl.Date)
    dated = rows.with_columns(day=day)
    bad = dated.filter(pl.col("known_since").is_not_null() & pl.col("day").is_null())
    if not bad.is_empty():
        shown = ", ".join(map(str, bad[ROW].head(10)))
        raise SourceError(
            f"{source.path}: {bad.height} row(s) whose {source.columns.known_since} fits no, or "
            f"more than one, of customers.date_formats: rows {shown}."
        )
    known = dated.filter(pl.col("customer_id").is_not_null())
    return known.select("customer_id", *NAMED, known_since="day").sort("customer_id")


def sum_sales(sales_log: pl.LazyFrame, value: str) -> pl.DataFrame:
    """Sum the log up per customer and increment, one increment after another.

    Parameters
    ----------
    sales_log
        Increments up to the last cutoff asked for.
    value
        ``gross_profit`` or ``revenue``.

    Returns
    -------
    polars.DataFrame
        customer_id, visible_cutoff, last_seen_date, customer_name and zip of the latest line
        that has them (ties by transaction_id), value_cents (null where no line has a value),
        line_count.
    """
    last = pl.struct("order_date", "transaction_id")
    cents = (pl.col(value) * CENTS).cast(pl.Int64)
    increments = sales_log.select(pl.col("visible_cutoff").unique().sort()).collect().to_series()
    # The groups of 20 million lines at once took 5 GB.
    parts = [sales_log.filter(pl.col("visible_cutoff") == cutoff) for cutoff in increments]
    sums = [
        part.group_by("customer_id", "visible_cutoff")
        .agg(
            last_seen_date=pl.col("order_date").max(),
            value_cents=_total(cents),
            line_count=pl.len().cast(pl.Int64),
            **{name: _last_known(name, last) for name in NAMED},
        )
        .collect()
        for part in parts or [sales_log]
    ]
    return pl.concat(sums).sort("customer_id", "visible_cutoff")


def roster_at(accounts: pl.DataFrame | None, summed: pl.DataFrame, cutoff: dt.date) -> pl.DataFrame:
    """List the customers as of a cutoff.

    Parameters
    ----------
    accounts
        As of `read_accounts`; None without a CRM.
    summed
        As of `sum_sales`.
    cutoff
        As-of date.

    Returns
    -------
    polars.DataFrame
        customer_id, customer_name and zip (the CRM's, else the latest in the log), value_cents,
        line_count (0 for those that never bought), sorted by customer_id.
    """
    by_time = ["last_seen_date", "visible_cutoff"]
    known = (
        visible_at(summed.lazy(), cutoff)
        .group_by("customer_id")
        .agg(
            *(pl.col(name).sort_by(by_time).drop_nulls().last() for name in NAMED),
            value_cents=_total(pl.col("value_cents")),
            line_count=pl.col("line_count").sum(),
        )
        .collect()
    )
    if accounts is not None:
        since, bought = pl.col("known_since"), known["customer_id"].implode()
        is_known = since.is_null() | (since <= cutoff) | pl.col("customer_id").is_in(bought)
        there = accounts.filter(is_known).drop("known_since")
        known = there.join(known, on="customer_id", how="full", coalesce=True, suffix="_log")
        known = known.with_columns(pl.coalesce(name, f"{name}_log") for name in NAMED)
    counted = known.with_columns(pl.col("line_count").fill_null(0))
    return counted.select("customer_id", *NAMED, "value_cents", "line_count").sort("customer_id")


def _last_known(name: str, by: pl.Expr) -> pl.Expr:
    # The largest, and no sort of each group: that took five times as long.
    is_known = pl.col(name).is_not_null()
    return pl.col(name).filter(is_known).max_by(by.filter(is_known))


def _total(amount: pl.Expr) -> pl.Expr:
    # A sum of nothing known is not zero.
    return pl.when(amount.count() > 0).then(amount.sum())
