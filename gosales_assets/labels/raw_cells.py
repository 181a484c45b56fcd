"""Cells of the raw log read the plain way: text, dates, amounts, from their definition."""

import datetime as dt
import re
from collections.abc import Collection
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from unicodedata import category, normalize
from unicodedata import decimal as digit_of
from zoneinfo import ZoneInfo

from gosales_resources.sources.month_names import ENGLISH, MONTHS

# A currency in front of a number or behind it; every sign of one is a dollar by then.
CURRENCY = (
    r"(?:(?:US|CA|AU|NZ|HK|NT|MX|[ACRS])?\$|(?i:sfr|fr|kr|rs|zł|kč|ft|лв)\.?|USD|CAD|EUR|GBP|AUD|NZD"
    r"|CHF|JPY|CNY|RMB|INR|BRL|MXN|SEK|NOK|DKK|PLN|CZK|HUF|RON|ZAR|SGD|HKD|KRW|TRY|ILS|AED|SAR|THB)"
)
IN_FRONT = re.compile(rf"^([-+(\s]*){CURRENCY}\s*")
BEHIND = re.compile(rf"(?<=[0-9.\s-])\s*{CURRENCY}([-)\s]*|\s*CR)$")
THREES = re.compile(r"[0-9]{1,3}(?:(?P<sign>[,' ])[0-9]{3})(?:(?P=sign)[0-9]{3})*")
LAKHS = re.compile(r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}")
SIGNS = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u2019\u2018\u02bc\u2032`\u00b4", "'"),
}
# Python takes them for white space, Unicode does not: a cell of them is filled, and no number.
SEPARATORS = frozenset("\x1c\x1d\x1e\x1f")
FLOAT_ID = re.compile(r"(0|[1-9][0-9]*)\.0")
SERIAL = re.compile(r"[0-9]{1,7}(\.[0-9]+)?")
SERIAL_START = dt.datetime(1899, 12, 30)  # noqa: DTZ001  a spreadsheet has no zone
SERIAL_END = 2_958_466
WORD = re.compile(r"[^\W\d_]+")
CENTS = Decimal(100)
# Beyond a million billion cents an amount is unreadable.
LARGEST_CENTS = Decimal("9e15")


class UnreadableRowError(Exception):
    """A row that is a reject."""


def plain_text(cell: object) -> str:
    """Return trimmed, NFKC-normalised text; blank is empty, and 12.0 is 12."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        cell = int(cell)
    text = _normal(str(cell)).strip()
    return text.removesuffix(".0") if text.endswith(".0") and FLOAT_ID.fullmatch(text) else text


def _normal(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    normal = normalize("NFKC", text)
    return "".join(" " if sign < " " or sign == "\x7f" else sign for sign in normal)


def plain_moment(
    cell: object, formats: tuple[str, ...], zone: str | None = None, nothing: Collection[str] = ()
) -> dt.datetime | None:
    """Read a date; None where blank or one of the words for nothing (in small letters).

    Raises
    ------
    UnreadableRowError
        When no format reads it, or two read different moments.
    """
    if isinstance(cell, dt.datetime):
        is_told = cell.tzinfo is not None and zone is not None
        return (cell.astimezone(ZoneInfo(zone or "UTC")) if is_told else cell).replace(tzinfo=None)
    if isinstance(cell, dt.date):
        return dt.datetime.fromisoformat(cell.isoformat())
    text = plain_text(cell)
    return None if text.lower() in nothing else _moment_of_text(text, formats, zone)


@cache
def _moment_of_text(text: str, formats: tuple[str, ...], zone: str | None) -> dt.datetime | None:
    text = "".join(map(_plain_sign, text))
    if not text:
        return None
    found = {moment for form in formats if (moment := _by_format(text, form, zone)) is not None}
    if len(found) != 1:
        raise UnreadableRowError
    return found.pop()


def _by_format(text: str, form: str, zone: str | None) -> dt.datetime | None:
    if form == "serial":
        days = float(text) if SERIAL.fullmatch(text) else 0
        seconds = dt.timedelta(seconds=round(days * 86_400))
        return SERIAL_START + seconds if 1 <= days < SERIAL_END else None
    if form.endswith("Z") and not form.endswith("%Z"):
        form = form[:-1] + "%z"
    form = re.sub("%[:#]+z", "%z", form)
    if "%z" in form:
        if re.search(r"[+-][0-9]{2}:?[0-9]{2}:?[0-9]{2}(\.[0-9]+)?$", text):
            # An offset has hours and minutes; Python's own %z reads seconds too.
            return None
        text = re.sub(r"([+-][0-9]{2})$", r"\g<1>00", re.sub("(?:UTC|GMT)$", "Z", text))
    texts = [text]
    if re.search("%[bBh]", form):
        form = re.sub("%[bBh]", "%b", form)
        short = WORD.sub(lambda word: _english(word[0]), text)
        texts = [short, re.sub(r"([a-z]{3})\.", r"\1", short)]
    is_month = not re.search("%[-_0]?[dejDFcxsv+uw]", form)
    for written in texts:
        for shape in {form.replace("%.f", ".%f"), form.replace("%.f", "")}:
            try:
                read = dt.datetime.strptime(written, shape)  # noqa: DTZ007
            except ValueError:
                continue
            if read.tzinfo is not None and zone is not None:
                read = read.astimezone(ZoneInfo(zone))
            read = read.replace(tzinfo=None)
            return _last_of_month(read) if is_month else read
    return None


def _last_of_month(day: dt.datetime) -> dt.datetime:
    return (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)


def _english(word: str) -> str:
    month = MONTHS.get(word.lower())
    return ENGLISH[month - 1] if month else word


def _plain_sign(sign: str) -> str:
    if sign.isascii():
        return SIGNS.get(sign, sign)
    return str(digit_of(sign)) if category(sign) == "Nd" else SIGNS.get(sign, sign)


def plain_number(cell: object, decimal: str, nothing: Collection[str] = ()) -> Decimal | None:
    """Read a number; None where blank or one of the words for nothing (in small letters).

    Raises
    ------
    UnreadableRowError
        When it is none.
    """
    if cell is None or plain_text(cell).lower() in nothing:
        return None
    if isinstance(cell, str):
        return _number_of_text(cell, decimal)
    number = Decimal(str(cell))
    if not number.is_finite():
        raise UnreadableRowError
    return number


@cache
def _number_of_text(cell: str, mark: str) -> Decimal | None:
    if not cell.strip() and not SEPARATORS & set(cell):
        return None
    text = "".join("$" if category(s) == "Sc" else _plain_sign(s) for s in _normal(cell).strip())
    if any(category(sign) == "No" for sign in cell):
        raise UnreadableRowError
    text = BEHIND.sub(r"\1", IN_FRONT.sub(r"\1", text, count=1)).strip()
    if text == "-":
        return Decimal(0)
    if mark == ",":
        text = text.translate(str.maketrans(".,", ",."))
    in_brackets = text.startswith("(") and text.endswith(")")
    bare = text[1:-1].strip() if in_brackets else text
    is_credit = bool(re.search(r"CR\.?$", bare, re.IGNORECASE))
    bare = re.sub(r"(?i)\s*CR\.?$", "", bare)
    signed = bare.startswith("-") or bare.endswith("-")
    digits = bare.removeprefix("-").removesuffix("-").removeprefix("+").strip()
    if in_brackets + signed + is_credit > 1:
        raise UnreadableRowError
    amount = _ungrouped(digits, mark)
    if abs(amount) * CENTS >= LARGEST_CENTS:
        raise UnreadableRowError
    return -amount if in_brackets or signed or is_credit else amount


def _ungrouped(digits: str, mark: str) -> Decimal:
    whole, point, fraction = digits.partition(".")
    is_whole = bool(
        re.fullmatch("[0-9]+", whole)
        or THREES.fullmatch(whole)
        or (mark == "." and LAKHS.fullmatch(whole))
    )
    is_fraction = not point or bool(re.fullmatch("[0-9]+", fraction))
    if not is_fraction or not (is_whole or (point and not whole)):
        raise UnreadableRowError
    return Decimal(re.sub("[,' ]", "", whole + point + fraction))


def plain_cents(amount: Decimal) -> tuple[Decimal, bool]:
    """Return an amount in whole cents, and whether that is what was written."""
    cents = (amount * CENTS).quantize(Decimal(1), ROUND_HALF_EVEN)
    return cents, cents == amount * CENTS
