"""Turns raw cells into typed values: text, money, quantities, dates, yes and no.

A cell that cannot be read is null; nothing is guessed. Who calls tells blank from unreadable.
"""

import re
from collections.abc import Collection, Sequence
from decimal import Decimal

import polars as pl

from gosales_resources.settings.base import slugify
from gosales_resources.sources.moments import MOMENT, read_moments
from gosales_resources.sources.numbers import normal, read_numbers

MONEY_SCALE = 2
CENTS = 10**MONEY_SCALE
QUANTITY_SCALE = 3
# Beyond a million billion cents a float no longer holds every cent, and Decimal(18, 2) is full.
LARGEST = 9e15

SPELLINGS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "1.0", "on", "x"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", "0.0", "off"), False),
}
# A whole number that a program kept as a float, and wrote as one.
FLOAT_ID = r"^(?:0|[1-9][0-9]*)\.0$"
YEARS = (1, 9999)


def text(column: str, null_values: Collection[str] = ()) -> pl.Expr:
    """Return the trimmed, NFKC-normalised text of a column; blank is null.

    Numbers keep their digits as text, so that identifiers keep leading zeros where they have any;
    a whole number kept as a float (``17850.0``, typed or written) has no fraction.

    Parameters
    ----------
    column
        Of any type.
    null_values
        Words that are blank too, see `without_words`.

    Returns
    -------
    polars.Expr
        String.
    """
    # One function per column: an expression used twice would be evaluated twice.

    def read(cells: pl.Series) -> pl.Series:
        return without_words(_clean(cells), null_values)

    return pl.col(column).map_batches(read, return_dtype=pl.String)


def slugs(name: pl.Expr) -> pl.Expr:
    """Return the slugs of names (see `slugify`); null stays null.

    Parameters
    ----------
    name
        Text.

    Returns
    -------
    polars.Expr
        String.
    """
    return name.map_batches(_slugs, return_dtype=pl.String)


def scaled(cell: pl.Expr, dtype: pl.DataType, decimal: str, scale: int) -> pl.Expr:
    """Read a number as an integer count of 10^-scale units.

    Parameters
    ----------
    cell
        Raw cell of type `dtype`: a number, or text such as ``$1,234.50``, ``(250.00)``, ``-12``;
        see `read_numbers`.
    dtype
        Its type; numbers are taken as they are.
    decimal
        Decimal mark of text: ``.`` (groups by ``,``) or ``,`` (groups by ``.``).
    scale
        Decimals kept: 2 for money, 3 for quantities; further ones are rounded half to even.

    Returns
    -------
    polars.Expr
        Int64; null where blank or unreadable.
    """

    def units(cells: pl.Series) -> pl.Series:
        # A typed column that is neither, such as of dates, has no number in it: told by its text.
        texts = cells if dtype == pl.String() else _clean(cells)
        numbers = cells.cast(pl.Float64) if dtype.is_numeric() else read_numbers(texts, decimal)
        counted = (numbers * 10**scale).round(0)
        legal = counted.is_finite() & (counted.abs() < LARGEST)
        return counted.zip_with(legal.fill_null(value=False), counted.clear(1)).cast(pl.Int64)

    # One function per column: an expression used twice would be parsed twice.
    return cell.map_batches(units, return_dtype=pl.Int64)


def to_decimal(units: pl.Expr, scale: int) -> pl.Expr:
    """Turn an integer count of 10^-scale units into an exact decimal.

    Multiplied by a decimal: dividing a decimal by 100 keeps its scale, so it would lose the cents.

    Parameters
    ----------
    units
        Integers; null stays null.
    scale
        Decimals: 2 for cents, 3 for thousandths of units.

    Returns
    -------
    polars.Expr
        Decimal(18, scale).
    """
    return (units.cast(pl.Decimal(18, 0)) * pl.lit(Decimal(1).scaleb(-scale))).cast(
        pl.Decimal(18, scale)
    )


