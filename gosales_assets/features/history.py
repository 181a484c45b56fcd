"""The pass over purchase history that all cutoffs and divisions share.

Monthly sums per customer and division, each row carrying the cutoff at which it became visible,
so that a cutoff's features are a filter and a sum. An invoice counts once, in the month under
which it first became known: distinct invoices do not add up over SKUs, months or increments.
"""

from dataclasses import dataclass

import polars as pl

from gosales_assets.features.declaration import KEYS, Scope

# Quantities are summed as integer thousandths: float sums depend on the order of addition.
QUANTITY_SCALE = 1000
SUMS = ("line_count", "return_count", "quantity_milli", "gp_cents")


@dataclass(frozen=True)
class ScopedHistory:
    """History at one level: per customer, or per customer and division.

    `months`: keys x month x visible_cutoff with sums and first-known invoices.
    `days`: keys x purchase day x visible_cutoff, returns left out.
    """

    keys: list[str]
    months: pl.DataFrame
    days: pl.DataFrame


@dataclass(frozen=True)
class SharedHistory:
    """What every cutoff starts from."""

    lines: pl.LazyFrame
    """Every line with its visible_cutoff; denylisted SKUs left out."""
    scoped: dict[Scope, ScopedHistory]


def share_history(history: pl.LazyFrame, denylist: list[str]) -> SharedHistory:
    """Aggregate all increments once.

    Parameters
    ----------
    history
        `purchase_history` of all increments up to the last cutoff: one row per customer, SKU,
        invoice and day, with `visible_cutoff`.
    denylist
        SKUs (trials, POC) that are no purchase.

    Returns
    -------
    SharedHistory
        Frames sorted by their keys, month or day, and visible cutoff.
    """
    lines = purchase_lines(history, denylist)
    invoice = ["customer_id", "division", "invoice_id", "order_date", "visible_cutoff"]
    daily = (
        lines.group_by(invoice)
        .agg(
            pl.col("month").first(),
            pl.col(SUMS).sum(),
            is_purchase=pl.col("is_purchase").any(),
        )
        .collect()
    )
    return SharedHistory(lines, {scope: _scoped(daily, keys) for scope, keys in KEYS.items()})


def purchase_lines(history: pl.LazyFrame, denylist: list[str]) -> pl.LazyFrame:
    """Return `purchase_history` without denied SKUs, with month, purchase flag, integer sums."""
    return history.filter(~pl.col("sku").is_in(denylist)).with_columns(
        month=pl.col("order_date").dt.month_end(),
        is_purchase=pl.col("line_count") > pl.col("return_count"),
        # A line without a value (quantity-only SKUs) adds nothing to a sum of values.
        gp_cents=pl.col("value_cents").fill_null(0),
        quantity_milli=(pl.col("quantity") * QUANTITY_SCALE).round().cast(pl.Int64).fill_null(0),
    )


def _scoped(daily: pl.DataFrame, keys: list[str]) -> ScopedHistory:
    cells = [*keys, "month", "visible_cutoff"]
    sums = daily.lazy().group_by(cells).agg(pl.col(SUMS).sum())
    purchases = daily.lazy().filter("is_purchase")
    # First known: the earliest increment that shows the invoice, its earliest day there.
    invoices = (
        purchases.group_by(*keys, "invoice_id", "visible_cutoff")
        .agg(pl.col("order_date").min())
        .sort("visible_cutoff")
        .unique([*keys, "invoice_id"], keep="first", maintain_order=True)
        .group_by(*keys, pl.col("order_date").dt.month_end().alias("month"), "visible_cutoff")
        .agg(transaction_count=pl.len().cast(pl.Int64))
    )
    months = sums.join(invoices, on=cells, how="left").with_columns(
        # A cell without a first-known invoice has none: zero, not unknown.
        pl.col("transaction_count").fill_null(0)
    )
    days = purchases.group_by(*keys, pl.col("order_date").alias("day")).agg(
        pl.col("visible_cutoff").min()
    )
    month_frame, day_frame = pl.collect_all([months.sort(cells), days.sort(*keys, "day")])
    return ScopedHistory(keys, month_frame, day_frame)
