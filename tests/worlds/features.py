"""A world of invoice lines for the tests of features: built, computed, and read slowly."""

import datetime as dt
import random
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl
import pytest

from gosales_assets.features.asof import AsOf
from gosales_assets.features.build import (
    build_customer_features,
    build_division_features,
    build_features,
)
from gosales_assets.features.history import share_history
from gosales_assets.star.history import build_purchase_history
from gosales_checks.contracts.accounts import FACT_ASSETS
from gosales_resources.settings.tree import Settings

C = dt.date(2024, 6, 30)
NO_ASSETS = pl.LazyFrame(
    schema={name: column.dtype for name, column in FACT_ASSETS.schema.columns().items()}
)
DIVISIONS = ["scanning", "simulation", "solid_works"]
TARGETS = ["simulation", "solid_works"]


@dataclass(frozen=True)
class Line:
    """One line of an invoice."""

    customer: str
    day: dt.date
    invoice: str
    division: str = "simulation"
    cents: int = 1000
    quantity: int = 1
    known: dt.date = dt.date(2000, 1, 1)
    sku: str = "Sim"
    revenue: int | None = None
    rep: str | None = "Ann"
    branch: str | None = None

    @property
    def visible(self) -> dt.date:
        """First quarter end at which it was known."""
        latest = max(self.day, self.known)
        quarter = dt.date(latest.year, (latest.month - 1) // 3 * 3 + 3, 1)
        return quarter.replace(day={3: 31, 6: 30, 9: 30, 12: 31}[quarter.month])

    @property
    def is_return(self) -> bool:
        """Tell a return."""
        return self.quantity < 0


SCHEMA = {
    "customer_id": pl.String,
    "sku": pl.String,
    "division": pl.String,
    "invoice_id": pl.String,
    "order_date": pl.Date,
    "visible_cutoff": pl.Date,
    "quantity": pl.Int64,
    "gross_profit": pl.Int64,
    "revenue": pl.Int64,
    "rep": pl.String,
    "branch": pl.String,
    "is_return": pl.Boolean,
}


def purchase_history(lines: Iterable[Line]) -> pl.LazyFrame:
    facts = pl.DataFrame(
        [
            (
                line.customer,
                line.sku,
                line.division,
                line.invoice,
                line.day,
                line.visible,
                line.quantity,
                line.cents,
                line.revenue,
                line.rep,
                line.branch,
                line.is_return,
            )
            for line in lines
        ],
        schema=SCHEMA,
        orient="row",
    ).lazy()
    cent = pl.lit("0.01").cast(pl.Decimal(18, 2))
    facts = facts.with_columns(
        pl.col("quantity").cast(pl.Decimal(18, 3)),
        *(
            (pl.col(name).cast(pl.Decimal(18, 0)) * cent).cast(pl.Decimal(18, 2)).alias(name)
            for name in ("gross_profit", "revenue")
        ),
        is_reversal=pl.lit(value=False),
    )
    return build_purchase_history(facts, "gross_profit")


def roster(ids: Iterable[str]) -> pl.LazyFrame:
    frame = pl.LazyFrame({"customer_id": sorted(ids)}, schema={"customer_id": pl.String})
    return frame.with_columns(
        cutoff=pl.lit(C),
        first_seen_date=pl.lit(None, pl.Date),
        last_seen_date=pl.lit(None, pl.Date),
        segment=pl.lit("warm"),
        is_buyer=pl.lit(value=True),
        industry=pl.lit("Aero"),
        attr_employees=pl.lit(7.0),
        **{name: pl.lit(None, pl.String) for name in ("sub_industry", "region", "territory")},
    )


def world_of(
    settings: Settings, lines: list[Line], cutoff: dt.date = C, customers: Iterable[str] = ()
) -> AsOf:
    ids = {line.customer for line in lines} | set(customers)
    shared = share_history(purchase_history(lines), settings.labels.denylist, settings.divisions)
    return AsOf(cutoff, settings, shared, roster(ids), NO_ASSETS)


def compute(
    settings: Settings, lines: list[Line], cutoff: dt.date = C, customers: Iterable[str] = ()
) -> dict[str, dict[str, dict]]:
    """Return division -> customer -> its row of the feature table."""
    world = world_of(settings, lines, cutoff, customers)
    wide = build_customer_features(world).frame.collect()
    per_division = build_division_features(world).frame
    shared = {r["customer_id"]: r for r in wide.to_dicts()}
    return {
        target: {
            r["customer_id"]: shared[r["customer_id"]] | r
            for r in build_features(target, wide, per_division).to_dicts()
        }
        for target in TARGETS
    }


def random_lines(seed: int = 5) -> list[Line]:
    draw = random.Random(seed)
    lines = []
    for customer in range(30):
        for number in range(draw.randrange(1, 12)):
            day = dt.date(2021, 9, 1) + dt.timedelta(draw.randrange(1200))
            for _ in range(draw.randrange(1, 4)):
                lines.append(
                    Line(
                        f"c{customer:02d}",
                        # Some invoices go on for days, some lines are posted months late.
                        day + dt.timedelta(draw.choice([0, 0, 0, 1, 40])),
                        f"i{customer}-{number}",
                        draw.choice(DIVISIONS),
                        draw.randrange(-50_000, 200_000),
                        draw.choice([1, 1, 1, 2, -1]),
                        day + dt.timedelta(draw.choice([0, 0, 0, 100])),
                        f"S{draw.randrange(4)}",
                        draw.choice([None, draw.randrange(-20_000, 400_000)]),
                        draw.choice(["Ann", "Ann", "Bob", None]),
                        draw.choice(["East", "West", None]),
                    )
                )
    return lines


def assert_same(found: dict, wanted: dict) -> None:
    for name, value in wanted.items():
        if value is None or isinstance(value, str):
            assert found[name] == value, name
        else:
            assert found[name] == pytest.approx(value, rel=1e-12, abs=1e-9), name
