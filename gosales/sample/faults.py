"""Writes clean orders the way a tired ERP does, and counts exactly what it did wrong.

At most one fault makes a row a reject, so that every rejected row has one reason. Faults strike at
random and thus hide no customer or division more than another.
"""

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gosales.sample.behaviour import Customers
from gosales.sample.catalogue import SKUS, UNKNOWN_SKU
from gosales.sample.orders import Lines, Rows

UNREADABLE_DATES = ("n/a", "31/31/2024", "2023-02-30")
UNREADABLE_MONEY = "TBD"
# Reasons in the order of their code; code 0 is a sound row.
REASONS = ("blank_customer_id", "unreadable_date", "unreadable_money", "missing_rate", "no_lines")
BLANK_ID, BAD_DATE, BAD_MONEY, NO_RATE, NO_LINES = range(1, 6)
SKU_NAMES = np.array([sku.name for sku in SKUS])


@dataclass(frozen=True)
class FaultRates:
    """How often each thing goes wrong, as a fraction of rows (of foreign rows for the rate)."""

    blank_customer_id: float = 0.002
    unreadable_date: float = 0.001
    unreadable_money: float = 0.0004
    missing_rate: float = 0.003
    no_lines: float = 0.001
    duplicate: float = 0.005
    unknown_sku: float = 0.0015
    padded_id: float = 0.03
    us_date: float = 0.3
    # Of lines: plain "250.5", two digits "250.50" or "-250.50", dollars "$1,250.50" or "(250.50)".
    money_styles: tuple[float, float, float] = (0.4, 0.3, 0.3)


