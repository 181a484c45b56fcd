"""The pass over purchase history that all cutoffs and divisions share.

Sums per customer and division, each row carrying the cutoff at which it became visible, so that a
cutoff's features are a filter and a sum. An invoice counts once, on the day under which it first
became known: distinct invoices do not add up over SKUs, months or increments.
"""

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from gosales_assets.features.declaration import KEYS, Scope

# Quantities are summed as integer thousandths: float sums depend on the order of addition.
QUANTITY_SCALE = 1000
SUMS = (
    "line_count",
    "return_count",
    "quantity_milli",
    "gp_cents",
    "returned_cents",
    "margin_revenue_cents",
    "margin_profit_cents",
)
SELLERS = ("rep", "branch")


@dataclass(frozen=True)
class ScopedHistory:
    """History at one level: per customer, or per customer and division.

    `months`: keys x month x visible_cutoff with sums and first-known invoices.
    `daily`: the same by day. `days`: keys x purchase day x visible_cutoff, returns left out.
    """

    keys: list[str]
    months: pl.DataFrame
    daily: pl.DataFrame
    days: pl.DataFrame


@dataclass(frozen=True)
class SharedHistory:
    """What every cutoff starts from; each frame is made when a family first asks for it."""

    lines: pl.LazyFrame
    """Every line with its visible_cutoff; denylisted SKUs left out."""

    @cached_property
    def scoped(self) -> dict[Scope, ScopedHistory]:
        """Sums and purchase days by scope."""
        invoice = ["customer_id", "division", "invoice_id", "order_date", "visible_cutoff"]
        daily = (
            self.lines.group_by(invoice)
            .agg(pl.col(SUMS).sum(), is_purchase=pl.col("is_purchase").any())
            .collect()
        )
        return {scope: _scoped(daily, keys) for scope, keys in KEYS.items()}

    @cached_property
    def skus(self) -> pl.DataFrame:
        """Customer x division x SKU x visible_cutoff: last day bought, returns left out."""
        cells = ["customer_id", "division", "sku", "visible_cutoff"]
        bought = self.lines.filter("is_purchase").group_by(cells)
        return bought.agg(last_day=pl.col("order_date").max()).collect()

    @cached_property
    def sellers(self) -> pl.DataFrame:
        """Customer x division x rep x branch x month x visible_cutoff with lines."""
        cells = ["customer_id", "division", *SELLERS, "month", "visible_cutoff"]
        return self.lines.group_by(cells).agg(pl.col("line_count").sum()).collect()


def share_history(history: pl.LazyFrame, denylist: list[str]) -> SharedHistory:
    """Aggregate all increments once.

    Parameters
    ----------
    history
        `purchase_history` of all increments up to the last cutoff: one row per customer, SKU,
        invoice, day and seller, with `visible_cutoff`.
    denylist
        SKUs (trials, POC) that are no purchase.

    Returns
    -------
    SharedHistory
        Frames sorted by their keys, month or day, and visible cutoff.
    """
    lines = history.filter(~pl.col("sku").is_in(denylist)).with_columns(
        # A line without a value (quantity-only SKUs) adds nothing to a sum of values.
        pl.col("returned_cents", "margin_revenue_cents", "margin_profit_cents").fill_null(0),
        month=pl.col("order_date").dt.month_end(),
        is_purchase=pl.col("line_count") > pl.col("return_count"),
        gp_cents=pl.col("value_cents").fill_null(0),
        quantity_milli=(pl.col("quantity") * QUANTITY_SCALE).round().cast(pl.Int64).fill_null(0),
    )
    return SharedHistory(lines)


def _scoped(invoices: pl.DataFrame, keys: list[str]) -> ScopedHistory:
    cells = [*keys, "day", "visible_cutoff"]
    named = invoices.lazy().rename({"order_date": "day"})
    purchases = named.filter("is_purchase")
    # First known: the earliest increment that shows the invoice, its earliest day there.
    first_known = (
        purchases.group_by(*keys, "invoice_id", "visible_cutoff")
        .agg(pl.col("day").min())
        .sort("visible_cutoff")
        .unique([*keys, "invoice_id"], keep="first", maintain_order=True)
        .group_by(cells)
        .agg(transaction_count=pl.len().cast(pl.Int64))
    )
    daily = (
        named.group_by(cells)
        .agg(pl.col(SUMS).sum())
        .join(first_known, on=cells, how="left")
        # A cell without a first-known invoice has none: zero, not unknown.
        .with_columns(pl.col("transaction_count").fill_null(0))
        .sort(cells)
        .collect()
    )
    month = pl.col("day").dt.month_end().alias("month")
    months = daily.lazy().group_by(*keys, month, "visible_cutoff")
    days = purchases.group_by(*keys, "day").agg(pl.col("visible_cutoff").min())
    month_frame, day_frame = pl.collect_all(
        [
            months.agg(pl.col(*SUMS, "transaction_count").sum()).sort(
                *keys, "month", "visible_cutoff"
            ),
            days.sort(*keys, "day"),
        ]
    )
    return ScopedHistory(keys, month_frame, daily, day_frame)
