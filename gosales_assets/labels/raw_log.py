"""The raw sales log read the plain way: row by row, in Python, with the source's settings alone.

The other way of the label audit. It shares no code with the star phase's reading on purpose (dates,
amounts, rejects, copies, corrections are read here from their definition), so that a mistake there
does not repeat itself here. It is slow and keeps nothing.
"""

import csv
import datetime as dt
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from unicodedata import category, normalize

from gosales_resources.settings.base import slugify
from gosales_resources.settings.source import LongLog
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW, RawInput
from gosales_resources.sources.table import read_table
from gosales_resources.sources.text import TextFile

CODECS = {"utf8": "utf-8-sig", "latin1": "latin-1", "cp1252": "cp1252", "utf16": "utf-16"}
SIGNS = re.compile(r"[$€£¥]|\b(?:USD|CAD|EUR|GBP)\b|\s")
NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?")
CENTS = Decimal(100)
# Beyond a million billion cents an amount is unreadable.
LARGEST_CENTS = Decimal("9e15")
MEASURES = ("quantity", "revenue", "gross_profit")

Cells = Mapping[str, object]
Wanted = Callable[[dt.date], bool]


class UnreadableRowError(Exception):
    """A row that is a reject."""


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
    reading = _Reading.of(settings, wanted)
    seen: set[bytes] = set()
    for raw in open_inputs(settings.source.sales_log, settings.source_dir):
        header = raw.header()
        by_name = sorted(range(len(header)), key=header.__getitem__)
        measured = _measured_columns(settings, header)
        for row in _rows(raw, settings):
            if len(row) != len(header):
                continue
            lines, cells = reading.lines(dict(zip(header, row, strict=True)), measured)
            if not lines:
                continue
            told = "\x1f".join(str(cells[header[at]] or "") for at in by_name)
            try:
                copy = hashlib.blake2b(told.encode(), digest_size=16).digest()
            except UnicodeEncodeError:
                # Bytes that are no text in this encoding: a reject.
                continue
            if copy not in seen:
                seen.add(copy)
                yield from lines


def _rows(raw: RawInput, settings: Settings) -> Iterator[Sequence[object]]:
    """Yield the rows of an input: text by Python's own parser, the rest as the driver gives it."""
    log = settings.source.sales_log
    if isinstance(raw, TextFile) and raw.path.suffix.lower() != ".zst":
        is_tsv = ".tsv" in raw.path.suffixes and log.separator == ","
        opener = gzip.open if raw.path.suffix.lower() == ".gz" else open
        codec = CODECS[log.encoding]
        with opener(raw.path, "rt", encoding=codec, errors="surrogateescape", newline="") as text:
            reader = csv.reader(text, delimiter="\t" if is_tsv else log.separator)
            next(reader, None)
            yield from reader
        return
    for block in raw.blocks():
        for batch in block.read():
            yield from batch.frame.drop(ROW).iter_rows()


def _measured_columns(settings: Settings, header: Sequence[str]) -> list[tuple[str, str, str]]:
    """List column, SKU and measure of a wide log's SKU columns; of a long log's with no SKU."""
    log = settings.source.sales_log
    named = log.columns.model_dump()
    if isinstance(log, LongLog):
        return [(named[m], "", m) for m in MEASURES if named[m]]
    identifiers = {*named.values(), *log.ignored_columns}
    known = _homes(settings)
    found = []
    for column in header:
        if column in identifiers:
            continue
        if column in log.aliases:
            found.append((column, log.aliases[column], log.amount))
        elif column.endswith(log.quantity_suffix) and column not in known:
            found.append((column, column.removesuffix(log.quantity_suffix), "quantity"))
        else:
            found.append((column, column, log.amount))
    return found


def _homes(settings: Settings) -> dict[str, str]:
    source = settings.source.taxonomy
    table = read_table(source, settings.source_dir)
    pairs = table.select(source.columns.sku, source.columns.division).rows()
    return {_text(sku): slugify(str(home)) for sku, home in pairs if _text(sku)}