@dataclass(frozen=True)
class Counts:
    """What a file, or a part of it, holds; `rows_in` = loaded + rejected + duplicate.

    `lines`, `quantity` and `gross_profit_cents` are sums over the loaded lines. Lines of an
    unknown SKU are rejected on their own; the rows they stand in are loaded.
    """

    rows_in: int = 0
    rows_loaded: int = 0
    rows_duplicate: int = 0
    rows_rejected: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REASONS, 0))
    lines: int = 0
    unknown_sku_lines: int = 0
    return_lines: int = 0
    quantity: int = 0
    gross_profit_cents: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Add the counts of another part."""
        rejected = {r: self.rows_rejected[r] + other.rows_rejected[r] for r in REASONS}
        return Counts(
            self.rows_in + other.rows_in,
            self.rows_loaded + other.rows_loaded,
            self.rows_duplicate + other.rows_duplicate,
            rejected,
            self.lines + other.lines,
            self.unknown_sku_lines + other.unknown_sku_lines,
            self.return_lines + other.return_lines,
            self.quantity + other.quantity,
            self.gross_profit_cents + other.gross_profit_cents,
        )


@dataclass(frozen=True)
class FaultyRows:
    """Rows and lines as they will be written.

    `rows` has text columns for dates and rate, flags for the id, and `copies` (1 or 2); `lines`
    has `row`, `sku`, `amount` and `quantity` as text.
    """

    rows: pl.DataFrame
    lines: pl.DataFrame
    counts: Counts


def add_faults(
    rows: Rows, lines: Lines, customers: Customers, rng: np.random.Generator, rates: FaultRates
) -> FaultyRows:
    """Add faults to clean orders.

    Parameters
    ----------
    rows, lines
        Clean orders.
    customers
        Those the rows point to; foreign ones have their amounts in CAD.
    rng
        Source of the draws.
    rates
        How often each thing goes wrong.

    Returns
    -------
    FaultyRows
        With extra rows without lines at the end, and exact counts.
    """
    rows, lines = _add_unknown(*_add_empty(rows, rng, rates), lines, rng, rates)
    fault = _faults(rows, lines, customers, rng, rates)
    count = len(rows.day)
    is_copied = (fault == 0) & (rng.random(count) < rates.duplicate)
    rate = _rates_of(rows, customers)
    frame = pl.DataFrame(
        {
            "customer": rows.customer,
            "source_division": rows.source_division,
            "invoice": rows.invoice,
            "is_return": rows.is_return,
            **_dates(rows, fault, rng, rates),
            "rate": rate,
            "has_rate": fault != NO_RATE,
            "is_cad": customers.is_cad[rows.customer],
            "has_id": fault != BLANK_ID,
            "pad": np.where(rng.random(count) < rates.padded_id, rng.integers(1, 4, count), 0),
            "copies": 1 + is_copied,
        }
    ).with_columns(rate=pl.when(pl.col("has_rate")).then((pl.col("rate") / 10_000).cast(pl.String)))
    written = _line_texts(lines, rate / 10_000, fault, rng, rates)
    return FaultyRows(frame, written, _count(lines, fault, is_copied))


def _add_empty(
    rows: Rows, rng: np.random.Generator, rates: FaultRates
) -> tuple[Rows, NDArray[np.int64]]:
    """Append rows nothing stands in; return them with their numbers."""
    of = np.flatnonzero(rng.random(len(rows.day)) < rates.no_lines)
    number = len(rows.day) + np.arange(len(of))
    invoice = int(rows.invoice.max(initial=-1)) + 1 + np.arange(len(of))
    return (
        Rows(
            np.append(rows.customer, rows.customer[of]),
            np.append(rows.day, rows.day[of]),
            np.append(rows.posted, rows.posted[of]),
            np.append(rows.invoice, invoice),
            np.append(rows.source_division, rows.source_division[of]),
            np.append(rows.is_return, np.zeros(len(of), dtype=bool)),
        ),
        number,
    )


def _add_unknown(
    rows: Rows, empty: NDArray[np.int64], lines: Lines, rng: np.random.Generator, rates: FaultRates
) -> tuple[Rows, Lines]:
    """Append lines of the SKU the taxonomy does not know, beside good ones; zeros in empty rows."""
    named = np.setdiff1d(np.arange(len(rows.day)), empty)
    of = named[rng.random(len(named)) < rates.unknown_sku]
    zeros = empty[rng.random(len(empty)) < 0.5]
    unknown = next(i for i, sku in enumerate(SKUS) if sku.name == UNKNOWN_SKU)
    cents = rng.integers(1_000, 20_000, len(of))
    return rows, Lines(
        np.concatenate([lines.row, of, zeros]),
        np.concatenate([lines.sku, np.full(len(of), unknown), np.zeros(len(zeros), dtype=int)]),
        np.concatenate([lines.division, np.full(len(of) + len(zeros), -1)]),
        np.concatenate([lines.quantity, np.ones(len(of), dtype=int), 0 * zeros]),
        np.concatenate([lines.cents, cents, 0 * zeros]),
    )


def _faults(
    rows: Rows, lines: Lines, customers: Customers, rng: np.random.Generator, rates: FaultRates
) -> NDArray[np.int64]:
    """Give each row the code of its fault, or 0; rows with an unknown SKU are left sound."""
    count = len(rows.day)
    draw = rng.random(count)
    edges = np.cumsum([rates.blank_customer_id, rates.unreadable_date, rates.unreadable_money])
    fault = np.select([draw < edge for edge in edges], [BLANK_ID, BAD_DATE, BAD_MONEY], 0)
    foreign = customers.is_cad[rows.customer] & (rng.random(count) < rates.missing_rate)
    fault[foreign & (fault == 0)] = NO_RATE
    with_money = np.zeros(count, dtype=bool)
    with_money[lines.row[lines.cents != 0]] = True
    fault[(fault == BAD_MONEY) & ~with_money] = 0
    fault[lines.row[SKU_NAMES[lines.sku] == UNKNOWN_SKU]] = 0
    is_empty = np.ones(count, dtype=bool)
    is_empty[lines.row[(lines.cents != 0) | (lines.quantity != 0)]] = False
    fault[is_empty] = NO_LINES
    return fault


def _rates_of(rows: Rows, customers: Customers) -> NDArray[np.int64]:
    """CAD per USD in ten-thousandths, a slow wave over the years; the same for all on one day."""
    wave = 1.33 + 0.05 * np.sin(rows.day / 240.0) + 0.01 * np.sin(rows.day / 31.0)
    return np.where(customers.is_cad[rows.customer], np.rint(wave * 10_000), 10_000).astype(int)


def _dates(
    rows: Rows, fault: NDArray[np.int64], rng: np.random.Generator, rates: FaultRates
) -> dict[str, pl.Series]:
    count = len(rows.day)
    us_style = pl.Series(rng.random(count) < rates.us_date)
    wrong = pl.Series(np.array(UNREADABLE_DATES)[rng.integers(0, len(UNREADABLE_DATES), count)])
    texts = {}
    for name, days in (("rec_date", rows.day), ("posted_date", rows.posted)):
        date = pl.Series(days.astype(np.int32)).cast(pl.Date)
        iso, us = date.dt.strftime("%Y-%m-%d"), date.dt.strftime("%m/%d/%Y")
        texts[name] = us.zip_with(us_style, iso)
    texts["rec_date"] = wrong.zip_with(pl.Series(fault == BAD_DATE), texts["rec_date"])
    return texts


def _line_texts(
    lines: Lines,
    rate: NDArray[np.float64],
    fault: NDArray[np.int64],
    rng: np.random.Generator,
    rates: FaultRates,
) -> pl.DataFrame:
    """Write amounts and quantities as text, in the currency of the row."""
    count = len(lines.row)
    # Back and forth is exact: with a rate above 1 half a CAD cent is less than half a US cent.
    cents = np.rint(lines.cents * rate[lines.row]).astype(np.int64)
    with_money = np.flatnonzero(lines.cents != 0)
    _, first = np.unique(lines.row[with_money], return_index=True)
    is_first = np.zeros(count, dtype=bool)
    is_first[with_money[first]] = True
    frame = pl.DataFrame(
        {
            "row": lines.row,
            "sku": lines.sku,
            "cents": cents,
            "quantity": lines.quantity,
            "style": rng.choice(3, count, p=rates.money_styles),
            "is_unreadable": is_first & (fault[lines.row] == BAD_MONEY),
            "has_point": rng.random(count) < 0.05,
        }
    )
    return frame.select(
        "row",
        "sku",
        amount=pl.when("is_unreadable").then(pl.lit(UNREADABLE_MONEY)).otherwise(_money()),
        quantity=pl.col("quantity").cast(pl.String)
        + pl.when("has_point").then(pl.lit(".0")).otherwise(pl.lit("")),
    )


def _money() -> pl.Expr:
    size = pl.col("cents").abs()
    sign = pl.when(pl.col("cents") < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    whole = (size // 100).cast(pl.String)
    digits = "." + (size % 100).cast(pl.String).str.zfill(2)
    grouped = (
        pl.when(size >= 100_000_000)
        .then(whole.str.head(-6) + "," + whole.str.slice(-6, 3) + "," + whole.str.tail(3))
        .when(size >= 100_000)
        .then(whole.str.head(-3) + "," + whole.str.tail(3))
        .otherwise(whole)
    ) + digits
    dollars = pl.when(pl.col("cents") < 0).then("(" + grouped + ")").otherwise("$" + grouped)
    plain = sign + (whole + digits).str.replace("0$", "")
    return (
        pl.when(pl.col("style") == 0)
        .then(plain)
        .when(pl.col("style") == 1)
        .then(sign + whole + digits)
        .otherwise(dollars)
    )


def _count(lines: Lines, fault: NDArray[np.int64], is_copied: NDArray[np.bool_]) -> Counts:
    loaded = fault[lines.row] == 0
    unknown = SKU_NAMES[lines.sku] == UNKNOWN_SKU
    kept = loaded & ~unknown
    return Counts(
        rows_in=len(fault) + int(is_copied.sum()),
        rows_loaded=int((fault == 0).sum()),
        rows_duplicate=int(is_copied.sum()),
        rows_rejected={r: int((fault == code).sum()) for code, r in enumerate(REASONS, start=1)},
        lines=int(kept.sum()),
        unknown_sku_lines=int((loaded & unknown).sum()),
        return_lines=int((kept & (lines.quantity < 0)).sum()),
        quantity=int(lines.quantity[kept].sum()),
        gross_profit_cents=int(lines.cents[kept].sum()),
    )
