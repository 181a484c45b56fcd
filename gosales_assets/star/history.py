"""Purchase history: an increment's facts aggregated to what features are summed from."""

import polars as pl

from gosales_resources.sources.cells import CENTS

# Rep and branch are part of the grain: a line restated under another rep takes back the old one's.
SELLER_COLUMNS = ["rep", "branch"]
KEY = [
    "customer_id",
    "sku",
    "division",
    "invoice_id",
    "order_date",
    *SELLER_COLUMNS,
    "visible_cutoff",
]

MONEY = [
    "revenue_cents",
    "gross_profit_cents",
    "value_cents",
    "returned_cents",
    "margin_revenue_cents",
    "margin_profit_cents",
]


def build_purchase_history(facts: pl.LazyFrame, value: str) -> pl.LazyFrame:
    """Aggregate one increment's lines of all divisions.

    Parameters
    ----------
    facts
        `fact_transactions` of all divisions of one increment.
    value
        ``gross_profit`` or ``revenue``: the measure that values are made of.

    Returns
    -------
    polars.LazyFrame
        One row per customer, SKU, division, invoice, day, rep and branch, sorted by them; sums are
        exact. The invoice stays in the grain because distinct invoices do not add up over SKUs or
        months.
    """

    def total(column: str) -> pl.Expr:
        # Null where no line has the measure: a sum of nothing known is not zero.
        known = pl.col(column).count() > 0
        return pl.when(known).then(pl.col(column).sum())

    lines = facts.with_columns(
        *(pl.col(name).fill_null("") for name in SELLER_COLUMNS),
        revenue_cents=(pl.col("revenue") * CENTS).cast(pl.Int64),
        gross_profit_cents=(pl.col("gross_profit") * CENTS).cast(pl.Int64),
        # A line taken back was counted in an earlier increment.
        line_count=1 - 2 * pl.col("is_reversal").cast(pl.Int64),
        is_returned=pl.col("is_return") | _takes_back_a_return(),
    )
    revenue, profit = pl.col("revenue_cents"), pl.col("gross_profit_cents")
    measured = lines.with_columns(
        return_count=pl.when("is_returned").then("line_count").otherwise(0),
        value_cents=pl.col(f"{value}_cents"),
        returned_cents=pl.when("is_returned").then(f"{value}_cents"),
        margin_revenue_cents=pl.when(profit.is_not_null()).then(revenue),
        margin_profit_cents=pl.when(revenue.is_not_null()).then(profit),
    )
    counts = pl.col("line_count", "return_count").sum()
    sums = [total(name) for name in ("quantity", *MONEY)]
    return measured.group_by(KEY).agg(counts, *sums).sort(KEY)


def _takes_back_a_return() -> pl.Expr:
    """Tell reversals of returns: their amounts are those of the return, negated."""
    quantity = pl.col("quantity")
    amount = pl.coalesce("revenue", "gross_profit")
    was_negative = pl.when(quantity != 0).then(quantity > 0).otherwise(amount > 0)
    return pl.col("is_reversal") & was_negative.fill_null(value=False)
