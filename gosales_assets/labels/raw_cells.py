"""Cells of the raw log read the plain way: text, dates, amounts, from their definition."""

import datetime as dt
import re
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from unicodedata import category, normalize

SIGNS = re.compile(r"[$€£¥]|\b(?:USD|CAD|EUR|GBP)\b|\s")
NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?")
CENTS = Decimal(100)
# Beyond a million billion cents an amount is unreadable.
LARGEST_CENTS = Decimal("9e15")


class UnreadableRowError(Exception):
    """A row that is a reject."""


def plain_text(cell: object) -> str:
    """Return trimmed, NFKC-normalised text; blank is empty."""
    if cell is None:
        return ""
    text = str(cell)
    if not (text.isascii() and text.isprintable()):
        normal = normalize("NFKC", text)
        text = "".join(" " if category(sign) == "Cc" else sign for sign in normal)
    return text.strip()


def plain_moment(cell: object, formats: tuple[str, ...]) -> dt.datetime | None:
    """Read a date; None where blank.

    Raises
    ------
    UnreadableRowError
        When no format reads it, or two read different moments.
    """
    if isinstance(cell, dt.datetime):
        return cell.replace(tzinfo=None)
    if isinstance(cell, dt.date):
        return dt.datetime.fromisoformat(cell.isoformat())
    return _moment_of_text(cell if isinstance(cell, str) else str(cell or ""), formats)


@cache
def _moment_of_text(text: str, formats: tuple[str, ...]) -> dt.datetime | None:
    text = plain_text(text)
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


def plain_number(cell: object, decimal: str) -> Decimal | None:
    """Read a number; None where blank.

    Raises
    ------
    UnreadableRowError
        When it is none.
    """
    if cell is None:
        return None
    return _number_of_text(cell, decimal) if isinstance(cell, str) else Decimal(str(cell))


@cache
def _number_of_text(cell: str, decimal: str) -> Decimal | None:
    if not cell.strip():
        return None
    text = SIGNS.sub("", plain_text(cell))
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


def plain_cents(amount: Decimal) -> tuple[Decimal, bool]:
    """Return an amount in whole cents, and whether that is what was written."""
    cents = (amount * CENTS).quantize(Decimal(1), ROUND_HALF_EVEN)
    return cents, cents == amount * CENTS
