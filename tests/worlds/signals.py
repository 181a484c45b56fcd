"""Purchase histories for the families that look across customers: basket, als, encoder."""

import datetime as dt
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from gosales_assets.features.asof import AsOf
from gosales_assets.features.history import purchase_lines, share_history
from gosales_checks.contracts.accounts import FACT_ASSETS
from gosales_checks.contracts.star import PURCHASE_HISTORY
from gosales_resources.dates import month_end, visible_at
from gosales_resources.settings.tree import Settings

C = dt.date(2024, 6, 30)
DIVISION_OF = {"S": "solid_works", "M": "simulation", "N": "scanning"}


@dataclass(frozen=True)
class Bought:
    """One line; the first letter of a SKU is its division unless one is given."""

    customer: str
    sku: str
    day: dt.date = dt.date(2024, 1, 15)
    cents: int = 10_000
    quantity: int = 1
    known: dt.date = dt.date(2000, 1, 1)
    division: str = ""

    @property
    def target(self) -> str:
        return self.division or DIVISION_OF[self.sku[0]]

    @property
    def visible(self) -> dt.date:
        """First quarter end at which it was known."""
        latest = max(self.day, self.known)
        return month_end(latest.replace(day=1, month=(latest.month + 2) // 3 * 3))


def history(lines: Sequence[Bought]) -> pl.LazyFrame:
    """Return the lines as `purchase_history` of all increments."""
    rows = [
        {
            "customer_id": line.customer,
            "sku": line.sku,
            "division": line.target,
            "invoice_id": f"i{number}",
            "order_date": line.day,
            "visible_cutoff": line.visible,
            "quantity": line.quantity,
            "line_count": 1,
            "return_count": int(line.quantity < 0),
            "value_cents": line.cents,
            "revenue_cents": line.cents,
            "gross_profit_cents": line.cents,
        }
        for number, line in enumerate(lines)
    ]
    schema = {n: c.dtype for n, c in PURCHASE_HISTORY.schema.columns().items()}
    return pl.DataFrame(rows, schema=schema, strict=False).lazy()


def known(lines: Sequence[Bought], cutoff: dt.date = C, denylist: Sequence[str] = ()):
    """Return the lines that are known at a cutoff, as side tables get them."""
    return visible_at(purchase_lines(history(lines), list(denylist)), cutoff)


def people(lines: Sequence[Bought], **attributes: Callable[[str], str | None]) -> pl.LazyFrame:
    """Return a roster of the buyers; an attribute is a function of the customer."""
    ids = sorted({line.customer for line in lines})
    columns = {name: [of(i) for i in ids] for name, of in attributes.items()}
    unknown = {n: [None] * len(ids) for n in ("industry", "sub_industry") if n not in columns}
    frame = pl.DataFrame({"customer_id": ids, **columns, **unknown})
    texts = pl.col(*columns, *unknown).cast(pl.String)
    return frame.lazy().with_columns(texts, is_buyer=pl.lit(value=True), segment=pl.lit("warm"))


def world(
    settings: Settings,
    lines: Sequence[Bought],
    roster: pl.LazyFrame | None = None,
    cutoff: dt.date = C,
    **tables: Any,
) -> AsOf:
    """Return the world of some lines at a cutoff."""
    roster = people(lines) if roster is None else roster
    side = {f"_{name}": table for name, table in tables.items()}
    nothing = pl.LazyFrame(schema={n: c.dtype for n, c in FACT_ASSETS.schema.columns().items()})
    return AsOf(
        cutoff,
        settings,
        share_history(history(lines), [], settings.divisions),
        roster,
        nothing,
        **side,
    )


def draw_lines(customers: int = 60, seed: int = 4) -> list[Bought]:
    """Draw purchases in which S1 leads to simulation and N1 to solid works."""
    draw = random.Random(seed)
    found = []
    for number in range(customers):
        kinds = ["S1"] if number % 2 else ["N1", "S2"]
        kinds += ["M1"] if number % 2 and draw.random() < 0.7 else []
        kinds += [draw.choice(["S2", "S3", "M2", "N2", "N1"]) for _ in range(draw.randrange(4))]
        for sku in kinds:
            day = dt.date(2022, 7, 1) + dt.timedelta(draw.randrange(760))
            late = dt.timedelta(draw.choice([0, 0, 0, 90]))
            quantity = draw.choice([1, 1, 2, -1])
            cents = draw.randrange(-20_000, 300_000)
            found.append(Bought(f"c{number:03d}", sku, day, cents, quantity, day + late))
    return found
