"""The raw sales log read the plain way: row by row, in Python, with the source's settings alone.

The other way of the label audit. It shares no code with the star phase's reading on purpose (dates,
amounts, rejects, copies, corrections are read here from their definition), so that a mistake there
does not repeat itself here. It is slow and keeps nothing.
"""

import csv
import datetime as dt
import gzip
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Any

from gosales_assets.labels.raw_cells import (
    UnreadableRowError,
    plain_cents,
    plain_moment,
    plain_number,
    plain_text,
)
from gosales_assets.labels.raw_corrections import plain_corrections, plain_reject_id
from gosales_assets.labels.raw_rules import plain_discount, plain_revenue, plain_where
from gosales_resources.settings.base import slugify
from gosales_resources.settings.source import LongLog
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW, RawInput, is_nameless
from gosales_resources.sources.table import read_table
from gosales_resources.sources.text import TextFile

CODECS = {"utf8": "utf-8-sig", "latin1": "latin-1", "cp1252": "cp1252", "utf16": "utf-16"}
MEASURES = ("quantity", "revenue", "gross_profit")

Row = Sequence[Any]
Wanted = Callable[[dt.date], bool]


@dataclass(frozen=True, slots=True)
class PlainLine:
    """One line of the raw log."""

    customer_id: str
    day: dt.date
    recorded_at: dt.datetime | None
    sku: str
    division: str
    cents: int
    is_rounded: bool
    """Written with more than two decimals, or converted: another order of steps may give a cent
    more or less."""
    key: tuple[object, ...]
    """What names the line in all its versions; empty where the source keeps none."""


def read_plain_lines(settings: Settings, wanted: Wanted) -> Iterator[PlainLine]:
    """Read the lines of the raw log whose day is wanted.

    Parameters
    ----------
    settings
        Layout, formats, taxonomy, routes, corrections; the measure that values are made of.
    wanted
        Tells of an order date whether its rows are read.

    Yields
    ------
    PlainLine
        Lines of sound rows whose SKU the taxonomy knows, exact copies of a row once, in the order
        of the log. Rows that cannot be read are left out.
    """
    homes, corrections = _homes(settings), plain_corrections(settings)
    seen: set[tuple[bytes, int]] = set()
    duplicates = settings.source.sales_log.duplicates
    for raw in open_inputs(settings.source.sales_log, settings.source_dir):
        header, here = raw.header(), Counter[bytes]()
        by_name = sorted(range(len(header)), key=header.__getitem__)
        measured = _measured_columns(settings, header, homes)
        reading = _Reading(settings, wanted, header, measured, homes, corrections)
        for row in _rows(raw, settings, reading):
            # Blank fields behind the last column are none.
            if len(row) < len(header) or any(row[len(header) :]):
                continue
            lines, cells = reading.lines(row[: len(header)])
            if not lines:
                continue
            try:
                told = _joined_cells([cells[at] for at in by_name])
                copy = hashlib.blake2b(told.encode(), digest_size=16).digest()
            except UnicodeEncodeError:
                # Bytes that are no text in this encoding: a reject.
                continue
            here[copy] += 1
            named = (copy, here[copy] if duplicates == "number" else 0)
            if named not in seen or duplicates == "keep":
                seen.add(named)
                yield from lines


def _joined_cells(cells: Sequence[Any]) -> str:
    try:
        return "\x1f".join(cells)
    except TypeError:
        # Not of a text: numbers, dates, nulls.
        return "\x1f".join([str(cell or "") for cell in cells])


def _rows(raw: RawInput, settings: Settings, reading: "_Reading") -> Iterator[Row]:
    """Yield the rows of an input: text by Python's own parser, the rest as the driver gives it."""
    log = settings.source.sales_log
    if isinstance(raw, TextFile) and raw.path.suffix.lower() != ".zst":
        is_tsv = ".tsv" in raw.path.suffixes and log.separator == ","
        opener = gzip.open if raw.path.suffix.lower() == ".gz" else open
        codec = CODECS[log.encoding]
        with opener(raw.path, "rt", encoding=codec, errors="surrogateescape", newline="") as text:
            separator = "\t" if is_tsv else log.separator
            lines = _Lines(text, separator, reading)
            reader = csv.reader(lines, delimiter=separator)
            next(reader, None)
            lines.begins_row = True
            for row in reader:
                lines.begins_row = True
                yield row
        return
    for block in raw.blocks():
        for batch in block.read():
            yield from batch.frame.drop(ROW).iter_rows()


