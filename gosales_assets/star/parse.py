"""Turns raw cells into typed values: text, money, quantities, dates.

A cell that cannot be read is null; nothing is guessed. Who calls tells blank from unreadable.
"""

from collections.abc import Sequence
from decimal import Decimal

import polars as pl

MONEY_SCALE = 2
QUANTITY_SCALE = 3
# Beyond a million billion cents a float no longer holds every cent, and Decimal(18, 2) is full.
LARGEST = 9e15

CURRENCY_SIGNS = r"[$€£¥]|\b(?:USD|CAD|EUR|GBP)\b"
# Digits with or without groups of three, and a fraction; the decimal mark is a point by now.
NUMBER = r"^(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?$"
NOT_ASCII = r"[^\x00-\x7f]"
# What needs no spelling out.
PLAIN = {".": r"^-?[0-9]+(?:\.[0-9]+)?$", ",": r"^-?[0-9]+$"}
CONTROL = r"[\x00-\x1f\x7f]"


def text(column: str) -> pl.Expr:
    """Return the trimmed, NFKC-normalised text of a column; blank is null.

    Numbers keep their digits as text, so that identifiers keep leading zeros where they have any.
    """
    cleaned = (
        pl.col(column)
        .cast(pl.String)
        .map_batches(_compatible, return_dtype=pl.String)
        .str.replace_all(CONTROL, " ")
        .str.strip_chars()
    )
    return pl.when(cleaned != "").then(cleaned)


def scaled(cell: pl.Expr, dtype: pl.DataType, decimal: str, scale: int) -> pl.Expr:
    """Read a number as an integer count of 10^-scale units.

    Parameters
    ----------
    cell
        Raw cell of type `dtype`: a number, or text such as ``$1,234.50``, ``(250.00)``, ``-12``.
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
        numbers = cells.cast(pl.Float64) if dtype.is_numeric() else _numbers(cells, decimal)
        counted = (numbers * 10**scale).round(0)
        legal = counted.is_finite() & (counted.abs() < LARGEST)
        return counted.zip_with(legal.fill_null(value=False), counted.clear(1)).cast(pl.Int64)

    # One function per column: an expression used twice would be parsed twice.
    return cell.map_batches(units, return_dtype=pl.Int64)


def exact(units: pl.Expr, scale: int) -> pl.Expr:
    """Turn an integer count of 10^-scale units into an exact decimal.

    Multiplied by a decimal: dividing a decimal by 100 keeps its scale, so it would lose the cents.
    """
    return (units.cast(pl.Decimal(18, 0)) * pl.lit(Decimal(1).scaleb(-scale))).cast(
        pl.Decimal(18, scale)
    )


def is_filled(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return the expression that is true where a cell has something in it."""
    if dtype.is_numeric():
        return cell.is_not_null()
    return cell.is_not_null() & (cell.str.strip_chars() != "")


def day_time(column: str, dtype: pl.DataType, formats: Sequence[str]) -> tuple[pl.Expr, pl.Expr]:
    """Read a date (with or without a time) by the configured formats.

    Returns
    -------
    tuple of polars.Expr
        The Datetime, null where blank, unreadable or ambiguous; and the reason why it is null:
        ``blank``, ``unreadable``, ``ambiguous`` (two formats read different dates), else null.
    """
    if dtype.is_temporal():
        moment = pl.col(column).cast(pl.Datetime("us"))
        return moment, pl.when(moment.is_null()).then(pl.lit("blank"))
    cell = text(column)
    readings = [_reading(cell, form) for form in formats]
    earliest, latest = pl.min_horizontal(readings), pl.max_horizontal(readings)
    reason = (
        pl.when(cell.is_null())
        .then(pl.lit("blank"))
        .when(earliest.is_null())
        .then(pl.lit("unreadable"))
        .when(earliest != latest)
        .then(pl.lit("ambiguous"))
    )
    return pl.when(earliest == latest).then(earliest), reason


def _compatible(cells: pl.Series) -> pl.Series:
    """Normalise to NFKC; plain ASCII, which most columns are, is left as it is (20 times faster)."""
    if not cells.str.contains(NOT_ASCII).any():
        return cells
    return cells.str.normalize("NFKC")


def _reading(cell: pl.Expr, form: str) -> pl.Expr:
    has_time = any(sign in form for sign in ("%H", "%I", "%T", "%s"))
    kind = pl.Datetime("us") if has_time else pl.Date()
    return cell.str.strptime(kind, form, strict=False).cast(pl.Datetime("us"))


def _numbers(cells: pl.Series, decimal: str) -> pl.Series:
    """Read plain numbers at once and spell out only the rest: most cells are plain or blank."""
    cells = cells.str.strip_chars().rename("cell")
    plain = cells.str.contains(PLAIN[decimal]).fill_null(value=False)
    read = cells.zip_with(plain, cells.clear(1)).cast(pl.Float64)
    rest = ~plain & (cells != "").fill_null(value=False)
    if not rest.any():
        return read
    spelled = cells.filter(rest).to_frame().select(_spelled(pl.col("cell"), decimal)).to_series()
    return read.scatter(rest.arg_true(), spelled)


def _spelled(cell: pl.Expr, decimal: str) -> pl.Expr:
    plain = (
        cell.str.normalize("NFKC").str.replace_all(CURRENCY_SIGNS, "").str.replace_all(r"\s", "")
    )
    if decimal == ",":
        # "1.234,50" becomes "1,234.50".
        plain = plain.str.replace_all(",", "\x01", literal=True)
        plain = plain.str.replace_all(".", ",", literal=True)
        plain = plain.str.replace_all("\x01", ".", literal=True)
    in_brackets = plain.str.starts_with("(") & plain.str.ends_with(")")
    bare = pl.when(in_brackets).then(plain.str.slice(1, plain.str.len_chars() - 2)).otherwise(plain)
    signed = bare.str.starts_with("-") | bare.str.ends_with("-")
    digits = bare.str.strip_prefix("-").str.strip_suffix("-").str.strip_prefix("+")
    legal = digits.str.contains(NUMBER) & digits.str.contains(r"\d")
    magnitude = pl.when(legal).then(digits.str.replace_all(",", "")).cast(pl.Float64, strict=False)
    # "(-5)" says negative twice: unreadable rather than guessed.
    return (
        pl.when(in_brackets & signed)
        .then(None)
        .when(in_brackets | signed)
        .then(-magnitude)
        .otherwise(magnitude)
    )
