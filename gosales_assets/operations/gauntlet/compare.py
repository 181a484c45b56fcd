"""Whether two stores hold the same of a cutoff's past: every table up to the list, by content."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from gosales_checks.contracts.registry import CONTRACTS, made_together
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.store.address import Address
from gosales_resources.store.tables import TableStore

# Not of a cutoff but of the file: where a row lay in it, and how far it reaches. What is made of the
# latter (rates) is compared itself.
OF_FILES = ("source_row", "log_through")


@dataclass(frozen=True)
class Difference:
    """A partition that differs between two stores."""

    address: Address
    rows: int
    """Rows of either that the other lacks; of a model, files."""
    columns: tuple[str, ...]
    """The first columns, or files, that differ."""


@dataclass(frozen=True)
class Compared:
    """What came of comparing two stores."""

    partitions: int
    """Partitions that both have."""
    tables: tuple[str, ...]
    """Their tables, in graph order."""
    differences: list[Difference]
    """In graph order, then by cutoff and division."""


def tables_up_to(goal: str) -> list[str]:
    """List the tables that one is made from, and itself with what is made with it, in graph order."""
    found = set(made_together([goal]))
    for name in reversed(CONTRACTS):
        if name in found:
            found |= set(made_together([r.table.name for r in CONTRACTS[name].reads]))
    return [name for name in CONTRACTS if name in found]


def known_partitions(
    space: PartitionSpace, tables: Iterable[str], cutoff: dt.date
) -> Iterator[Address]:
    """Yield the partitions of tables that a cutoff may know: they look at nothing after it.

    A label whose window ends later is not among them, nor what is made from it.

    Parameters
    ----------
    space
        The calendar that reaches beyond the cutoff.
    tables
        Names, in graph order.
    cutoff
        As-of date.
    """
    reaches: dict[Address, dt.date] = {}

    def reach(address: Address) -> dt.date:
        if address not in reaches:
            reaches[address] = address.cutoff
            contract = CONTRACTS[address.asset]
            read = (
                Address(one.table.name, *key)
                for one in contract.reads
                for key in space.keys_read(
                    one.span, one.table.partitioned_by, contract.partitioned_by, address.key
                )
            )
            reaches[address] = max((reach(one) for one in read), default=address.cutoff)
            reaches[address] = max(reaches[address], address.cutoff)
        return reaches[address]

    past = [c for c in space.cutoffs() if c <= cutoff]
    for name in tables:
        for key in space.keys(CONTRACTS[name].partitioned_by, past):
            address = Address(name, *key)
            if reach(address) <= cutoff:
                yield address


def compare_stores(mine: TableStore, theirs: TableStore, addresses: Iterable[Address]) -> Compared:
    """Compare what two stores hold; partitions that only one of them has are passed over.

    Parameters
    ----------
    mine, theirs
        The stores.
    addresses
        Partitions to compare, in graph order.
    """
    count, tables, found = 0, {}, []
    for address in addresses:
        if not (mine.has(address) and theirs.has(address)):
            continue
        count, tables[address.asset] = count + 1, None
        if mine.content(address) != theirs.content(address):
            found += _difference(mine, theirs, address)
    return Compared(count, tuple(tables), found)


def _difference(mine: TableStore, theirs: TableStore, address: Address) -> list[Difference]:
    if CONTRACTS[address.asset].is_bundle:
        both = [store.read_bundle(address, None) for store in (mine, theirs)]
        names = tuple(sorted(n for n in {*both[0], *both[1]} if both[0].get(n) != both[1].get(n)))
        return [Difference(address, len(names), names)]
    one, other = (store.scan_table(address, None).collect() for store in (mine, theirs))
    one, other = (frame.drop(OF_FILES, strict=False) for frame in (one, other))
    rows = _unlike(one, other)
    return [Difference(address, rows, _unlike_columns(one, other))] if rows else []


def _unlike(one: pl.DataFrame, other: pl.DataFrame) -> int:
    """Count the rows that the other table lacks, on the side that has more of them."""
    if one.columns != other.columns:
        return max(one.height, other.height)
    left, right = (Counter(map(repr, frame.iter_rows())) for frame in (one, other))
    return max((left - right).total(), (right - left).total())


def _unlike_columns(one: pl.DataFrame, other: pl.DataFrame) -> tuple[str, ...]:
    if one.height != other.height:
        return tuple(sorted({*one.columns} ^ {*other.columns}))
    return tuple(c for c in one.columns if c not in other.columns or not one[c].equals(other[c]))


def told(differences: Iterable[Difference]) -> Mapping[str, int]:
    """Count the differing rows of each table, in graph order."""
    found: dict[str, int] = {}
    for one in differences:
        found[one.address.asset] = found.get(one.address.asset, 0) + one.rows
    return found