def _measured_columns(
    settings: Settings, header: Sequence[str], homes: Mapping[str, str]
) -> list[tuple[int, str, str]]:
    """List place, SKU and measure of a wide log's SKU columns; of a long log's with no SKU."""
    log = settings.source.sales_log
    named = log.columns.model_dump()
    if isinstance(log, LongLog):
        return [(header.index(named[m]), "", m) for m in MEASURES if named[m]]
    identifiers = {*named.values(), *log.ignored_columns, *(c.column for c in log.where)}
    identifiers |= {log.sign.column} if log.sign else set()
    found = []
    for at, column in enumerate(header):
        if column in identifiers or is_nameless(column):
            continue
        if column in log.aliases:
            found.append((at, log.aliases[column], log.amount))
        elif column.endswith(log.quantity_suffix) and column not in homes:
            found.append((at, column.removesuffix(log.quantity_suffix), "quantity"))
        else:
            found.append((at, column, log.amount))
    return found


def _homes(settings: Settings) -> dict[str, str]:
    source = settings.source.taxonomy
    table = read_table(source, settings.source_dir)
    pairs = table.select(source.columns.sku, source.columns.division).rows()
    return {plain_text(sku): slugify(str(home)) for sku, home in pairs if plain_text(sku)}


class _Lines:
    """Lines of a text for the parser, less those whose date alone says that they are not wanted.

    Six of seven on sample company M (half a year of a log of eight): they are not split into 97
    cells. A line with a quote is always parsed, as a row may go on behind it.
    """

    def __init__(self, text: Iterable[str], separator: str, reading: "_Reading") -> None:
        self._text, self._separator, self._reading = text, separator, reading
        self.begins_row = False
        """The parser has ended a row; it takes the further lines of one as they are."""

    def __iter__(self) -> Iterator[str]:
        at, separator, is_other = self._reading.date_at, self._separator, cache(self._is_other)
        for line in self._text:
            if self.begins_row and '"' not in line:
                cells = line.split(separator, at + 1)
                if len(cells) > at and is_other(cells[at]):
                    continue
            self.begins_row = False
            yield line

    def _is_other(self, cell: str) -> bool:
        return self._reading.is_of_another_day(cell)


