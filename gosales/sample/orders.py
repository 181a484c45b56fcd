"""Turns monthly purchases into invoice lines: SKUs, quantities, profits, dates, returns.

Still clean: amounts are integer US cents and dates are days. `faults` writes them as an ERP does.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gosales.sample.behaviour import Customers
from gosales.sample.catalogue import DIVISIONS, HISTORY_END, HISTORY_START, MONTHS, ROUTES, SKUS
from gosales_resources.dates import shift_months

EPOCH = dt.date(1970, 1, 1)
SOURCE_DIVISIONS = tuple(sorted({division.source_division for division in DIVISIONS}))
LINES_PER_PURCHASE = (0.88, 0.10, 0.02)
LINES_PER_ROW = 4
RETURN_FRACTION = 0.025
LATE_FRACTION = 0.02
# Some things bought in one month come on a second invoice.
SECOND_INVOICE_FRACTION = 0.35

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Lines:
    """Parallel arrays, one value a line; `row` points into `Rows`."""

    row: Integers
    sku: Integers
    division: Integers
    quantity: Integers
    cents: Integers


@dataclass(frozen=True)
class Rows:
    """Parallel arrays, one value a row of the log; dates in days since 1970."""

    customer: Integers
    day: Integers
    posted: Integers
    invoice: Integers
    source_division: Integers
    is_return: NDArray[np.bool_]


@dataclass(frozen=True)
class _Drawn:
    """Lines before they are gathered into rows, with what decides the row."""

    customer: Integers
    month: Integers
    day: Integers
    division: Integers
    sku: Integers
    quantity: Integers
    cents: Integers
    slot: Integers


def draw_orders(
    bought: NDArray[np.bool_], customers: Customers, rng: np.random.Generator
) -> tuple[Rows, Lines]:
    """Draw the invoice lines of a chunk.

    Parameters
    ----------
    bought
        Purchases, shape (customers, divisions, months).
    customers
        The same customers.
    rng
        Source of the draws.

    Returns
    -------
    Rows
        Sorted by day, invoice and source division.
    Lines
        Every purchase has a line of positive profit. Returns are negative lines of the same
        month that take back at most half of one line, so that the month's net stays positive.
    """
    drawn = _draw_lines(bought, customers, rng)
    sold = _gather(drawn, rng)
    rows, lines = _with_returns(*sold, rng)
    return _sorted_by_day(rows, lines)


def skus_of(division: str) -> list[int]:
    """List the positions in `SKUS` that a division sells, routed ones included."""
    routed = [sku for sku, _, to in ROUTES if to == division]
    return [i for i, sku in enumerate(SKUS) if sku.division == division or sku.name in routed]


def month_starts() -> Integers:
    """Return the first day of each month and of the one after the last, in days since 1970."""
    starts = [shift_months(HISTORY_START, month) for month in range(MONTHS + 1)]
    return np.array([(start - EPOCH).days for start in starts])


def _draw_lines(
    bought: NDArray[np.bool_], customers: Customers, rng: np.random.Generator
) -> _Drawn:
    parts = []
    for index, division in enumerate(DIVISIONS):
        customer, month = np.nonzero(bought[:, index, :])
        purchase, sku = _choose_skus(len(customer), skus_of(division.name), rng)
        slot = (rng.random(len(customer)) < SECOND_INVOICE_FRACTION).astype(np.int64)
        if division.source_division == "Hardware":
            # Its own invoices: AM_Support may else stand twice on one, sold by two divisions.
            slot[:] = 2
        columns = (customer[purchase], month[purchase], sku, slot[purchase])
        parts.append((*columns, np.full(len(sku), index)))
    customer, month, sku, slot, division_index = (
        np.concatenate(columns) for columns in zip(*parts, strict=True)
    )
    scale = np.exp(0.25 * np.clip(customers.size[customer], -2.5, 2.5))
    quantity = rng.geometric(np.clip(0.75 / scale, 0.2, 0.95))
    unit = np.array([s.unit_gp for s in SKUS])[sku]
    dollars = quantity * unit * np.exp(rng.normal(0, 0.4, len(sku)))
    has_amount = np.array([s.has_amount for s in SKUS])[sku]
    cents = np.where(has_amount, np.maximum(100, np.rint(dollars * 100)), 0).astype(np.int64)
    # One day for each invoice: the same draw for all lines of a customer, month and slot.
    key = (customer * MONTHS + month) * 3 + slot
    _, group = np.unique(key, return_inverse=True)
    starts = month_starts()
    within = rng.random(int(group.max(initial=-1)) + 1)[group]
    day = starts[month] + np.floor(within * (starts[month + 1] - starts[month])).astype(np.int64)
    return _Drawn(customer, month, day, division_index, sku, quantity, cents, slot)


def _choose_skus(
    purchases: int, skus: list[int], rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Choose one to three different SKUs a purchase, by weight; the first has a profit."""
    weights = np.array([SKUS[i].weight for i in skus])
    # The smallest of exponential draws at rate w is drawn in proportion to w.
    order = np.argsort(rng.exponential(1.0, (purchases, len(skus))) / weights, axis=1)
    counted_only = ~np.array([SKUS[i].has_amount for i in skus])[order[:, 0]]
    swapped = order.copy()
    swapped[counted_only, 0], swapped[counted_only, 1] = (
        order[counted_only, 1],
        order[counted_only, 0],
    )
    wanted = 1 + rng.choice(len(LINES_PER_PURCHASE), purchases, p=LINES_PER_PURCHASE)
    taken = np.arange(len(skus)) < wanted[:, None]
    purchase, _ = np.nonzero(taken)
    return purchase, np.array(skus)[swapped[taken]]