def is_filled(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return the expression that is true where a cell has something in it.

    Parameters
    ----------
    cell
        Raw cell of type `dtype`.
    dtype
        A number, or text: blanks alone are nothing.

    Returns
    -------
    polars.Expr
        Boolean, never null.
    """
    if dtype.is_numeric():
        return cell.is_not_null()
    return cell.is_not_null() & (cell.str.strip_chars() != "")


def finding_where(condition: pl.Expr, finding: str) -> pl.Expr:
    """Return a text where a condition holds, and null elsewhere.

    Parameters
    ----------
    condition
        Boolean; null counts as false.
    finding
        What is then wrong, in words.

    Returns
    -------
    polars.Expr
        String.
    """
    return pl.when(condition).then(pl.lit(finding))


def read_dates(
    cells: pl.Series,
    formats: Sequence[str],
    zone: str | None = None,
    null_values: Collection[str] = (),
) -> pl.DataFrame:
    """Read dates (with or without a time) by the configured formats.

    Parameters
    ----------
    cells
        Text, or dates where the file has types; null where blank.
    formats
        As `read_moments` takes them, at least one.
    zone
        Zone that moments with an offset, or of a typed column with a zone, are told in; without it
        each is told in its own.
    null_values
        Words for nothing, see `without_words`.

    Returns
    -------
    polars.DataFrame
        One row per cell: `moment`, a Datetime, null where blank, unreadable or ambiguous; and
        `problem`, the reason why it is null: ``blank``, ``unreadable``, ``ambiguous`` (two formats
        read different dates), else null.
    """
    if cells.dtype.is_temporal():
        return _typed_dates(cells.rename("cell"), zone)
    cell = pl.col("cell")
    texts = cells.rename("cell").to_frame().select(text("cell")).to_series()
    moments = {form: read_moments(texts, form, zone) for form in formats}
    earliest, latest = (
        pl.DataFrame(moments).select(pick(list(moments))).to_series()
        for pick in (pl.min_horizontal, pl.max_horizontal)
    )
    # Few cells are words: only what no format reads is looked at.
    unread = (earliest.is_null() & texts.is_not_null()).arg_true()
    texts = texts.clone().scatter(unread, without_words(texts[unread], null_values))
    read = pl.DataFrame({"cell": texts, "earliest": earliest, "latest": latest})
    is_one = pl.col("earliest") == pl.col("latest")
    problem = (
        pl.when(cell.is_null())
        .then(pl.lit("blank"))
        .when(pl.col("earliest").is_null())
        .then(pl.lit("unreadable"))
        .when(~is_one)
        .then(pl.lit("ambiguous"))
    )
    return read.select(moment=pl.when(is_one).then("earliest"), problem=problem)


def without_words(cells: pl.Series, words: Collection[str]) -> pl.Series:
    """Return trimmed text with null in place of words that stand for nothing.

    Parameters
    ----------
    cells
        Trimmed text; null stays null.
    words
        As NULL or N/A, in any case.
    """
    words = [word for word in words if word]
    if not words:
        return cells
    # By the first sign, which most cells do not share: writing all cells small costs three times that.
    signs = {re.escape(sign) for word in words for sign in (word[0].lower(), word[0].upper())}
    alike = cells.str.contains(f"^(?:{'|'.join(sorted(signs))})").fill_null(value=False)
    if not alike.any():
        return cells
    is_word = cells.filter(alike).str.to_lowercase().is_in([word.lower() for word in words])
    return cells.clone().scatter(alike.arg_true().filter(is_word), None)


def yes_no(column: str) -> pl.Expr:
    """Read a yes/no column in the usual spellings; null where blank or anything else.

    Parameters
    ----------
    column
        Of any type, as `SPELLINGS` has it in lower case.

    Returns
    -------
    polars.Expr
        Boolean.
    """
    word = text(column).str.to_lowercase()
    return word.replace_strict(SPELLINGS, default=None, return_dtype=pl.Boolean)


def blank_dates(rows: int) -> pl.Series:
    """Return the dates of a column that the source does not have: all blank.

    Parameters
    ----------
    rows
        How many.

    Returns
    -------
    polars.Series
        Datetime, all null.
    """
    return pl.repeat(None, rows, dtype=pl.Datetime("us"), eager=True)


def _slugs(names: pl.Series) -> pl.Series:
    # Few names occur many times.
    distinct = names.drop_nulls().unique().to_list()
    made = [slugify(name) for name in distinct]
    return names.replace_strict(distinct, made, default=None, return_dtype=pl.String)


def _clean(cells: pl.Series) -> pl.Series:
    if cells.dtype.is_float():
        return _float_text(cells)
    stripped = normal(cells.cast(pl.String)).str.strip_chars()
    stripped = stripped.set(stripped == "", None)
    floats = stripped.str.ends_with(".0").fill_null(value=False)
    if not floats.any():
        return stripped
    whole = stripped.filter(floats)
    whole = whole.zip_with(~whole.str.contains(FLOAT_ID), whole.str.strip_suffix(".0"))
    return stripped.scatter(floats.arg_true(), whole)


def _float_text(cells: pl.Series) -> pl.Series:
    """Write floats with the digits that a person would have: no exponent, no empty fraction."""
    written = cells.cast(pl.String)
    # Beyond 2**53 a float is no number that anyone wrote, and has no place in a column of int64.
    whole = (cells.is_finite() & (cells == cells.round(0)) & (cells.abs() < 2**53)).fill_null(
        value=False
    )
    counted = cells.zip_with(whole, cells.clear(1)).cast(pl.Int64).cast(pl.String)
    return written.zip_with(~whole, counted)


def _typed_dates(cells: pl.Series, zone: str | None) -> pl.DataFrame:
    """Take the dates of a typed column; a moment with a zone is told in `zone`, else in its own."""
    kind = cells.dtype
    if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
        local = cells if zone is None else cells.dt.convert_time_zone(zone)
        cells = local.dt.replace_time_zone(None)
    cell, moment = pl.col("cell"), pl.col("cell").cast(MOMENT)
    is_legal = moment.dt.year().is_between(*YEARS)
    problem = (
        pl.when(cell.is_null())
        .then(pl.lit("blank"))
        .when(~is_legal.fill_null(value=False))
        .then(pl.lit("unreadable"))
    )
    return cells.to_frame().select(moment=pl.when(is_legal).then(moment), problem=problem)
