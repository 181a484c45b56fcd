"""Numbers as people write them: signs, brackets, groups, currencies, digits of any script.

A cell that could be two numbers is none: nothing here guesses.
"""

import sys
import unicodedata
from functools import cache

import polars as pl

# What needs no spelling out.
PLAIN = {".": r"^-?[0-9]+(?:\.[0-9]+)?$", ",": r"^-?[0-9]+$"}
# A fraction such as ½ or a power such as 10² would become other digits when it is normalised.
NO_DIGIT = r"\p{No}"
OTHER_DIGIT = r"[\p{Nd}--0-9]"
# Hyphens, dashes and the minus of typesetters; what is grouped by in Switzerland.
DASHES = "[\u2010\u2011\u2012\u2013\u2014\u2015\u2212]"
APOSTROPHES = "[\u2019\u2018\u02bc\u2032`\u00b4]"
# In front of a number or behind it, never inside: 12€50 has its mark there.
CURRENCY = (
    r"(?:(?:US|CA|AU|NZ|HK|NT|MX|[ACRS])?\p{Sc}|(?i:SFr|Fr|kr|Rs|zł|Kč|Ft|лв)\.?"
    r"|(?:USD|CAD|EUR|GBP|AUD|NZD|CHF|JPY|CNY|RMB|INR|BRL|MXN|SEK|NOK|DKK|PLN|CZK|HUF|RON|ZAR|SGD|HKD"
    r"|KRW|TRY|ILS|AED|SAR|THB))"
)
CURRENCY_IN_FRONT = rf"^([-+(\s]*){CURRENCY}\s*"
CURRENCY_BEHIND = rf"([0-9.\s-])\s*{CURRENCY}([-)\s]*|\s*CR)$"
# Alone, what accountants write for nought.
NOUGHT = "-"
CREDIT = r"(?i)\s*CR\.?$"
FRACTION = r"(?:\.[0-9]+)?"
# Digits in groups of three by one sign, or in none; the decimal mark is a point by now.
GROUPED = [rf"[0-9]{{1,3}}(?:{sign}[0-9]{{3}})+" for sign in (",", "'", " ")]
# Of lakhs and crores: twos, and a three at the end.
INDIAN = r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}"
NUMBER = {
    ".": rf"^(?:(?:[0-9]+|{'|'.join([*GROUPED, INDIAN])}){FRACTION}|\.[0-9]+)$",
    ",": rf"^(?:(?:[0-9]+|{'|'.join(GROUPED)}){FRACTION}|\.[0-9]+)$",
}
CONTROL = r"[\x00-\x1f\x7f]"
# What normalising leaves as it is, in every cell of most columns.
NOT_PLAIN_TEXT = r"[^\x20-\x7e]"


def read_numbers(cells: pl.Series, decimal: str) -> pl.Series:
    """Read numbers, plain ones at once and the rest by their spelling: most are plain or blank.

    Parameters
    ----------
    cells
        Text.
    decimal
        Decimal mark: ``.`` (groups by ``,``) or ``,`` (groups by ``.``).

    Returns
    -------
    polars.Series
        Float64; null where blank or no number. Brackets, a minus on either side and a credit
        (``CR`` behind) are negative, a lone dash is nought. Twice negative is no number.

    Examples
    --------
    >>> read_numbers(pl.Series(["1'234.50", "$ -", "3-", "(2.50)"]), ".").to_list()
    [1234.5, 0.0, -3.0, -2.5]
    """
    cells = cells.str.strip_chars()
    plain = cells.str.contains(PLAIN[decimal]).fill_null(value=False)
    read = cells.zip_with(plain, cells.clear(1)).cast(pl.Float64)
    rest = ~plain & (cells != "").fill_null(value=False)
    if not rest.any():
        return read
    return read.scatter(rest.arg_true(), _spelled(cells.filter(rest), decimal))


def normal(cells: pl.Series) -> pl.Series:
    """Normalise to NFKC, control characters to spaces; most cells are plain and are not touched.

    Parameters
    ----------
    cells
        Text; null stays null.
    """
    odd = cells.str.contains(NOT_PLAIN_TEXT).fill_null(value=False)
    if not odd.any():
        return cells
    changed = cells.filter(odd).str.normalize("NFKC").str.replace_all(CONTROL, " ")
    return cells.clone().scatter(odd.arg_true(), changed)


def ascii_digits(cells: pl.Series) -> pl.Series:
    """Write digits of other scripts as 0 to 9.

    Parameters
    ----------
    cells
        Text; null stays null.
    """
    odd = cells.str.contains(OTHER_DIGIT).fill_null(value=False)
    if not odd.any():
        return cells
    changed = cells.filter(odd).str.replace_many(_digits())
    return cells.clone().scatter(odd.arg_true(), changed)


@cache
def _digits() -> dict[str, str]:
    """Look 700 of them up among all signs, which takes 0.2 s: when a first one is met."""
    others = map(chr, range(128, sys.maxunicode + 1))
    return {s: str(unicodedata.decimal(s)) for s in others if unicodedata.category(s) == "Nd"}


def _spelled(cells: pl.Series, decimal: str) -> pl.Series:
    is_other = cells.str.contains(NO_DIGIT)
    plain = ascii_digits(normal(cells)).str.replace_all(DASHES, "-")
    plain = plain.str.replace_all(APOSTROPHES, "'").str.strip_chars()
    plain = plain.str.replace(CURRENCY_IN_FRONT, "${1}").str.replace(CURRENCY_BEHIND, "${1}${2}")
    plain = plain.str.strip_chars()
    if decimal == ",":
        # "1.234,50" becomes "1,234.50".
        plain = plain.str.replace_many([",", "."], [".", ","])
    in_brackets = plain.str.starts_with("(") & plain.str.ends_with(")")
    bare = plain.str.replace(r"^\((.*)\)$", "$1").str.strip_chars()
    is_credit = bare.str.contains(CREDIT)
    bare = bare.str.replace(CREDIT, "")
    signed = bare.str.starts_with("-") | bare.str.ends_with("-")
    digits = bare.str.strip_prefix("-").str.strip_suffix("-").str.strip_prefix("+")
    digits = digits.str.strip_chars()
    # "(-5)" says negative twice: unreadable rather than guessed.
    times = in_brackets.cast(pl.Int8) + signed.cast(pl.Int8) + is_credit.cast(pl.Int8)
    legal = digits.str.contains(NUMBER[decimal]) & (times <= 1) & ~is_other
    ungrouped = digits.str.replace_all(r"[,' ]", "")
    magnitude = ungrouped.zip_with(legal, cells.clear(1)).cast(pl.Float64)
    read = magnitude.zip_with(times == 0, -magnitude)
    return read.set((plain == NOUGHT) & ~is_other, 0.0)