def _gather(drawn: _Drawn, rng: np.random.Generator) -> tuple[Rows, Lines]:
    """Put lines of one customer, invoice and source division into rows of up to four."""
    of_division = np.array([SOURCE_DIVISIONS.index(d.source_division) for d in DIVISIONS])
    source = of_division[drawn.division]
    invoice_key = (drawn.customer * MONTHS + drawn.month) * 3 + drawn.slot
    _, invoice = np.unique(invoice_key, return_inverse=True)
    order = np.lexsort((drawn.sku, source, invoice))
    block = (invoice * len(SOURCE_DIVISIONS) + source)[order]
    _, first, sizes = np.unique(block, return_index=True, return_counts=True)
    nth = np.arange(len(block)) - np.repeat(first, sizes)
    _, at, row = np.unique(
        block * 16 + nth // LINES_PER_ROW, return_index=True, return_inverse=True
    )
    day = drawn.day[order][at]
    rows = Rows(
        customer=drawn.customer[order][at],
        day=day,
        posted=_posted(day, rng),
        invoice=invoice[order][at],
        source_division=source[order][at],
        is_return=np.zeros(len(at), dtype=bool),
    )
    lines = Lines(
        row, drawn.sku[order], drawn.division[order], drawn.quantity[order], drawn.cents[order]
    )
    return rows, lines


def _with_returns(rows: Rows, lines: Lines, rng: np.random.Generator) -> tuple[Rows, Lines]:
    """Add credit notes, each a row of its own in the month of the sale."""
    taken = np.flatnonzero((rng.random(len(lines.row)) < RETURN_FRACTION) & (lines.cents > 0))
    of = lines.row[taken]
    starts = month_starts()
    last = starts[np.searchsorted(starts, rows.day[of], side="right")] - 1
    day = np.minimum(rows.day[of] + rng.integers(0, 20, len(of)), last)
    nth = np.arange(len(of))
    cents = -np.floor(lines.cents[taken] * rng.uniform(0.2, 0.5, len(of))).astype(np.int64)
    more_rows = Rows(
        customer=np.append(rows.customer, rows.customer[of]),
        day=np.append(rows.day, day),
        posted=np.append(rows.posted, _posted(day, rng)),
        invoice=np.append(rows.invoice, int(rows.invoice.max(initial=-1)) + 1 + nth),
        source_division=np.append(rows.source_division, rows.source_division[of]),
        is_return=np.append(rows.is_return, np.ones(len(of), dtype=bool)),
    )
    more_lines = Lines(
        row=np.append(lines.row, len(rows.day) + nth),
        sku=np.append(lines.sku, lines.sku[taken]),
        division=np.append(lines.division, lines.division[taken]),
        quantity=np.append(lines.quantity, np.full(len(of), -1)),
        cents=np.append(lines.cents, cents),
    )
    return more_rows, more_lines


def _posted(day: Integers, rng: np.random.Generator) -> Integers:
    """Post the same day or the next, a few late; nothing after the export was taken."""
    delay = rng.integers(0, 2, len(day))
    late = rng.random(len(day)) < LATE_FRACTION
    delay = np.where(late, rng.integers(1, 46, len(day)), delay)
    return np.minimum(day + delay, (HISTORY_END - EPOCH).days)


def _sorted_by_day(rows: Rows, lines: Lines) -> tuple[Rows, Lines]:
    order = np.lexsort((rows.source_division, rows.invoice, rows.day))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    ordered = Rows(
        rows.customer[order],
        rows.day[order],
        rows.posted[order],
        rows.invoice[order],
        rows.source_division[order],
        rows.is_return[order],
    )
    moved = Lines(place[lines.row], lines.sku, lines.division, lines.quantity, lines.cents)
    return ordered, moved
