"""Which rows of a file are taken: the conditions that a database compares itself, on raw cells.

The value's type says how cells are read: text trimmed, numbers in the source's decimal mark, days
and moments in its formats. Nothing is dropped because it could not be compared.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import polars as pl

from gosales_resources.settings.inputs import Condition, FileSource, Scalar
from gosales_resources.sources.cells import read_dates, text, yes_no
from gosales_resources.sources.numbers import read_numbers

ISO = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True)
class Selection:
    """Which rows of a frame the conditions keep."""

    is_kept: pl.Series
    is_unclear: pl.Series
    """Rows that are kept although a cell of theirs could not be compared."""


def select_rows(frame: pl.DataFrame, source: FileSource) -> Selection:
    """Compare rows with all conditions of their source.

    Parameters
    ----------
    frame
        Raw rows: columns are text, or typed where the file has types.
    source
        Conditions on files, decimal mark, date formats and zone.

    Returns
    -------
    Selection
        One value per row. A blank cell equals nothing, and is neither before nor behind a value: a
        comparison of order keeps it as one that cannot be compared.
    """
    kept = pl.repeat(value=True, n=frame.height, dtype=pl.Boolean, eager=True)
    unclear = ~kept
    for condition in source.file_where:
        holds, is_unclear = _compared(frame, condition, source)
        kept, unclear = kept & (holds | is_unclear), unclear | is_unclear
    return Selection(kept, unclear & kept)


def take_rows(frame: pl.DataFrame, source: FileSource) -> pl.DataFrame:
    """Return the rows that the conditions of a source keep.

    Parameters
    ----------
    frame, source
        As of `select_rows`.
    """
    return frame.filter(select_rows(frame, source).is_kept) if source.file_where else frame


def _compared(
    frame: pl.DataFrame, condition: Condition, source: FileSource
) -> tuple[pl.Series, pl.Series]:
    cells = _read(frame, condition, source)
    is_blank = frame.select(text(condition.column)).to_series().is_null()
    values = pl.Series([_plain(v, source) for v in condition.values], dtype=cells.dtype)
    if cells.dtype == pl.String:
        values = values.to_frame("value").select(text("value")).to_series()
    first = values[0]
    match condition.op:
        case "=" | "in":
            return cells.is_in(values.implode()).fill_null(value=False), cells.is_null() & ~is_blank
        case "!=" | "not in":
            others = ~cells.is_in(values.implode())
            return others.fill_null(value=True), cells.is_null() & ~is_blank
        case "<":
            holds = cells < first
        case "<=":
            holds = cells <= first
        case ">":
            holds = cells > first
        case _:
            holds = cells >= first
    return holds.fill_null(value=False), cells.is_null()


def _read(frame: pl.DataFrame, condition: Condition, source: FileSource) -> pl.Series:
    """Read a column as the type of the condition's value; null where it cannot be."""
    column, value = condition.column, condition.values[0]
    if isinstance(value, bool):
        return frame.select(yes_no(column)).to_series()
    if isinstance(value, int | float):
        return _numbers(frame[column], condition.values, getattr(source, "decimal", "."))
    if isinstance(value, dt.date):
        zone = getattr(source, "time_zone", None)
        formats = (*getattr(source, "date_formats", ()),) or ISO
        moments = read_dates(frame[column], formats, zone)["moment"]
        return moments if isinstance(value, dt.datetime) else moments.cast(pl.Date)
    return frame.select(text(column)).to_series()


def _numbers(cells: pl.Series, values: Sequence[Scalar], decimal: str) -> pl.Series:
    if cells.dtype.is_integer() and all(isinstance(value, int) for value in values):
        return cells.cast(pl.Int64, strict=False)
    if cells.dtype.is_numeric():
        return cells.cast(pl.Float64).fill_nan(None)
    if cells.dtype.is_temporal():
        return cells.clear(len(cells)).cast(pl.Float64)
    return read_numbers(cells.cast(pl.String), decimal)


def _plain(value: Scalar, source: FileSource) -> Scalar:
    """Return a moment without its zone, as cells are told."""
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        zone = getattr(source, "time_zone", None)
        told = value.astimezone(ZoneInfo(zone)) if zone else value
        return told.replace(tzinfo=None)
    return value
