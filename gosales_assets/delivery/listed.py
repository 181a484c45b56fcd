"""What of a list is delivered, and what is said of the rest: base rates, how many, why nothing."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

Rows = Literal["selected", "ranked"]
NO_REP = "No rep"


@dataclass(frozen=True)
class ListTerms:
    """What a list is of, in people's words."""

    cutoff: dt.date
    currency: str
    """Home currency."""
    months: int
    """Of the label window after the cutoff, that a chance is within."""


@dataclass(frozen=True)
class BaseRate:
    """Customers of a division whose model cannot rank them: they stand below the list."""

    division_name: str
    customers: int
    lowest: float
    highest: float

    @property
    def sentence(self) -> str:
        """Say it.

        Examples
        --------
        >>> BaseRate("Scanning", 340, 0.12, 0.12).sentence
        'Scanning: 340 customers at the base rate of 12.0 %, not ranked'
        """
        who = f"{self.customers:,} customer{'' if self.customers == 1 else 's'}"
        low, high = f"{100 * self.lowest:.1f}", f"{100 * self.highest:.1f}"
        rate = f"the base rate of {low} %" if low == high else f"base rates of {low} to {high} %"
        return f"{self.division_name}: {who} at {rate}, not ranked"


@dataclass(frozen=True)
class Listed:
    """The rows of a list that are delivered, and what is told beside them."""

    terms: ListTerms
    rows: pl.DataFrame
    """In the order of the list; never one that cannot be ranked."""
    ranked: int
    """Rows of the list that are ranked."""
    selected: int
    """Of them within the capacity."""
    base_rates: Sequence[BaseRate]

    @classmethod
    def of(cls, table: pl.LazyFrame | pl.DataFrame, terms: ListTerms, rows: Rows) -> "Listed":
        """Choose the rows.

        Parameters
        ----------
        table
            `whitespace` of the cutoff, or some rows of it, in any order.
        terms
            What it is of.
        rows
            Those within the capacity, or all that are ranked.
        """
        # Of a list of millions a seller's rows alone are read.
        ranked = table.lazy().filter(pl.col("rank").is_not_null())
        chosen = ranked.filter("is_selected") if rows == "selected" else ranked
        counts = ranked.select(pl.len(), pl.col("is_selected").sum())
        found, (total, selected) = chosen.sort("place").collect(), counts.collect().row(0)
        return cls(terms, found, total, selected, find_base_rates(table))

    @property
    def empty_because(self) -> str | None:
        """Say why nothing is delivered; None where something is."""
        if self.rows.height:
            return None
        if self.ranked:
            return (
                f"None of the {self.ranked:,} ranked rows is selected: the capacity "
                "(whitespace.capacity) leaves no seat for them."
            )
        if self.base_rates:
            return "Nothing can be ranked: everybody is at the base rate of the division."
        return "Nobody is on the list: no customer passes the gates."


def find_base_rates(table: pl.LazyFrame | pl.DataFrame) -> list[BaseRate]:
    """Count what cannot be ranked, by division.

    Parameters
    ----------
    table
        Rows of `whitespace`.

    Returns
    -------
    list of BaseRate
        By the place of the division's block.
    """
    found = (
        table.lazy()
        .filter(pl.col("rank").is_null())
        .group_by("division", "division_name")
        .agg(
            customers=pl.len(),
            lowest=pl.col("p_icp").min(),
            highest=pl.col("p_icp").max(),
            first=pl.col("place").min(),
        )
        .sort("first")
    )
    wanted = ["division_name", "customers", "lowest", "highest"]
    return [BaseRate(**row) for row in found.select(wanted).collect().to_dicts()]


def called_by() -> pl.Expr:
    """Return what a customer is called on a list: by name, by the id who has none."""
    named = pl.when(pl.col("customer_name").str.strip_chars() != "").then("customer_name")
    return named.otherwise("customer_id")


def is_nobodys() -> pl.Expr:
    """Return what is true of rows that no representative has: `NO_REP`."""
    return pl.col("rep").is_null() | (pl.col("rep").str.strip_chars() == "")


def of_rep(rows: pl.DataFrame) -> dict[str | None, pl.DataFrame]:
    """Part rows by who calls, by name; blank names are nobody, who comes last.

    Parameters
    ----------
    rows
        Of the list, in its order.

    Returns
    -------
    dict
        Representative (None for nobody) -> their rows in the order of the list.
    """
    named = pl.col("rep").str.strip_chars()
    keyed = rows.with_columns(_rep=pl.when(named != "").then("rep"))
    parts = keyed.partition_by("_rep", maintain_order=True, as_dict=True, include_key=False)
    reps = sorted((str(key[0]).casefold(), str(key[0]), key) for key in parts if key[0] is not None)
    order = [key for _, _, key in reps] + [key for key in parts if key[0] is None]
    return {key[0]: parts[key] for key in order}