@dataclass(frozen=True)
class _Reading:
    """How rows of the log become lines."""

    settings: Settings
    wanted: Wanted
    homes: Mapping[str, str]
    corrections: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, settings: Settings, wanted: Wanted) -> "_Reading":
        return cls(settings, wanted, _homes(settings), _corrections(settings))

    def lines(
        self, cells: Cells, measured: Sequence[tuple[str, str, str]]
    ) -> tuple[list[PlainLine], Cells]:
        """Return a row's lines, none for a reject or another day, and its cells as corrected."""
        lines, is_sound = self._sound_lines(cells, measured)
        if is_sound or not self.corrections:
            return lines, cells
        fixed = self.corrections.get(_reject_id(cells))
        if fixed is None:
            return lines, cells
        cells = {**cells, **fixed}
        return self._sound_lines(cells, measured)[0], cells

    def _sound_lines(
        self, cells: Cells, measured: Sequence[tuple[str, str, str]]
    ) -> tuple[list[PlainLine], bool]:
        """Return a row's lines, and whether nothing of it is rejected."""
        log, columns = self.settings.source.sales_log, self.settings.source.sales_log.columns
        try:
            moment = _moment(cells[columns.order_date], tuple(log.date_formats))
            if moment is None:
                return [], False
            if not self.wanted(moment.date()):
                return [], True
            return self._of_row(cells, moment.date(), measured)
        except UnreadableRowError:
            return [], False

    def _of_row(
        self, cells: Cells, day: dt.date, measured: Sequence[tuple[str, str, str]]
    ) -> tuple[list[PlainLine], bool]:
        log, columns = self.settings.source.sales_log, self.settings.source.sales_log.columns
        named = columns.model_dump()
        recorded = columns.recorded_at and _moment(
            cells[columns.recorded_at], tuple(log.date_formats)
        )
        customer, invoice = _text(cells[columns.customer_id]), _text(cells[columns.invoice_id])
        if not customer or not invoice or day < log.min_order_date:
            raise UnreadableRowError
        rate = self._rate(cells)
        route = _text(cells[columns.source_division]) if columns.source_division else ""
        number = _text(cells[columns.line_number]) if columns.line_number else ""
        amounts: dict[str, tuple[Decimal, bool]] = {}
        filled: dict[str, None] = {}
        for column, sku, measure in measured:
            if (amount := _number(cells[column], log.decimal)) is None:
                continue
            article = sku or _text(cells[named["sku"]])
            filled[article] = None
            if measure == self.settings.value:
                cents, is_exact = _cents(amount)
                amounts[article] = (cents, not is_exact)
        lines, is_sound = [], True
        for article in filled:
            division = self._division(article, route)
            if division is None:
                is_sound = False
                continue
            cents, is_rounded = amounts.get(article, (Decimal(0), False))
            home = cents if rate is None else (cents * rate).quantize(Decimal(1), ROUND_HALF_EVEN)
            values = {"customer_id": customer, "invoice_id": invoice, "sku": article,
                      "order_date": day, "line_number": number}  # fmt: skip
            key = tuple(values[name] for name in log.line_key)
            inexact = is_rounded or rate is not None
            lines.append(
                PlainLine(
                    customer, day, recorded or None, article, division, int(home), inexact, key
                )
            )
        return lines, is_sound

    def _division(self, sku: str, source_division: str) -> str | None:
        division = self.homes.get(sku)
        for route in self.settings.source.taxonomy.routes:
            same = slugify(source_division) == slugify(route.when_source_division)
            if division is not None and route.sku == sku and same:
                division = slugify(route.division)
        return division

    def _rate(self, cells: Cells) -> Decimal | None:
        """Return what to multiply a row's amounts with; None for the home currency."""
        log = self.settings.source.sales_log
        if not log.columns.currency:
            return None
        currency = _text(cells[log.columns.currency]).upper()
        if not currency:
            raise UnreadableRowError
        if currency == log.home_currency:
            return None
        column = log.columns.conversion_rate
        rate = _number(cells[column], log.decimal, strict=False) if column else None
        if rate is None or round(rate, 6) <= 0:
            raise UnreadableRowError
        rate = round(rate, 6)
        return 1 / rate if log.conversion == "divide" else rate


