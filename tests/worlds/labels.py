"""Facts and rosters for labels: a few lines of one target at one cutoff."""

import datetime as dt

import polars as pl

from gosales_assets.labels.label import build_labels
from gosales_assets.labels.windows import describe_cutoff, possible_widths
from gosales_resources.settings.labels import LabelSettings

C = dt.date(2024, 6, 30)

END = dt.date(2024, 12, 31)


def lines(*rows: tuple) -> pl.LazyFrame:
    """Make facts of (customer, day, amount, sku, recorded day)."""
    filled = [(*r, *("A", None)[len(r) - 3 :]) for r in rows]
    frame = pl.DataFrame(
        filled,
        schema={"customer_id": pl.String, "order_date": pl.Date, "amount": pl.Float64,
                "sku": pl.String, "recorded": pl.Date},
        orient="row",
    )  # fmt: skip
    return frame.lazy().with_columns(
        gross_profit=pl.col("amount").cast(pl.Decimal(18, 2)),
        is_return=pl.col("amount") < 0,
        is_reversal=pl.lit(value=False),
        recorded_at=pl.col("recorded").cast(pl.Datetime("us")),
        visible_cutoff=pl.max_horizontal("order_date", "recorded"),
    )


def build(
    facts: pl.LazyFrame,
    customers: pl.LazyFrame,
    settings: LabelSettings | None = None,
    cutoff: dt.date = C,
    through: dt.date | None = dt.date(2026, 12, 31),
) -> pl.DataFrame:
    """Label customers at a cutoff, with data that reaches a day."""
    settings = settings or LabelSettings()
    ledger = pl.DataFrame({"log_through": [through]}, schema={"log_through": pl.Date})
    described = describe_cutoff(cutoff, ledger, customers.collect(), settings, None)
    widths = possible_widths(described, settings)
    return build_labels("pdm", cutoff, widths, facts, customers, settings, "gross_profit")


def label(
    facts: pl.LazyFrame, settings: LabelSettings | None = None, buyer: bool = True, **options
) -> dict:
    """Label customer `a`; return its row."""
    customers = pl.LazyFrame({"customer_id": ["a"], "is_buyer": [buyer]})
    return build(facts, customers, settings, **options).row(0, named=True)
