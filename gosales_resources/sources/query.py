"""The one statement that reads a table: named columns, bound conditions, a fixed order. Pure.

Names come from the database's own catalogue and are quoted by its dialect; values are bound.
Nothing from the settings becomes SQL text.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name
from sqlalchemy.types import TypeEngine

from gosales_resources.errors import SourceError, nearest
from gosales_resources.settings.inputs import Condition, DatabaseTable, Scalar

ANY = sa.types.NullType()


@dataclass(frozen=True)
class FoundTable:
    """A table as its database describes it."""

    name: str
    schema: str | None
    types: Mapping[str, TypeEngine]
    """Type of each column."""
    key: Sequence[str] = ()
    """Primary key; views have none."""
    has_types: bool = True
    """False where any column may hold anything (SQLite): values are compared as they are."""


def chosen_columns(
    table: FoundTable, wanted: DatabaseTable, where: Sequence[Condition] = ()
) -> list[str]:
    """Return the columns to read.

    Parameters
    ----------
    table
        As its database describes it.
    wanted
        Columns and conditions of the settings.
    where
        Conditions of the source, which files have too.

    Raises
    ------
    SourceError
        When one that is to be read or compared is not there; the nearest names are offered.
    """
    columns = wanted.columns or list(table.types)
    named = [*columns, *(condition.column for condition in (*wanted.where, *where))]
    missing = [
        f"  no column {name!r}. {nearest(name, table.types)}"
        for name in dict.fromkeys(named)
        if name not in table.types
    ]
    if missing:
        raise SourceError(
            f"{wanted.table}: {len(missing)} configured column(s) missing:\n" + "\n".join(missing)
        )
    return columns


def build_statement(
    table: FoundTable, wanted: DatabaseTable, where: Sequence[Condition] = ()
) -> sa.Select:
    """Select the configured columns and rows, ordered by the primary key, else by all of them.

    Parameters
    ----------
    table, wanted, where
        As of `chosen_columns`. A null meets a condition of the source as a blank cell of a file
        does: it equals nothing, and nothing is dropped that has no order.

    Raises
    ------
    SourceError
        When a column is missing, or a value does not fit the type of its column.
    """
    columns = chosen_columns(table, wanted, where)
    # Without types, so that values come as the driver has them and are not made into floats.
    known = {name: sa.column(quoted_name(name, quote=True)) for name in table.types}
    source = sa.table(
        quoted_name(table.name, quote=True),
        *known.values(),
        schema=quoted_name(table.schema, quote=True) if table.schema else None,
    )
    order = [source.c[name] for name in table.key or columns]
    return (
        sa.select(*(source.c[name] for name in columns))
        .where(*(_condition(source.c[c.column], c, table) for c in wanted.where))
        .where(*(_or_blank(source.c[c.column], c, table) for c in where))
        .order_by(*order)
    )


def _condition(
    column: sa.ColumnElement, condition: Condition, table: FoundTable
) -> sa.ColumnElement[bool]:
    kind = table.types[condition.column] if table.has_types else ANY
    bound = [sa.literal(_fitted(value, kind, condition.column), kind) for value in condition.values]
    if condition.op == "in":
        return column.in_(bound)
    if condition.op == "not in":
        return column.not_in(bound)
    return column.bool_op(condition.op)(bound[0])


def _or_blank(
    column: sa.ColumnElement, condition: Condition, table: FoundTable
) -> sa.ColumnElement[bool]:
    holds = _condition(column, condition, table)
    return holds if condition.op in ("=", "in") else sa.or_(holds, column.is_(None))


def _fitted(value: Scalar, kind: TypeEngine, column: str) -> object:
    """Turn a value of the settings into one of the column's type."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fitted: object = None
    try:
        match kind:
            case sa.DateTime():
                fitted = dt.datetime.fromisoformat(str(value))
            case sa.Date():
                fitted = dt.date.fromisoformat(str(value))
            case sa.Boolean():
                fitted = value if isinstance(value, bool) else None
            case sa.Integer():
                fitted = value if is_number and isinstance(value, int) else None
            case sa.Numeric():
                number = Decimal(str(value)) if kind.asdecimal else value
                fitted = number if is_number else None
            case sa.String():
                fitted = value if isinstance(value, str) else None
            case _:
                # Days and moments are text where columns have no types.
                fitted = str(value) if isinstance(value, dt.date) else value
    except (ValueError, InvalidOperation):
        fitted = None
    if fitted is None:
        raise SourceError(
            f"where: column {column!r} is {kind}, and {value!r} is not. Write the value as that "
            "type; text in quotes."
        )
    return fitted