def _corrections(settings: Settings) -> dict[str, dict[str, str]]:
    name = settings.source.sales_log.corrections
    found: dict[str, dict[str, str]] = {}
    if name:
        with (settings.source_dir / name).open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                # A whole row in place of one without columns ('*') has no cell here to mend.
                found.setdefault(row["reject_id"].strip(), {})[row["column"].strip()] = row["value"]
    return {name: cells for name, cells in found.items() if "*" not in cells}


def _reject_id(cells: Cells) -> str:
    """Name a rejected row by its filled cells, sorted by column, as JSON."""
    pairs = [
        json.dumps({"variable": n, "value": str(v)}, ensure_ascii=False, separators=(",", ":"))
        for n, v in sorted(cells.items())
        if v not in (None, "")
    ]
    told = f"[{','.join(pairs)}]"
    return hashlib.blake2b(told.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def _text(cell: object) -> str:
    if cell is None:
        return ""
    text = str(cell)
    if not (text.isascii() and text.isprintable()):
        normal = normalize("NFKC", text)
        text = "".join(" " if category(sign) == "Cc" else sign for sign in normal)
    return text.strip()


def _moment(cell: object, formats: tuple[str, ...]) -> dt.datetime | None:
    """Read a date; None where blank.

    Raises
    ------
    UnreadableRowError
        When no format reads it, or two read different moments.
    """
    if isinstance(cell, dt.datetime):
        return cell.replace(tzinfo=None)
    if isinstance(cell, dt.date):
        return dt.datetime.combine(cell, dt.time())
    return _moment_of_text(cell if isinstance(cell, str) else str(cell or ""), formats)


@cache
def _moment_of_text(text: str, formats: tuple[str, ...]) -> dt.datetime | None:
    text = _text(text)
    if not text:
        return None
    found = set()
    for form in formats:
        try:
            # A sales log has no time zone.
            found.add(dt.datetime.strptime(text, form))  # noqa: DTZ007
        except ValueError:
            continue
    if len(found) != 1:
        raise UnreadableRowError
    return found.pop()


def _number(cell: object, decimal: str, strict: bool = True) -> Decimal | None:
    """Read a number; None where blank, or (not `strict`) unreadable."""
    if cell is None or cell == "":
        return None
    if not isinstance(cell, str):
        return Decimal(str(cell))
    try:
        return _number_of_text(cell, decimal)
    except UnreadableRowError:
        if strict:
            raise
        return None


@cache
def _number_of_text(cell: str, decimal: str) -> Decimal | None:
    if not cell.strip():
        return None
    text = SIGNS.sub("", _text(cell))
    if decimal == ",":
        text = text.translate(str.maketrans(".,", ",."))
    in_brackets = text.startswith("(") and text.endswith(")")
    bare = text[1:-1] if in_brackets else text
    signed = bare.startswith("-") or bare.endswith("-")
    digits = bare.removeprefix("-").removesuffix("-").removeprefix("+")
    is_number = NUMBER.fullmatch(digits) and any(sign.isdigit() for sign in digits)
    if not is_number or (in_brackets and signed):
        raise UnreadableRowError
    amount = Decimal(digits.replace(",", ""))
    if abs(amount) * CENTS >= LARGEST_CENTS:
        raise UnreadableRowError
    return -amount if in_brackets or signed else amount


def _cents(amount: Decimal) -> tuple[Decimal, bool]:
    """Return an amount in whole cents, and whether that is what was written."""
    cents = (amount * CENTS).quantize(Decimal(1), ROUND_HALF_EVEN)
    return cents, cents == amount * CENTS
