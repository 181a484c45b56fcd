"""From rows and cells to typed lines of the sales log, and what keeps a line out of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from gosales_assets.star.cells import MEASURES
from gosales_resources.hashing import stable_key
from gosales_resources.parse import MONEY_SCALE, QUANTITY_SCALE, exact
from gosales_resources.settings.base import slugify
from gosales_resources.settings.source import DivisionRoute

BUSINESS_KEY = ["customer_id", "invoice_id", "sku", "order_date", "recorded_at"]
# What tells lines of one business key apart; lines equal in all of these are interchangeable.
REST = [
    "quantity_milli",
    "revenue_cents",
    "gross_profit_cents",
    "currency",
    "rate",
    "division",
    "rep",
    "branch",
    "region",
    "customer_name",
    "source_file",
]
ORDER = ["order_date", "customer_id", "invoice_id", "sku", "transaction_id"]


@dataclass(frozen=True)
class Judged:
    """One batch, classified."""

    rows: pl.DataFrame
    """One row per raw row with `fault`, line counts and sums of its readable cells."""
    lines: pl.DataFrame
    """Lines that are loaded unless their row turns out to be a copy."""
    unknown: pl.DataFrame
    """Lines of sound rows whose SKU the taxonomy does not know."""


def classify(
    rows: pl.DataFrame,
    cells: pl.DataFrame,
    products: pl.DataFrame,
    routes: Sequence[DivisionRoute],
) -> Judged:
    """Tell loaded lines from rejected rows and rejected lines.

    A fault of the row (blank customer, unreadable date or amount, missing rate, no line at all)
    rejects all of it; an unknown SKU rejects its line alone.
    """
    known = cells.join(products.drop("is_target"), on="sku", how="left", maintain_order="left")
    per_row = known.group_by("row_id").agg(
        line_count=pl.len().cast(pl.Int64),
        known_count=pl.col("division").count().cast(pl.Int64),
        unreadable=pl.col("unreadable").drop_nulls().sort().str.join("; "),
        **{measure: pl.col(measure).sum() for measure in MEASURES},
    )
    findings = [
        pl.col("fault"),
        pl.when(pl.col("unreadable") != "").then(pl.col("unreadable")),
        pl.when(pl.col("line_count") == 0).then(pl.lit("no amount and no quantity")),
    ]
    fault = pl.concat_str(findings, separator="; ", ignore_nulls=True)
    counted = (
        rows.join(per_row, on="row_id", how="left", maintain_order="left")
        # A row without cells has no lines and sums to nothing.
        .with_columns(pl.col("line_count", "known_count", *MEASURES).fill_null(0))
        .with_columns(fault=pl.when(fault != "").then(fault))
        .with_columns(is_rejected=pl.col("fault").is_not_null() | (pl.col("known_count") == 0))
        .with_columns(
            loaded_count=pl.when(pl.col("fault").is_null()).then("known_count").otherwise(0)
        )
    )
    identity = counted.filter(pl.col("fault").is_null()).select(
        "row_id",
        "source_file",
        "source_row",
        "currency",
        "rate",
        "customer_id",
        "customer_name",
        "order_date",
        "recorded_at",
        "invoice_id",
        "source_division",
        "rep",
        "branch",
        "region",
        visible_cutoff="booked",
    )
    sound = known.drop("unreadable").join(identity, on="row_id", how="inner")
    is_known = pl.col("division").is_not_null()
    return Judged(
        counted, sound.filter(is_known).with_columns(_routed(routes)), sound.filter(~is_known)
    )


def build_lines(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Finish the lines of one increment: identity, home currency, returns, total order.

    Parameters
    ----------
    lines
        `Judged.lines` of the increment, copies left out; any row order.

    Returns
    -------
    polars.LazyFrame
        `sales_log` of the increment; the same for any order of the raw rows.
    """
    # Sorted by then: a business key is a run of rows.
    ordinal = pl.int_range(pl.len()).over(pl.struct(BUSINESS_KEY).rle_id()).cast(pl.String)
    quantity, revenue, profit = (pl.col(measure) for measure in MEASURES)
    keyed = (
        lines.sort(*BUSINESS_KEY, *REST)
        .with_columns(ordinal=ordinal)
        .with_columns(pl.col("order_date", "recorded_at").cast(pl.String).name.suffix("_text"))
        .with_columns(
            transaction_id=stable_key(
                [
                    "customer_id",
                    "invoice_id",
                    "sku",
                    "order_date_text",
                    "recorded_at_text",
                    "ordinal",
                ]
            )
        )
    )
    return keyed.with_columns(
        quantity=exact(quantity, QUANTITY_SCALE),
        revenue_source=exact(revenue, MONEY_SCALE),
        gross_profit_source=exact(profit, MONEY_SCALE),
        revenue_usd=exact(_home(revenue), MONEY_SCALE),
        gross_profit_usd=exact(_home(profit), MONEY_SCALE),
        is_return=pl.when(quantity.is_not_null() & (quantity != 0))
        .then(quantity < 0)
        # Never null: a line has a quantity or an amount.
        .otherwise(pl.coalesce(revenue, profit, 0) < 0),
    ).sort(ORDER)


def _home(cents: pl.Expr) -> pl.Expr:
    return (cents / pl.col("rate")).round(0).cast(pl.Int64)


def _routed(routes: Sequence[DivisionRoute]) -> pl.Expr:
    division = pl.col("division")
    for route in routes:
        slug = pl.col("source_division").str.to_lowercase().str.replace_all(r"[^a-z0-9]+", "_")
        matches = (pl.col("sku") == route.sku) & (
            slug.str.strip_chars("_") == slugify(route.when_source_division)
        )
        division = pl.when(matches).then(pl.lit(slugify(route.division))).otherwise(division)
    return division.alias("division")
