"""The list as an Excel workbook: all rows, how to read them, and a sheet for each representative.

Texts are written as texts whatever they look like: no cell is a formula or a link, an id keeps its
zeros. Equal lists give equal bytes.
"""

import datetime as dt
import io
from collections.abc import Callable, Iterator, Sequence

import polars as pl
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from gosales_assets.delivery.columns import Column, Look, rounded, shown_columns
from gosales_assets.delivery.listed import NO_REP, Listed, of_rep
from gosales_assets.delivery.sheet_names import SheetNames
from gosales_resources.settings.delivery import DeliverySettings

LIST, ABOUT = "List", "About this list"
# Units of UTF-16 that a cell takes; what is longer is cut, and says so.
LONGEST_TEXT = 32_767
Write = Callable[[int, int, object], object]


def write_workbook(
    listed: Listed, settings: DeliverySettings, columns: Sequence[Column] | None = None
) -> bytes:
    """Write a list as a workbook.

    Parameters
    ----------
    listed
        What is delivered.
    settings
        Columns, rows of a sheet, decimals of money.
    columns
        Other columns than the settings', for one seller: then without sheets by representative.

    Returns
    -------
    bytes
        Sheets: the list; how to read it and what stands below it; one by representative. Rows beyond
        `rows_per_sheet` are told, not written.
    """
    terms, buffer = listed.terms, io.BytesIO()
    shown = columns or shown_columns(settings.columns, terms.currency, terms.months)
    # Rows go to a file as they are written: memory is that of one.
    book = xlsxwriter.Workbook(buffer, {"constant_memory": True, "strings_to_formulas": False})
    # Else the clock's time is in it.
    made = dt.datetime.combine(terms.cutoff, dt.time())
    book.set_properties({"title": f"List as of {terms.cutoff}", "created": made})
    sheets = _Sheets(book, shown, settings)
    sheets.write(LIST, listed.rows, listed.empty_because)
    _write_about(book, listed, shown, settings)
    names = SheetNames([LIST, ABOUT])
    for rep, rows in of_rep(listed.rows).items() if columns is None else ():
        sheets.write(names.name(rep, NO_REP), rows, None)
    book.close()
    return buffer.getvalue()


class _Sheets:
    """Writes sheets of rows, all in one look."""

    def __init__(
        self, book: xlsxwriter.Workbook, columns: Sequence[Column], settings: DeliverySettings
    ) -> None:
        self._book, self._columns = book, columns
        self._most, self._decimals = settings.rows_per_sheet, settings.decimals
        money = "#,##0" + (f".{'0' * self._decimals}" if self._decimals else "")
        formats: dict[Look, str] = {
            "id": "@", "text": "@", "yes_no": "@", "count": "0", "percent": "0.0%",
            "money": money, "score": "0.000", "date": "yyyy-mm-dd",
        }  # fmt: skip
        self._formats: dict[Look, Format] = {
            look: book.add_format({"num_format": form}) for look, form in formats.items()
        }
        self._head = _head(book)

    def write(self, name: str, rows: pl.DataFrame, note: str | None) -> None:
        """Write rows below a frozen header with a filter, then what is to be said below them."""
        sheet = self._book.add_worksheet(name)
        shown = rounded(rows.head(self._most), self._columns, self._decimals)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, shown.height, len(self._columns) - 1)
        for at, column in enumerate(self._columns):
            sheet.set_column(at, at, column.width, self._formats[column.look])
            sheet.write_string(0, at, column.title, self._head)
        writers = [_writer(sheet, column.look, self._formats) for column in self._columns]
        for row, values in enumerate(shown.iter_rows(), start=1):
            for at, value in enumerate(values):
                if value is not None:
                    writers[at](row, at, value)
        if rows.height > self._most:
            note = more_rows(rows.height - self._most)
        if note:
            sheet.write_string(shown.height + 1, 0, note)
        # An id of digits is meant to be text.
        last = max(shown.height, 1)
        sheet.ignore_errors({"number_stored_as_text": f"A2:{_letter(self._columns)}{last + 1}"})


def more_rows(count: int) -> str:
    """Say how many rows a sheet has no room for."""
    return f"... and {count:,} more rows: they are in the CSV, in the same order."


def _writer(sheet: Worksheet, look: Look, formats: dict[Look, Format]) -> Write:
    form = formats[look]
    if look in ("id", "text"):
        return lambda row, at, value: sheet.write_string(row, at, cell_text(str(value)), form)
    if look == "yes_no":
        return lambda row, at, value: sheet.write_string(row, at, "yes" if value else "no", form)
    if look == "date":
        return lambda row, at, value: sheet.write_datetime(row, at, value, form)  # pyright: ignore[reportArgumentType]  a date
    return lambda row, at, value: sheet.write_number(row, at, value, form)  # pyright: ignore[reportArgumentType]  a number


def cell_text(text: str) -> str:
    """Return text that a cell takes: of one that is too long the beginning, which says so.

    Examples
    --------
    >>> cell_text("0012"), len(cell_text("x" * 40_000))
    ('0012', 32767)
    """
    units = len(text.encode("utf-16-le")) // 2
    if units <= LONGEST_TEXT:
        return text
    ending = f"... ({len(text):,} characters)"
    kept = text.encode("utf-16-le")[: 2 * (LONGEST_TEXT - len(ending))]
    # Half of a sign that takes two units is none.
    return kept.decode("utf-16-le", "ignore") + ending


def _write_about(
    book: xlsxwriter.Workbook, listed: Listed, columns: Sequence[Column], settings: DeliverySettings
) -> None:
    sheet = book.add_worksheet(ABOUT)
    head, wrapped = _head(book), book.add_format({"text_wrap": True, "valign": "top"})
    bold = book.add_format({"bold": True})
    sheet.set_column(0, 0, 42, wrapped)
    sheet.set_column(1, 1, 100, wrapped)
    row = 0
    for line in _said(listed, settings):
        sheet.write_string(row, 0, cell_text(line), bold if row == 0 else book.add_format())
        row += 1
    for at, title in enumerate(("Column", "What it is")):
        sheet.write_string(row + 1, at, title, head)
    for row_of, column in enumerate(columns, start=row + 2):
        sheet.write_string(row_of, 0, column.title, wrapped)
        sheet.write_string(row_of, 1, column.told, wrapped)


def _said(listed: Listed, settings: DeliverySettings) -> Iterator[str]:
    """Say what the list is, how many rows it has and what stands below it."""
    terms = listed.terms
    yield f"Whom to call about what, as of {terms.cutoff}"
    yield (
        f"{listed.rows.height:,} rows of {listed.ranked:,} that are ranked; {listed.selected:,} are "
        "selected: within the capacity."
    )
    yield (
        f"A chance is that of a purchase in the division within {terms.months} months after "
        f"{terms.cutoff}. Money is in {terms.currency}."
    )
    if listed.rows.height > settings.rows_per_sheet:
        yield f"A sheet has {settings.rows_per_sheet:,} rows at most; all are in the CSV."
    if listed.empty_because:
        yield listed.empty_because
    if listed.base_rates:
        yield "Below the list, for their models cannot tell one customer from another:"
        yield from (f"  {one.sentence}" for one in listed.base_rates)


def _head(book: xlsxwriter.Workbook) -> Format:
    look = {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#E7EEF7"}
    return book.add_format(look)


def _letter(columns: Sequence[Column]) -> str:
    # `A` to `ZZ`.
    tens, ones = divmod(len(columns) - 1, 26)
    return (chr(ord("A") + tens - 1) if tens else "") + chr(ord("A") + ones)
