"""Cells that come as Python values (a sheet's, a database's) as frames like those of a text file.

Dates stay dates and whole numbers numbers; everything else becomes the text that a person would
have typed: exact digits, no exponent, the decimal mark of the source. So an identifier stored as
123.0 reads 123, and money never passes through a binary float on the way.
"""

import contextlib
import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl

from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources.moments import HAS_DAY

INT64 = range(-(2**63), 2**63)
DAY = pl.Date()
MOMENT = pl.Datetime("us")


@dataclass(frozen=True)
class Spelling:
    """How values are written where they become text."""

    decimal: str = "."
    date_formats: Sequence[str] = ()
    """Dates among text are written in the first of these that reads back as the same date."""
    zone: ZoneInfo | None = None
    """Moments with a time zone are told in this one."""


def spelling_of(source: FileSource) -> Spelling:
    """Return how the parser of a source expects numbers and dates to be written."""
    of_table = source.database.time_zone if source.database else None
    named = getattr(source, "time_zone", None) or of_table
    zone = ZoneInfo(named) if named else None
    formats = tuple(getattr(source, "date_formats", ()))
    return Spelling(getattr(source, "decimal", "."), formats, zone)


def frame_of(
    rows: Sequence[Sequence[object]],
    header: Sequence[str],
    spelling: Spelling,
    whole: Sequence[bool] | None = None,
) -> pl.DataFrame:
    """Lay out rows of Python values in columns.

    Parameters
    ----------
    rows
        Consecutive rows, each as wide as the header.
    header
        Column names.
    spelling
        Of what becomes text.
    whole
        Of each column, whether whole numbers stay numbers; none do when not given.

    Returns
    -------
    polars.DataFrame
        Of each column: a date or Datetime where all cells are, Int64 where all are whole numbers
        and may stay so, Null where all are blank, else text.
    """
    numbers = whole or [False] * len(header)
    columns = zip(*rows, strict=True) if rows else [()] * len(header)
    return pl.DataFrame(
        [
            _series(name, cells, spelling, is_whole)
            for name, cells, is_whole in zip(header, columns, numbers, strict=True)
        ]
    )


def concat_frames(frames: Iterable[pl.DataFrame], spelling: Spelling) -> pl.DataFrame:
    """Put frames of the same columns below one another; types that disagree become text.

    Parameters
    ----------
    frames
        At least one.
    spelling
        Of what becomes text.

    Returns
    -------
    polars.DataFrame
        All rows, in the order of the frames. A column that is all blank (Null) in some of them has the
        type that it has in the others.
    """
    parts = list(frames)
    types = {
        name: _common({part.schema[name] for part in parts} - {pl.Null()})
        for name in parts[0].columns
    }
    return pl.concat(
        part.select(_cast(part[name], kind, spelling) for name, kind in types.items())
        for part in parts
    )


def as_text(value: object, spelling: Spelling) -> str | None:
    """Write one value as text.

    Examples
    --------
    >>> as_text(1234.50, Spelling(decimal=",")), as_text(123.0, Spelling())
    ('1234,5', '123')
    """
    if value is None or isinstance(value, str):
        return value
    match value:
        case bool():
            text = str(value).lower()
        case float() | Decimal():
            text = _digits(value, spelling)
        case dt.datetime() | dt.date():
            text = _date_text(value, spelling)
        case bytes() | bytearray() | memoryview():
            text = bytes(value).hex()
        case dict() | list():
            text = json.dumps(value, default=str, sort_keys=True, ensure_ascii=False)
        case _:
            text = str(value)
    return text


def _series(name: str, cells: Sequence[object], spelling: Spelling, is_whole: bool) -> pl.Series:
    kinds = {type(cell) for cell in cells} - {type(None)}
    if not kinds:
        return pl.Series(name, [None] * len(cells), pl.Null)
    if kinds == {str}:
        return pl.Series(name, cells, pl.String)
    if kinds == {dt.date}:
        return pl.Series(name, cells, DAY)
    if kinds <= {dt.date, dt.datetime}:
        return pl.Series(name, [_moment(cell, spelling) for cell in cells], MOMENT)
    if is_whole and kinds == {int} and all(cell in INT64 for cell in cells if cell is not None):
        return pl.Series(name, cells, pl.Int64)
    return pl.Series(name, [as_text(cell, spelling) for cell in cells], pl.String)


def _moment(cell: object, spelling: Spelling) -> dt.datetime | None:
    if isinstance(cell, dt.datetime):
        return cell.astimezone(spelling.zone).replace(tzinfo=None) if cell.tzinfo else cell
    return dt.datetime.combine(cell, dt.time()) if isinstance(cell, dt.date) else None


def _digits(value: float | Decimal, spelling: Spelling) -> str:
    if isinstance(value, float):
        # The shortest text that reads back as the same float is what was typed.
        value = int(value) if value.is_integer() else Decimal(repr(value))
    return f"{value:f}".replace(".", spelling.decimal) if isinstance(value, Decimal) else str(value)


def _date_text(value: dt.date, spelling: Spelling) -> str:
    moment = _moment(value, spelling)
    for form in spelling.date_formats:
        text = value.strftime(form)
        # A month would be read as its last day.
        if not HAS_DAY.search(form):
            continue
        # Formats that Python writes and does not read (%F) are passed over.
        with contextlib.suppress(ValueError):
            if dt.datetime.strptime(text, form) == moment:  # noqa: DTZ007  none has a zone here
                return text
    is_day = moment is None or moment.time() == dt.time()
    return str(value)[:10] if is_day else str(moment)


def _common(types: set[pl.DataType]) -> pl.DataType:
    if types <= {DAY, MOMENT} and len(types) == 2:
        return MOMENT
    return types.pop() if len(types) == 1 else pl.String()


def _cast(column: pl.Series, kind: pl.DataType, spelling: Spelling) -> pl.Series:
    if kind == pl.String() and column.dtype.is_temporal():
        texts = [as_text(cell, spelling) for cell in column]
        return pl.Series(column.name, texts, pl.String)
    return column.cast(kind)
