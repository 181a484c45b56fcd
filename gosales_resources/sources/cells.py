"""Turns raw cells into typed values: text, money, quantities, dates, yes and no.

A cell that cannot be read is null; nothing is guessed. Who calls tells blank from unreadable.
"""

from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from gosales_resources.settings.base import slugify

MONEY_SCALE = 2
CENTS = 10**MONEY_SCALE
QUANTITY_SCALE = 3
# Beyond a million billion cents a float no longer holds every cent, and Decimal(18, 2) is full.
LARGEST = 9e15

CURRENCY_SIGNS = r"[$€£¥]|\b(?:USD|CAD|EUR|GBP)\b"
# Digits with or without groups of three, and a fraction; the decimal mark is a point by now.
NUMBER = r"^(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?$"
# What needs no spelling out.
PLAIN = {".": r"^-?[0-9]+(?:\.[0-9]+)?$", ",": r"^-?[0-9]+$"}
CONTROL = r"[\x00-\x1f\x7f]"
SPELLINGS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "1.0", "on", "x"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", "0.0", "off"), False),
}
# What normalising leaves as it is, in every cell of most columns.
NOT_PLAIN_TEXT = r"[^\x20-\x7e]"


def text(column: str) -> pl.Expr:
    """Return the trimmed, NFKC-normalised text of a column; blank is null.

    Numbers keep their digits as text, so that identifiers keep leading zeros where they have any.

    Parameters
    ----------
    column
        Of any type.

    Returns
    -------
    polars.Expr
        String.
    """
    # One function per column: an expression used twice would be evaluated twice.
    return pl.col(column).cast(pl.String).map_batches(_clean, return_dtype=pl.String)


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


def read_dates(cells: pl.Series, formats: Sequence[str]) -> pl.DataFrame:
    """Read dates (with or without a time) by the configured formats.

    Parameters
    ----------
    cells
        Text, or dates where the file has types; null where blank.
    formats
        strptime formats, at least one.

    Returns
    -------
    polars.DataFrame
        One row per cell: `moment`, a Datetime, null where blank, unreadable or ambiguous; and
        `problem`, the reason why it is null: ``blank``, ``unreadable``, ``ambiguous`` (two formats
        read different dates), else null.
    """
    if cells.dtype.is_temporal():
        moment = pl.col("cell").cast(pl.Datetime("us"))
        blank = pl.when(moment.is_null()).then(pl.lit("blank"))
        return cells.rename("cell").to_frame().select(moment=moment, problem=blank)
    cell = pl.col("cell")
    read = (
        cells.rename("cell")
        .to_frame()
        .select(text("cell"))
        .with_columns(_reading(cell, form).alias(form) for form in formats)
        .with_columns(earliest=pl.min_horizontal(formats), latest=pl.max_horizontal(formats))
    )
    earliest, latest = pl.col("earliest"), pl.col("latest")
    problem = (
        pl.when(cell.is_null())
        .then(pl.lit("blank"))
        .when(earliest.is_null())
        .then(pl.lit("unreadable"))
        .when(earliest != latest)
        .then(pl.lit("ambiguous"))
    )
    return read.select(moment=pl.when(earliest == latest).then(earliest), problem=problem)


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
    stripped = _normal(cells).str.strip_chars()
    return stripped.set(stripped == "", None)


def _normal(cells: pl.Series) -> pl.Series:
    """Normalise to NFKC, control characters to spaces; most cells are plain and are not touched."""
    odd = cells.str.contains(NOT_PLAIN_TEXT).fill_null(value=False)
    if not odd.any():
        return cells
    normal = cells.filter(odd).str.normalize("NFKC").str.replace_all(CONTROL, " ")
    return cells.scatter(odd.arg_true(), normal)


def _reading(cell: pl.Expr, form: str) -> pl.Expr:
    has_time = any(sign in form for sign in ("%H", "%I", "%T", "%s"))
    kind = pl.Datetime("us") if has_time else pl.Date()
    return cell.str.strptime(kind, form, strict=False).cast(pl.Datetime("us"))


def _numbers(cells: pl.Series, decimal: str) -> pl.Series:
    """Read plain numbers at once and spell out only the rest: most cells are plain or blank."""
    cells = cells.str.strip_chars()
    plain = cells.str.contains(PLAIN[decimal]).fill_null(value=False)
    read = cells.zip_with(plain, cells.clear(1)).cast(pl.Float64)
    rest = ~plain & (cells != "").fill_null(value=False)
    if not rest.any():
        return read
    spelled = _spelled(_normal(cells.filter(rest)), decimal)
    return read.scatter(rest.arg_true(), spelled)


def _spelled(cells: pl.Series, decimal: str) -> pl.Series:
    plain = cells.str.replace_all(CURRENCY_SIGNS, "").str.replace_all(r"\s", "")
    if decimal == ",":
        # "1.234,50" becomes "1,234.50".
        plain = plain.str.replace_all(",", "\x01", literal=True)
        plain = plain.str.replace_all(".", ",", literal=True)
        plain = plain.str.replace_all("\x01", ".", literal=True)
    in_brackets = plain.str.starts_with("(") & plain.str.ends_with(")")
    bare = plain.str.replace(r"^\((.*)\)$", "$1")
    signed = bare.str.starts_with("-") | bare.str.ends_with("-")
    digits = bare.str.strip_prefix("-").str.strip_suffix("-").str.strip_prefix("+")
    # "(-5)" says negative twice: unreadable rather than guessed.
    legal = digits.str.contains(NUMBER) & digits.str.contains(r"\d") & ~(in_brackets & signed)
    ungrouped = digits.str.replace_all(",", "", literal=True)
    magnitude = ungrouped.zip_with(legal, cells.clear(1)).cast(pl.Float64)
    return magnitude.zip_with(~(in_brackets | signed), -magnitude)