class _Reading:
    """How the rows of one input become lines."""

    def __init__(
        self,
        settings: Settings,
        wanted: Wanted,
        header: Sequence[str],
        measured: Sequence[tuple[int, str, str]],
        homes: Mapping[str, str],
        corrections: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._log = settings.source.sales_log
        self._routes = settings.source.taxonomy.routes
        self._value = settings.value
        self._wanted, self._header = wanted, header
        self._measured = {at: (sku, measure) for at, sku, measure in measured}
        self._homes, self._corrections = homes, corrections
        named = self._log.columns.model_dump()
        self._at = {name: header.index(column) for name, column in named.items() if column}
        self._formats, self._zone = tuple(self._log.date_formats), self._log.time_zone
        self._nothing = frozenset(word.lower() for word in self._log.null_values)
        # A failed formula is no nothing.
        self._no_amount = frozenset(word for word in self._nothing if not word.startswith("#"))
        self._where = [(header.index(c.column), c) for c in self._log.file_where]
        sign = self._log.sign
        self._sign_at = header.index(sign.column) if sign else None
        self._negative = {value.strip().lower() for value in sign.negative} if sign else set()
        self.date_at = self._at["order_date"]

    def is_of_another_day(self, cell: str) -> bool:
        """Tell whether a row of this date is passed over. One that is no date may be corrected."""
        try:
            moment = self._moment(cell)
        except UnreadableRowError:
            return False
        return moment is not None and not self._wanted(moment.date())

    def lines(self, row: Row) -> tuple[list[PlainLine], Row]:
        """Return a row's lines, none for a reject or another day, and its cells as corrected."""
        lines, is_sound = self._of(row)
        if is_sound or not self._corrections:
            return lines, row
        fixed = self._corrections.get(plain_reject_id(self._header, row))
        if fixed is None:
            return lines, row
        mended = [fixed.get(n, cell) for n, cell in zip(self._header, row, strict=True)]
        return self._of(mended)[0], mended

    def _of(self, row: Row) -> tuple[list[PlainLine], bool]:
        """Return a row's lines, and whether nothing of it is rejected."""
        if self._is_left_out(row):
            return [], True
        try:
            moment = self._moment(row[self.date_at])
            if moment is None:
                return [], False
            return self._lines(row, moment.date()) if self._wanted(moment.date()) else ([], True)
        except UnreadableRowError:
            return [], False

    def _moment(self, cell: object) -> dt.datetime | None:
        return plain_moment(cell, self._formats, self._zone, self._nothing)

    def _is_left_out(self, row: Row) -> bool:
        is_kept = all(plain_where(row[at], condition, self._log) for at, condition in self._where)
        return not is_kept or self._cell(row, "customer_id") in self._log.not_customers

    def _cell(self, row: Row, name: str) -> str:
        text = plain_text(row[self._at[name]]) if name in self._at else ""
        return "" if text.lower() in self._nothing else text

    def _lines(self, row: Row, day: dt.date) -> tuple[list[PlainLine], bool]:
        log = self._log
        recorded = self._moment(row[self._at["recorded_at"]]) if "recorded_at" in self._at else None
        customer, invoice = self._cell(row, "customer_id"), self._cell(row, "invoice_id")
        if not customer or not invoice or day < log.min_order_date:
            raise UnreadableRowError
        rate = self._rate(row)
        cents = self._cents(row)
        lines, is_sound = [], True
        for sku, (written, is_rounded) in cents.items():
            division = self._division(sku, self._cell(row, "source_division"))
            if division is None:
                is_sound = False
                continue
            home = written
            if rate is not None:
                home = (written * rate).quantize(Decimal(1), ROUND_HALF_EVEN)
            key = self._key(row, customer, invoice, sku, day) if log.line_key else ()
            inexact = is_rounded or rate is not None
            lines.append(PlainLine(customer, day, recorded, sku, division, int(home), inexact, key))
        return lines, is_sound

    def _cents(self, row: Row) -> dict[str, tuple[Decimal, bool]]:
        """Return the value of each article of a row in cents, and whether it is rounded."""
        cents: dict[str, tuple[Decimal, bool]] = {}
        # Most cells of a wide log are blank.
        for at in [at for at in self._measured if row[at] != ""]:
            amount = self._number(row[at])
            sku, measure = self._measured[at]
            if amount is None:
                continue
            article = sku or self._cell(row, "sku")
            cents.setdefault(article, (Decimal(0), False))
            if measure == self._value:
                cents[article] = plain_cents(amount)
        if "unit_price" in self._at and (revenue := self._revenue(row)) is not None:
            cents[self._cell(row, "sku")] = (
                revenue if self._value == "revenue" else (Decimal(0), False)
            )
        if self._sign_at is not None and plain_text(row[self._sign_at]).lower() in self._negative:
            return {sku: (-abs(amount), is_rounded) for sku, (amount, is_rounded) in cents.items()}
        return cents

    def _revenue(self, row: Row) -> tuple[Decimal, bool] | None:
        log = self._log
        unit = log.discount_unit if isinstance(log, LongLog) else "fraction"
        at = self._at.get("discount")
        discount = plain_discount("" if at is None else row[at], log.decimal, unit, self._no_amount)
        price, quantity = (self._number(row[self._at[name]]) for name in ("unit_price", "quantity"))
        return plain_revenue(price, quantity, discount, unit)

    def _number(self, cell: object) -> Decimal | None:
        return plain_number(cell, self._log.decimal, self._no_amount)

    def _key(
        self, row: Row, customer: str, invoice: str, sku: str, day: dt.date
    ) -> tuple[object, ...]:
        values = {"customer_id": customer, "invoice_id": invoice, "sku": sku, "order_date": day}
        values["line_number"] = self._cell(row, "line_number")
        return tuple(values[name] for name in self._log.line_key)

    def _division(self, sku: str, source_division: str) -> str | None:
        division = self._homes.get(sku)
        for route in self._routes:
            if division is None or route.sku != sku:
                continue
            if slugify(source_division) == slugify(route.when_source_division):
                division = slugify(route.division)
        return division

    def _rate(self, row: Row) -> Decimal | None:
        """Return what to multiply a row's amounts with; None for the home currency."""
        log = self._log
        if "currency" not in self._at:
            return None
        currency = self._cell(row, "currency").upper()
        if not currency:
            raise UnreadableRowError
        if currency == log.home_currency:
            return None
        at = self._at.get("conversion_rate")
        rate = None if at is None else plain_number(row[at], log.decimal, self._nothing)
        if rate is None or round(rate, 6) <= 0:
            raise UnreadableRowError
        rate = round(rate, 6)
        return 1 / rate if log.conversion == "divide" else rate
