"""What the settings say of a raw row, read the plain way: left out, a return, its revenue by price."""

import datetime as dt
import operator
from collections.abc import Collection
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from gosales_assets.labels.raw_cells import (
    CENTS,
    LARGEST_CENTS,
    UnreadableRowError,
    plain_moment,
    plain_number,
    plain_text,
)
from gosales_resources.settings.inputs import Condition
from gosales_resources.settings.source import LogSource

YES = frozenset({"true", "t", "yes", "y", "1", "1.0", "on", "x"})
NO = frozenset({"false", "f", "no", "n", "0", "0.0", "off"})
ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def plain_where(cell: object, condition: Condition, log: LogSource) -> bool:
    """Tell whether a row is kept for a cell of its; one that cannot be compared is."""
    is_blank = not plain_text(cell)
    try:
        read = None if is_blank else _comparable(cell, condition.values[0], log)
    except UnreadableRowError:
        return True
    values = [_plain_value(value, log) for value in condition.values]
    if condition.op in ("=", "in"):
        return read is not None and read in values
    if condition.op in ("!=", "not in"):
        return read is None or read not in values
    return read is None or ORDERS[condition.op](read, values[0])


def _comparable(cell: object, value: object, log: LogSource) -> Any:
    if isinstance(value, bool):
        word = plain_text(cell).lower()
        if word not in YES | NO:
            raise UnreadableRowError
        return word in YES
    if isinstance(value, int | float):
        if isinstance(cell, dt.date):
            raise UnreadableRowError
        number = plain_number(cell, log.decimal)
        return None if number is None else float(number)
    if isinstance(value, dt.date):
        moment = plain_moment(cell, tuple(log.date_formats), log.time_zone)
        is_moment = isinstance(value, dt.datetime)
        return moment if is_moment or moment is None else moment.date()
    return plain_text(cell)


def _plain_value(value: Any, log: LogSource) -> Any:
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        told = value.astimezone(ZoneInfo(log.time_zone)) if log.time_zone else value
        return told.replace(tzinfo=None)
    return plain_text(value) if isinstance(value, str) else value


def plain_discount(cell: object, decimal: str, unit: str, nothing: Collection[str]) -> Decimal:
    """Read a discount: its fraction, or money taken off the line.

    Raises
    ------
    UnreadableRowError
        When it is no number.
    """
    text = plain_text(cell)
    is_percent = unit != "amount" and text.endswith("%")
    number = plain_number(text[:-1] if is_percent else cell, decimal, nothing) or Decimal(0)
    return number / 100 if is_percent or unit == "percent" else number


def plain_revenue(
    price: Decimal | None, quantity: Decimal | None, discount: Decimal, unit: str
) -> tuple[Decimal, bool] | None:
    """Return the cents of a line by its price, and whether they are rounded; None where blank.

    Raises
    ------
    UnreadableRowError
        When there is a price and no quantity, a discount below nothing or above all, or too much.
    """
    if price is not None and quantity is None:
        raise UnreadableRowError
    full = None if price is None or quantity is None else price * quantity
    limit = Decimal(1) if unit != "amount" else abs(full if full is not None else Decimal("inf"))
    if not 0 <= discount <= limit:
        raise UnreadableRowError
    if full is None:
        return None
    worth = abs(full) - discount if unit == "amount" else abs(full) * (1 - discount)
    cents = (worth * CENTS).quantize(Decimal(1), ROUND_HALF_EVEN)
    if cents >= LARGEST_CENTS:
        raise UnreadableRowError
    return (-cents if full < 0 else cents), cents != worth * CENTS
