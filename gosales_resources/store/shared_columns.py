"""Tables whose rows have columns in common with other tables: stored once, put together when read.

A target's features are those of the customer, the same for every target, and its own. A partition
that stands beside another of its cutoff says so in its file, with the content it was made beside;
`TableStore` puts the two together and refuses another content.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

FACT = "beside"


@dataclass(frozen=True)
class SharedColumns:
    """The table that has the shared columns, and how both become one."""

    table: str
    """A table of the same cutoff."""
    key: str
    """Column that names a row in both; unique in the shared table."""
    first: Sequence[str]
    """Columns that come first; the others follow by name, wherever they are stored."""

    def told(self, content: str) -> dict[str, str]:
        """Return what a file says of the table it stands beside."""
        return {FACT: json.dumps(dataclasses.asdict(self) | {"content": content})}

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> tuple["SharedColumns", str] | None:
        """Read it back, with the content; None where a file is whole by itself."""
        if FACT not in facts:
            return None
        told = dict(facts[FACT])
        content = str(told.pop("content"))
        return cls(**told), content


def put_together(own: pl.LazyFrame, shared: pl.LazyFrame, columns: SharedColumns) -> pl.LazyFrame:
    """Join the shared columns to a table's own.

    Parameters
    ----------
    own, shared
        Rows of a partition, and of the table beside it. A column that both have is the own one.
    columns
        How.

    Returns
    -------
    polars.LazyFrame
        The own rows in their order.
    """
    mine, others = own.collect_schema().names(), shared.collect_schema().names()
    extra = [name for name in others if name not in mine]
    names = [*columns.first, *sorted({*mine, *extra} - {*columns.first})]
    joined = own.join(
        shared.select(columns.key, *extra), on=columns.key, how="left", maintain_order="left"
    )
    return joined.select(names)


def content_of_both(own: str, shared: str) -> str:
    """Name the content of rows that lie in two tables."""
    maker, _, _ = own.rpartition(":")
    return f"{maker}:{hashlib.sha256(f'{own}:{shared}'.encode()).hexdigest()[:32]}"
