"""The customer table of the CRM: accounts, or dated versions of them."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from gosales_assets.accounts.fields import Field, Reading
from gosales_assets.accounts.side_rows import SideRows, read_side_rows, split_at
from gosales_resources.settings.base import slugify
from gosales_resources.settings.source import CustomerSource
from gosales_resources.sources.side_tables import RawTable

SETTING = "customers"
ATTRIBUTE = "attr_"
NAMED = ("customer_name", "industry", "sub_industry", "region", "territory", "rep")


@dataclass(frozen=True)
class Accounts:
    """What the CRM said by a cutoff."""

    versions: pl.DataFrame
    """One row per customer and `valid_from` (null: from the beginning), `NAMED`, attributes."""
    known: pl.DataFrame
    """One row per account: customer_id and the day `known_since`, where the CRM says one."""

    def of(self, customers: pl.Expr) -> "Accounts":
        """Return what it said of some customers.

        Parameters
        ----------
        customers
            Boolean expression over customer_id.

        Returns
        -------
        Accounts
            The rows for which it is true, in their order.
        """
        return Accounts(self.versions.filter(customers), self.known.filter(customers))


def read_customers(raw: RawTable, source: CustomerSource) -> SideRows:
    """Read the customer table.

    Parameters
    ----------
    raw
        One row per account, or per account and `valid_from` where the settings name one.
    source
        Its columns and attributes.

    Raises
    ------
    SourceError
        When a configured column is missing.
    """
    columns = source.columns
    named = columns.model_dump()
    fields = [
        Field("customer_id", columns.customer_id, pl.String(), is_required=True),
        *(Field(name, named[name], pl.String()) for name in NAMED),
        Field("known_since", columns.known_since, pl.Date()),
        Field("valid_from", columns.valid_from, pl.Date()),
        *(Field(_attribute(n), n, pl.Float64()) for n in source.numeric_attributes),
        *(Field(_attribute(n), n, pl.String()) for n in source.categorical_attributes),
    ]
    versioned = columns.valid_from is not None
    unique = ("customer_id", "valid_from") if versioned else ("customer_id",)
    reading = Reading(SETTING, source.date_formats, ())
    return read_side_rows(raw, fields, reading, ("known_since", "valid_from"), unique)


def accounts_at(side: SideRows | None, cutoff: dt.date) -> Accounts | None:
    """Return the accounts and versions that the CRM knew at a cutoff; None without a CRM.

    A version holds from its `valid_from`; a table without versions has one, from `known_since`.
    """
    if side is None:
        return None
    versioned = "valid_from" in side.unique
    start = "valid_from" if versioned else "known_since"
    attributes = [name for name in side.names if name.startswith(ATTRIBUTE)]
    usable = split_at(side, cutoff).usable.drop("known_on")
    # An account whose first version begins later is known all the same.
    is_known = pl.col("reason").is_null() & (pl.col("known_since") <= cutoff)
    known = side.rows.filter(is_known & versioned)
    return Accounts(
        usable.select("customer_id", pl.col(start).alias("valid_from"), *NAMED, *attributes),
        known.group_by("customer_id").agg(pl.col("known_since").min()).sort("customer_id"),
    )


def _attribute(column: str) -> str:
    return f"{ATTRIBUTE}{slugify(column)}"
