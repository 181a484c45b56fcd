"""What an asset gets of a table that it reads: its partitions, by cutoff and division.

A partition that is not there is told in one place, with the command that makes it. Which partitions
were asked for can be noted (`noting_reads`): what an asset was given is not what it looked at.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Generic, TypeVar

import polars as pl

from gosales_resources.errors import PartitionMissingError
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.address import Address, missing_message

Content = TypeVar("Content")
Reads = dict[str, set[PartitionKey]]
_NOTED: ContextVar[Reads | None] = ContextVar("partitions that are asked for", default=None)


@contextmanager
def noting_reads() -> Iterator[Reads]:
    """Give a mapping that fills with the partitions that are asked for meanwhile, by table."""
    noted: Reads = {}
    token = _NOTED.set(noted)
    try:
        yield noted
    finally:
        _NOTED.reset(token)


@dataclass(frozen=True)
class Upstream(Generic[Content]):
    """The stored partitions of one table that a run reads, as far as they are there."""

    table: str
    partitions: Mapping[PartitionKey, Content]

    def __getitem__(self, key: dt.date | tuple[dt.date, str | None]) -> Content:
        """Return a partition: `features[cutoff, division]`, `dim_customer[cutoff]`.

        Raises
        ------
        PartitionMissingError
            When it is not there.
        """
        wanted = _key(key)
        self.require([wanted])
        self._note(wanted)
        return self.partitions[wanted]

    def _note(self, *keys: PartitionKey) -> None:
        noted = _NOTED.get()
        if noted is not None:
            noted.setdefault(self.table, set()).update(keys)

    def __contains__(self, key: object) -> bool:
        """Tell whether a partition is there."""
        return (PartitionKey(key) if isinstance(key, dt.date) else key) in self.partitions

    def __iter__(self) -> Iterator[PartitionKey]:
        """Give the keys, by cutoff and division."""
        return iter(sorted(self.partitions, key=lambda key: (key.cutoff, key.division or "")))

    def at(self, cutoff: dt.date) -> dict[str, Content]:
        """Return division -> partition of one cutoff, by division; empty where there is none."""
        keys = [key for key in self if key.cutoff == cutoff]
        self._note(*keys)
        return {str(key.division): self.partitions[key] for key in keys}

    def require(self, keys: Iterable[tuple[dt.date, str | None]]) -> None:
        """Make sure that partitions are there; see `require`."""
        require([self], keys)


class Tables(Upstream[pl.LazyFrame]):
    """Partitions of a table, scanned lazily."""


class Bundles(Upstream[Mapping[str, bytes]]):
    """Partitions of a model: file name -> content."""


def require(tables: Iterable[Upstream], keys: Iterable[tuple[dt.date, str | None]]) -> None:
    """Make sure that several tables have the same partitions.

    Raises
    ------
    PartitionMissingError
        Naming all that are missing, and what makes them.
    """
    wanted = [PartitionKey(*key) for key in keys]
    missing = [
        Address(upstream.table, *key)
        for key in wanted
        for upstream in tables
        if key not in upstream.partitions
    ]
    if missing:
        raise PartitionMissingError(missing_message(missing))


def _key(key: dt.date | tuple[dt.date, str | None]) -> PartitionKey:
    return PartitionKey(key) if isinstance(key, dt.date) else PartitionKey(*key)
