"""The list as a table: which rows are asked for, in which order, how they look.

Figures are those of `gosales list` and of the files: rounded alike, from the same columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from gosales_assets.delivery.columns import MOVED, PERCENT_DECIMALS, Column, shown_columns
from gosales_assets.delivery.listed import NO_REP, called_by, is_nobodys

# Name -> columns it sorts by and whether the largest comes first; ties keep the order of the list.
ORDERS: dict[str, tuple[str, bool]] = {
    "Rank": ("place", False),
    "Expected value": ("ev", True),
    "Chance": ("p_icp", True),
    "Value if bought": ("conditional_value", True),
    "Wallet": ("wallet", True),
    "Risen most": ("ranks_up", True),
    "Customer": ("customer_name", False),
}
RANKED, BASE_RATE = "ranked", "at the base rate"
BETWEEN = "between"
# From the left, the most important first; each is left out where no row has it.
SHOWN = [
    "rank", "customer_name", "division_name", "p_icp", BETWEEN, "grade", "ev", "wallet", "nba_reason",
    "moved", "rep", "region", "customer_id",
]  # fmt: skip
OPTIONAL = ["wallet", "region", "moved", "grade"]
SEARCHED = ["customer_name", "customer_id", "nba_reason", "division_name"]


@dataclass(frozen=True)
class Filters:
    """Which rows are asked for; what is empty or None asks for all."""

    rep: str | None = None
    region: str | None = None
    divisions: tuple[str, ...] = ()
    """Keys."""
    grades: tuple[str, ...] = ()
    status: str | None = RANKED
    """`RANKED`, or what stands below the list: `BASE_RATE`."""
    selected: bool = False
    """Those within the capacity alone."""
    text: str = ""
    """Found in the customer's name or id, in the reason or the division's name, in any case."""


def choose(rows: pl.LazyFrame, filters: Filters) -> pl.LazyFrame:
    """Keep the rows that are asked for, in their order.

    Parameters
    ----------
    rows
        Of the list.
    filters
        Which.
    """
    wanted = []
    if filters.rep is not None:
        is_own = pl.col("rep").str.strip_chars() == filters.rep
        wanted.append(is_nobodys() if filters.rep == NO_REP else is_own)
    if filters.region is not None:
        wanted.append(pl.col("region") == filters.region)
    if filters.divisions:
        wanted.append(pl.col("division").is_in(filters.divisions))
    if filters.grades:
        wanted.append(pl.col("grade").is_in(filters.grades))
    if filters.status is not None:
        is_ranked = pl.col("rank").is_not_null()
        wanted.append(is_ranked if filters.status == RANKED else ~is_ranked)
    if filters.selected:
        wanted.append(pl.col("is_selected"))
    if text := filters.text.strip():
        # A third of the time that lower-casing all of a million rows takes.
        pattern = f"(?i){pl.escape_regex(text)}"
        wanted.append(pl.any_horizontal(*(pl.col(name).str.contains(pattern) for name in SEARCHED)))
    return rows.filter(*wanted)


def ordered(rows: pl.LazyFrame, order: str) -> pl.LazyFrame:
    """Sort by one of `ORDERS`; what has no value comes last."""
    column, descending = ORDERS[order]
    if column == "place":
        return rows
    return rows.sort(column, "place", descending=[descending, False], nulls_last=True)


def legal_values(rows: pl.DataFrame, column: str) -> list[str]:
    """List what a column holds, by name; blanks are left out."""
    # Stripped once they are few: a million rows hold some hundred names.
    names = rows[column].unique().str.strip_chars().unique().drop_nulls().sort()
    return [name for name in names if name]


def columns_of(rows: pl.DataFrame, currency: str, months: int, *, of_all: bool) -> list[Column]:
    """Say which columns the table has, in order.

    Parameters
    ----------
    rows
        Of the list.
    currency, months
        Of the home, of the label window.
    of_all
        Whether rows of several representatives may be in it.
    """
    empty = {name for name in OPTIONAL if rows[name].null_count() == rows.height}
    names = [n for n in SHOWN if n not in empty and (of_all or n != "rep")]
    own = {
        BETWEEN: Column(BETWEEN, "text", "Chance, interval", "Between", 14,
                        "The interval that holds the rate of rows with such a chance."),
        MOVED.name: MOVED,
    }  # fmt: skip
    known = shown_columns([n for n in names if n not in own], currency, months)
    by_name = {column.name: column for column in known} | own
    return [by_name[name] for name in names]


def figures(rows: pl.LazyFrame, columns: Sequence[Column], decimals: int) -> pl.LazyFrame:
    """Return the table as it is read: percentages, rounded money, who has no name by the id.

    Parameters
    ----------
    rows
        Of the list.
    columns
        See `columns_of`.
    decimals
        Of money.

    Returns
    -------
    polars.LazyFrame
        A column for each, in their order; percentages times 100.
    """
    ends = [
        (100 * pl.col(end)).round(PERCENT_DECIMALS).cast(pl.String) for end in ("p_low", "p_high")
    ]
    made = {
        "customer_name": called_by(),
        BETWEEN: pl.format("{} to {} %", *ends),
    }
    return rows.select(_figure(column, made, decimals).alias(column.name) for column in columns)


def _figure(column: Column, made: dict[str, pl.Expr], decimals: int) -> pl.Expr:
    if column.name in made:
        return made[column.name]
    value = pl.col(column.name)
    if column.look == "percent":
        # As the files round it: the fraction first.
        return (100 * value.round(PERCENT_DECIMALS + 2)).round(PERCENT_DECIMALS)
    return value.round(decimals) + 0.0 if column.look == "money" else value


def since_last(
    now: pl.LazyFrame, before: pl.LazyFrame | None, movement: pl.LazyFrame
) -> dict[str, pl.DataFrame]:
    """Say what has come onto a viewer's list and what has left it since the list before.

    Parameters
    ----------
    now
        The viewer's rows of the list.
    before
        Those of the list before; None where it is not stored.
    movement
        `list_movement` of the cutoff.

    Returns
    -------
    dict of str to polars.DataFrame
        `entered` and `left`: one row per customer and division within the capacity now (then), by
        rank; `stayed`: the same of those in both. Columns: customer_id, customer_name,
        division_name, rank, moved.
    """
    key = ["customer_id", "division"]
    found = {}
    for selection, rows, rank in (
        ("entered", now, "rank_now"), ("stayed", now, "rank_now"), ("left", before, "rank_then"),
    ):  # fmt: skip
        told = movement.filter(pl.col("selection") == selection).select(*key, "moved", rank=rank)
        known = now.head(0) if rows is None else rows
        joined = told.join(known.select(*key, "customer_name", "division_name"), on=key)
        found[selection] = (
            joined.sort("rank", *key, nulls_last=True)
            .select("customer_id", "customer_name", "division_name", "rank", "moved")
            .collect()
        )
    return found
