"""The raw files of a world read in plain Python: lines of invoices, assets, accounts.

The slow way from a wide export to what features are made of: csv, strptime, Decimal and a loop.
Nothing of the code under test is used but slugs and the arithmetic of months.
"""

import csv
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path

from gosales_resources.settings.base import slugify
from gosales_resources.settings.tree import Settings
from tests.worlds.features import Line

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class RawLine(Line):
    """A line as the file has it; without a quantity its amount tells a return."""

    has_quantity: bool = True

    @property
    def is_return(self) -> bool:
        """Tell a return."""
        return self.quantity < 0 if self.has_quantity and self.quantity else self.cents < 0


def rows_of(path: Path) -> Rows:
    with path.open(newline="", encoding="utf-8-sig") as handle:
        return list(csv.DictReader(handle))


def cell(row: dict[str, str], column: str | None) -> str:
    return row[column].strip() if column else ""


def number(text: str) -> Decimal | None:
    """Read `$1,250.50`, `(250.00)`, `-3.0`; None where it is blank or no number."""
    text = text.strip().replace("$", "").replace(",", "")
    if text.startswith("(") and text.endswith(")"):
        text = f"-{text[1:-1]}"
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def date(text: str) -> dt.date | None:
    for form in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            return dt.datetime.strptime(text.strip(), form).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None


def lines_of(settings: Settings) -> list[RawLine]:
    """Read the lines of a wide log; rejects and exact copies left out."""
    log, taxonomy = settings.source.sales_log, settings.source.taxonomy
    names = log.columns
    home = {r["sku"]: slugify(r["division"]) for r in rows_of(settings.source_dir / taxonomy.path)}
    routes = {
        (r.sku, slugify(r.when_source_division)): slugify(r.division) for r in taxonomy.routes
    }
    of_sku = {sku: column for column, sku in log.aliases.items()}
    found, seen = [], set()
    for row in rows_of(settings.source_dir / log.path):
        cells = tuple(row.items())
        if cells in seen:
            continue
        seen.add(cells)
        customer, day = cell(row, names.customer_id), date(cell(row, names.order_date))
        posted = date(cell(row, names.recorded_at)) or day
        is_home = cell(row, names.currency) == "USD"
        rate = Decimal(1) if is_home else number(cell(row, names.conversion_rate))
        pairs = {
            sku: (row.get(of_sku.get(sku, sku), ""), row.get(f"{sku}_Qty", "")) for sku in home
        }
        if (
            not customer
            or day is None
            or rate is None
            or any(bad(c) for p in pairs.values() for c in p)
        ):
            continue
        for sku, (amount, quantity) in pairs.items():
            money, units = number(amount), number(quantity)
            if not money and not units:
                continue
            cents = (money or Decimal(0)) / rate * 100
            division = routes.get((sku, slugify(cell(row, names.source_division))), home[sku])
            found.append(
                RawLine(
                    customer,
                    day,
                    cell(row, names.invoice_id),
                    division,
                    int(cents.quantize(Decimal(1), ROUND_HALF_UP)),
                    int(units or 0),
                    posted,
                    sku,
                    None,
                    cell(row, names.rep) or None,
                    cell(row, names.branch) or None,
                    units is not None,
                )
            )
    return found


def bad(text: str) -> bool:
    return bool(text.strip()) and number(text) is None


@dataclass(frozen=True)
class RawAsset:
    """An asset of the register, known and purchased by the cutoff."""

    customer: str
    division: str
    bought: dt.date
    is_imputed: bool
    ends: dt.date | None
    units: Fraction
    is_on: bool | None

    def is_active(self, cutoff: dt.date) -> bool:
        return self.ends is None or self.ends > cutoff


def assets_at(settings: Settings, cutoff: dt.date) -> list[RawAsset]:
    """Read the register; unusable dates become the median of the rollup, or of all."""
    source = settings.source.assets
    assert source is not None
    rows, days = [], defaultdict(list)
    for row in rows_of(settings.source_dir / source.path):
        bought = date(cell(row, source.columns.purchase_date))
        usable = bought if bought and bought >= dt.date(1996, 1, 1) else None
        if usable and usable > cutoff:
            continue
        rollup = cell(row, source.columns.item_rollup)
        rows.append((row, rollup, usable))
        if usable:
            days[rollup].append(usable.toordinal())
            days[None].append(usable.toordinal())
    found = []
    for row, rollup, usable in rows:
        bought = usable or middle(days[rollup] or days[None])
        units = cell(row, source.columns.quantity)
        said = cell(row, source.columns.is_on_subscription).lower()
        asset = RawAsset(
            cell(row, source.columns.customer_id),
            slugify(cell(row, source.columns.division)),
            bought,
            usable is None,
            date(cell(row, source.columns.expiration_date)),
            Fraction(units) if units else Fraction(1),
            {"true": True, "yes": True, "false": False, "no": False}.get(said),
        )
        found.append(asset)
    return found


def middle(days: list[int]) -> dt.date:
    ordered = sorted(days)
    at = len(ordered) // 2
    pair = ordered[at - 1 : at + 1] if len(ordered) % 2 == 0 else [ordered[at]]
    return dt.date.fromordinal(sum(pair) // len(pair))
