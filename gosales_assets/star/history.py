"""Purchase history: an increment's facts aggregated to what features are summed from."""

import polars as pl

CENTS = 100
KEY = ["customer_id", "sku", "division", "invoice_id", "order_date", "visible_cutoff"]


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
        One row per customer, SKU, division, invoice and day, sorted by them; sums are exact. The
        invoice stays in the grain because distinct invoices do not add up over SKUs or months.
    """

    def total(column: str) -> pl.Expr:
        # Null where no line has the measure: a sum of nothing known is not zero.
        known = pl.col(column).count() > 0
        return pl.when(known).then(pl.col(column).sum())

    sums = facts.with_columns(
        revenue_cents=(pl.col("revenue_usd") * CENTS).cast(pl.Int64),
        gross_profit_cents=(pl.col("gross_profit_usd") * CENTS).cast(pl.Int64),
    )
    return (
        sums.group_by(KEY)
        .agg(
            quantity=total("quantity"),
            # A line taken back was counted in an earlier increment.
            line_count=(1 - 2 * pl.col("is_reversal").cast(pl.Int64)).sum(),
            return_count=pl.col("is_return").sum().cast(pl.Int64),
            revenue_cents=total("revenue_cents"),
            gross_profit_cents=total("gross_profit_cents"),
        )
        .with_columns(value_cents=pl.col(f"{value}_cents"))
        .sort(KEY)
    )
