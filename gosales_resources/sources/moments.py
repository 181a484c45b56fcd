"""Days and moments of a column by one format: with a zone, of a whole month, of a spreadsheet.

A format is strptime's, or `serial`: the days since 1899-12-30 that spreadsheets keep.
"""

import datetime as dt
import re

import polars as pl

from gosales_resources.settings.inputs import SERIAL
from gosales_resources.sources.month_names import english_months
from gosales_resources.sources.numbers import DASHES, ascii_digits, normal

MOMENT = pl.Datetime("us")
# Serial 0, since Lotus 1-2-3 took 1900 for a leap year; and 9999-12-31.
SERIAL_START = dt.datetime(1899, 12, 30)  # noqa: DTZ001  a spreadsheet has no zone
SERIAL_DAYS = (1, 2_958_466)
SERIAL_NUMBER = r"^[0-9]{1,7}(?:\.[0-9]+)?$"
DAY_SECONDS = 86_400
OFFSET = r"(Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)"
# A zone at the end, as nearly always, or in the middle.
OFFSET_LAST, OFFSET_INSIDE = rf"^(.*?)\s*{OFFSET}$", rf"^(.*?)\s+{OFFSET}(\s.*)$"
OFFSET_DIRECTIVE = re.compile(r"\s*(?:%[:#]{0,2}z|(?<!%)Z$)")
MONTH_NAME = re.compile(r"%[bBh]")
HAS_DAY = re.compile(r"%[-_0]?[dejDFcxsv+uw]")
TIME = ("%H", "%I", "%T", "%R", "%s", "%k", "%l", "%c", "%+")


def read_moments(cells: pl.Series, form: str, zone: str | None = None) -> pl.Series:
    """Read the cells that a format fits.

    Parameters
    ----------
    cells
        Trimmed text, null where blank.
    form
        strptime format, or `serial`. One without a day stands for the last day of its month.
    zone
        Zone that moments with an offset are told in; without it, each is told in its own.

    Returns
    -------
    polars.Series
        Datetime without a zone; null where the format does not fit. A year is written with four
        digits where the format says so: 15/01/23 is not of the year 23.
    """
    if cells.str.len_bytes().sum() != cells.str.len_chars().sum():
        cells = ascii_digits(normal(cells)).str.replace_all(DASHES, "-")
    if form == SERIAL:
        return _serials(cells)
    minutes = None
    if has_offset := OFFSET_DIRECTIVE.search(form):
        is_last = has_offset.end() == len(form)
        cells, minutes = _without_offset(cells, OFFSET_LAST if is_last else OFFSET_INSIDE)
        form = form[: has_offset.start()] + form[has_offset.end() :]
    is_month = not HAS_DAY.search(form)
    if is_month:
        cells, form = cells + " 01", f"{form} %d"
    read = _named(cells, form) if MONTH_NAME.search(form) else _parsed(cells, form)
    if is_month:
        read = read.dt.month_end()
    return read if minutes is None or zone is None else _told_in(read, minutes, zone)


def _named(cells: pl.Series, form: str) -> pl.Series:
    """Read dates with the name of a month: as strptime does, else by all names it goes by."""
    read, plain = _parsed(cells, form), MONTH_NAME.sub("%b", form)
    rest = read.is_null() & cells.is_not_null()
    if not rest.any():
        return read
    named = english_months(cells.filter(rest))
    second = _parsed(named, plain)
    if "%b." not in plain:
        # Some write a point behind a short name, and some do not.
        third = _parsed(named.str.replace(r"([a-z]{3})\.", "$1"), plain)
        second = second.zip_with(second.is_not_null(), third)
    return read.scatter(rest.arg_true(), second)


def _told_in(moments: pl.Series, minutes: pl.Series, zone: str) -> pl.Series:
    """Tell moments so many minutes ahead of UTC in another zone."""
    instant = pl.col("moment") - pl.duration(minutes="minutes")
    local = instant.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    told = pl.DataFrame({"moment": moments, "minutes": minutes})
    return told.select(local.dt.replace_time_zone(None)).to_series()


def _parsed(cells: pl.Series, form: str) -> pl.Series:
    kind = MOMENT if any(sign in form for sign in TIME) else pl.Date()
    # Python writes the fraction of a second as .%f, which would be read as nanoseconds.
    form = form.replace(".%f", "%.f")
    read = cells.str.strptime(kind, form, strict=False).cast(MOMENT)
    odd = ~read.dt.year().is_between(1000, 9999)
    if not odd.any():
        return read
    # 0001 is a year as some programs write none; 23 is none.
    written = read.dt.year().is_between(1, 999) & cells.str.contains(r"\b0[0-9]{3}")
    return read.zip_with((~odd | written).fill_null(value=False), read.clear(1))


def _without_offset(cells: pl.Series, pattern: str) -> tuple[pl.Series, pl.Series]:
    """Split offsets off: the cells that have one, without it, and its minutes."""
    parts = cells.str.extract_groups(pattern).struct.unnest()
    names = parts.columns
    offset = pl.col(names[1])
    sign = pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)
    hours = offset.str.extract(r"^[+-]([0-9]{2})").cast(pl.Int64).fill_null(0)
    minutes = offset.str.extract(r"^[+-][0-9]{2}:?([0-9]{2})$").cast(pl.Int64).fill_null(0)
    wall = pl.concat_str([pl.col(name) for name in (names[0], *names[2:])])
    split = parts.select(wall.alias("wall"), (sign * (hours * 60 + minutes)).alias("minutes"))
    return split["wall"], split["minutes"]


def _serials(cells: pl.Series) -> pl.Series:
    is_number = cells.str.contains(SERIAL_NUMBER).fill_null(value=False)
    days = cells.zip_with(is_number, cells.clear(1)).cast(pl.Float64)
    legal = days.is_between(*SERIAL_DAYS, closed="left").fill_null(value=False)
    # To the second: a fraction of a day in binary is off by less.
    seconds = (days.zip_with(legal, days.clear(1)) * DAY_SECONDS).round(0).cast(pl.Int64)
    return seconds.to_frame("s").select(pl.lit(SERIAL_START) + pl.duration(seconds="s")).to_series()
