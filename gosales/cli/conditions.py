"""`--where`: rows of a table by simple conditions, typed by the table; no language, no evaluation."""

import datetime as dt
import re
from collections.abc import Callable, Sequence

import polars as pl

from gosales_resources.errors import ScopeError, nearest

# Longer signs first: `>=` begins with `>`.
SIGNS: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    ">=": pl.Expr.ge, "<=": pl.Expr.le, "!=": pl.Expr.ne, "=": pl.Expr.eq, ">": pl.Expr.gt, "<": pl.Expr.lt,
}  # fmt: skip
CONDITION = re.compile(
    r"\s*(?P<column>[^<>=!~]+?)\s*(?P<sign>>=|<=|!=|=|>|<|~)\s*(?P<value>.*?)\s*"
)
BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def conditions(texts: Sequence[str], schema: pl.Schema, table: str) -> list[pl.Expr]:
    """Return what is true of the rows that are asked for; all of it holds.

    Parameters
    ----------
    texts
        Each a column, a sign and a value: `rank<=10`, `rep=Ann Lee`, `division!=training`,
        `customer_name~acme` (has it, whatever the case). An empty value is none: `rep=`.
    schema
        Of the table: how a value is read.
    table
        Its name, for messages.

    Raises
    ------
    ScopeError
        When one is not written like that, its column is unknown, or its value is none of the column's.
    """
    return [_condition(text, schema, table) for text in texts]


def columns_named(text: str, schema: pl.Schema, table: str) -> list[str]:
    """Return the columns that a text names, commas between, in its order.

    Raises
    ------
    ScopeError
        When the table has no such column; the nearest is offered.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    return [_column(name, schema, table) for name in dict.fromkeys(names)]


def _column(name: str, schema: pl.Schema, table: str) -> str:
    if name not in schema:
        raise ScopeError(f"{table} has no column '{name}'. {nearest(name, schema)}")
    return name


def _condition(text: str, schema: pl.Schema, table: str) -> pl.Expr:
    parts = CONDITION.fullmatch(text)
    if parts is None:
        raise ScopeError(
            f"--where '{text}': write it as COLUMN=VALUE; other signs are !=, >=, <=, >, < and ~ (has "
            "that text)."
        )
    name = _column(parts["column"], schema, table)
    column, kind, sign, value = pl.col(name), schema[name], parts["sign"], parts["value"]
    if kind.is_nested() or isinstance(kind, pl.Binary):
        raise ScopeError(f"--where '{text}': {name} is no single value ({kind}).")
    if sign == "~":
        return column.cast(pl.String).str.to_lowercase().str.contains(value.lower(), literal=True)
    if not value:
        return _of_nothing(column, kind, sign, text)
    if isinstance(kind, pl.Enum | pl.Categorical):
        column = column.cast(pl.String)
    found = SIGNS[sign](column, pl.lit(_read(value, kind, text)))
    # What has no value is not the one that is named.
    return found.fill_null(value=True) if sign == "!=" else found


def _of_nothing(column: pl.Expr, kind: pl.DataType, sign: str, text: str) -> pl.Expr:
    is_text = isinstance(kind, pl.String | pl.Enum | pl.Categorical)
    empty = column.is_null() | (column.cast(pl.String) == "") if is_text else column.is_null()
    if sign in ("=", "!="):
        return empty if sign == "=" else ~empty
    raise ScopeError(f"--where '{text}': the value is missing.")


def _read(value: str, kind: pl.DataType, text: str) -> object:
    """Read a value as what its column holds."""
    try:
        if isinstance(kind, pl.Boolean):
            return BOOLEANS[value.casefold()]
        if isinstance(kind, pl.Date):
            return dt.date.fromisoformat(value)
        if isinstance(kind, pl.Datetime):
            moment = dt.datetime.fromisoformat(value)
            zone = dt.UTC if kind.time_zone else None
            return moment if moment.tzinfo or zone is None else moment.replace(tzinfo=zone)
        if kind.is_numeric():
            return (
                int(value) if kind.is_integer() and value.lstrip("+-").isdecimal() else float(value)
            )
    except (KeyError, ValueError) as error:
        raise ScopeError(f"--where '{text}': '{value}' is no {_said(kind)}.") from error
    return value


def _said(kind: pl.DataType) -> str:
    if isinstance(kind, pl.Boolean):
        return "true or false"
    return "number" if kind.is_numeric() else "date, such as 2024-12-31"
