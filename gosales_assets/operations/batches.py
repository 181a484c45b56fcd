"""Runs: assets of one partitioning over a range of cutoffs and of divisions, and how they are merged."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.store.address import Address

Each = TypeVar("Each")
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


@dataclass(frozen=True)
class Batch:
    """One Dagster run: assets of one partitioning over a contiguous range."""

    assets: tuple[str, ...]
    cutoffs: tuple[dt.date, ...]
    divisions: tuple[str, ...] | None
    """None for assets partitioned by cutoff alone."""

    @property
    def partition_count(self) -> int:
        """Asset partitions the run makes."""
        return len(self.assets) * len(self.keys)

    @property
    def tags(self) -> dict[str, str]:
        """Tags of a Dagster run over the range."""
        return {RANGE_START: str(self.keys[0]), RANGE_END: str(self.keys[-1])}

    @property
    def keys(self) -> list[PartitionKey]:
        """The partitions of each asset, by cutoff and division."""
        divisions = self.divisions or (None,)
        return [PartitionKey(cutoff, division) for cutoff in self.cutoffs for division in divisions]

    @property
    def addresses(self) -> list[Address]:
        """Every partition the run makes."""
        return [Address(name, *key) for name in self.assets for key in self.keys]


def describe(batch: Batch) -> str:
    """Say in one line what a batch makes."""
    span = f"{batch.cutoffs[0]}"
    if len(batch.cutoffs) > 1:
        span += f"..{batch.cutoffs[-1]} ({len(batch.cutoffs)} cutoffs)"
    divisions = f" x {len(batch.divisions)} divisions" if batch.divisions else ""
    return f"{', '.join(batch.assets)}: {span}{divisions}"


def cover(
    space: PartitionSpace, assets: Sequence[str], keys: Collection[PartitionKey]
) -> list[Batch]:
    """Cover just these partitions of some assets by runs, earliest cutoffs first.

    A run covers a range of cutoffs times a range of divisions, in the order of their keys.
    """
    by_cutoff: dict[dt.date, list[str | None]] = {}
    for cutoff, division in keys:
        by_cutoff.setdefault(cutoff, []).append(division)
    legal = space.divisions(CONTRACTS[assets[0]].partitioned_by)
    calendar = space.cutoffs()
    runs: list[Batch] = []
    for group in _neighbours(calendar, by_cutoff):
        # Of neighbours those with the same divisions are one range.
        start = 0
        for at in range(1, len(group) + 1):
            wanted = set(by_cutoff[group[start]])
            if at == len(group) or set(by_cutoff[group[at]]) != wanted:
                for divisions in _neighbours(legal, wanted):
                    named = None if divisions == [None] else tuple(str(d) for d in divisions)
                    runs.append(Batch(tuple(assets), tuple(group[start:at]), named))
                start = at
    return runs


def _neighbours(order: Sequence[Each], wanted: Collection[Each]) -> Iterator[list[Each]]:
    group: list[Each] = []
    for each in order:
        if each in wanted:
            group.append(each)
        elif group:
            yield group
            group = []
    if group:
        yield group


def merge(space: PartitionSpace, batches: Sequence[Batch]) -> list[Batch]:
    """Put batches of one partitioning and range into one run, where all they read is made by then.

    A run costs 0.2 s however little it makes, and training cutoffs make two ranges of most assets:
    one cutoff of the sample company is made in 16 runs, 30 where only neighbours are merged.
    """
    merged: list[Batch] = []
    for batch in batches:
        if (at := _joined(space, merged, batch)) is None:
            merged.append(batch)
        else:
            earlier = merged[at]
            assets = (*earlier.assets, *batch.assets)
            merged[at] = Batch(assets, earlier.cutoffs, earlier.divisions)
    return merged


def _joined(space: PartitionSpace, merged: Sequence[Batch], batch: Batch) -> int | None:
    """Find the latest run that a batch can be part of; None where it comes after all of them."""
    read = _read_by(space, batch)
    for at in reversed(range(len(merged))):
        earlier = merged[at]
        if _one_run(space, earlier, batch):
            return at
        made = {(name, cutoff) for name in earlier.assets for cutoff in earlier.cutoffs}
        # The cutoffs of an asset stay in their order: a check may look back.
        if made & read or set(earlier.assets) & set(batch.assets):
            return None
    return None


def _read_by(space: PartitionSpace, batch: Batch) -> set[tuple[str, dt.date]]:
    """List what a batch reads, by table and cutoff."""
    return {
        (read.table.name, past)
        for name in batch.assets
        for read in CONTRACTS[name].reads
        for cutoff in batch.cutoffs
        for past in space.cutoffs_read(read.span, cutoff)
    }


def _one_run(space: PartitionSpace, first: Batch, second: Batch) -> bool:
    # What a list over all targets is made from has their partitions.
    legal = {
        tuple(space.divisions(CONTRACTS[name].partitioned_by))
        for name in (*first.assets, *second.assets)
    }
    return (
        len(legal) == 1
        and first.cutoffs == second.cutoffs
        and first.divisions == second.divisions
        and not set(first.assets) & set(second.assets)
    )
