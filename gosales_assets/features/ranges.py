"""Customers in ranges: the worlds of a cutoff, one after another, so that memory is that of one.

A range is the customers between two ids. What a family must know of all customers is made first, in
a pass of its own over the ranges (`CustomerPool`); so a customer's features are the same however many
ranges there are. As long as everything fits at once there is one range, and one pass over the
history that all cutoffs share.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from gosales_assets.features.asof import AsOf, CustomerPool, Pools
from gosales_assets.features.build import (
    FeatureFrame,
    Watch,
    build_customer_features,
    build_division_features,
    families_of,
)
from gosales_assets.features.history import SharedHistory, share_history
from gosales_assets.features.scopes import Scope
from gosales_resources.partitions.customer_ranges import EVERYONE, CustomerRange, customer_ranges
from gosales_resources.settings.tree import Settings
from gosales_resources.store.atomic import replacing, working_folder
from gosales_resources.store.parquet import write_parquet

# Rows of history, and of customers, that are worked on at once: 100,000 customers with 2.2 million
# lines (sample company L) are one range and peak at 3 GiB.
ROWS_AT_ONCE = 5_000_000
# What a customer's features weigh, in rows of history.
ROWS_OF_A_CUSTOMER = 20


def cut_ranges(
    history: pl.LazyFrame, customers: pl.LazyFrame, most: int = ROWS_AT_ONCE
) -> list[CustomerRange]:
    """Cut customers into ranges of about so many rows.

    Parameters
    ----------
    history
        `purchase_history` of all increments.
    customers
        `dim_customer` of the last cutoff: those without history weigh as well.
    most
        Rows of a range: of history, and `ROWS_OF_A_CUSTOMER` for each customer.

    Returns
    -------
    list of CustomerRange
        In the order of ids; together everyone.
    """
    heights = [t.select(pl.len()).collect().item() for t in (history, customers)]
    if heights[0] + heights[1] * ROWS_OF_A_CUSTOMER <= most:
        return [EVERYONE]
    counts = [
        history.group_by("customer_id").agg(row_count=pl.len().cast(pl.Int64)),
        customers.select("customer_id", row_count=pl.lit(ROWS_OF_A_CUSTOMER, pl.Int64)),
    ]
    return customer_ranges(pl.concat(counts).collect(), most)


@dataclass(frozen=True)
class CutoffTables:
    """What is known at one cutoff beside the history."""

    customers: pl.LazyFrame
    assets: pl.LazyFrame
    affinity_rules: pl.LazyFrame
    embeddings: pl.LazyFrame

    def of(self, ids: CustomerRange) -> "CutoffTables":
        """Return the rows of some customers; rules and vectors of SKUs are everyone's."""
        mine = pl.col("kind").eq("sku") | ids.hold("id")
        return CutoffTables(
            self.customers.filter(ids.hold()),
            self.assets.filter(ids.hold()),
            self.affinity_rules,
            self.embeddings.filter(mine),
        )


@dataclass(frozen=True)
class Worlds:
    """The worlds of the cutoffs of a run, by ranges of customers."""

    settings: Settings
    history: pl.LazyFrame
    """`purchase_history` of all increments up to the last cutoff."""
    tables: Mapping[dt.date, CutoffTables]
    ranges: Sequence[CustomerRange]

    def at(self, cutoff: dt.date, scope: Scope) -> Iterator[AsOf]:
        """Make the worlds of a cutoff, range by range, to compute one scope in."""
        if len(self.ranges) == 1:
            yield self._world(cutoff, EVERYONE, None)
            return
        pools = self._pools(cutoff, scope)
        for ids in self.ranges:
            yield self._world(cutoff, ids, pools)

    @cached_property
    def shared(self) -> SharedHistory:
        """The pass over everyone's history, for all cutoffs; of one range alone."""
        return self._share(self.history)

    def _share(self, history: pl.LazyFrame) -> SharedHistory:
        return share_history(history, self.settings.labels.denylist, self.settings.divisions)

    def _world(self, cutoff: dt.date, ids: CustomerRange, pools: Pools | None) -> AsOf:
        if ids == EVERYONE:
            shared, at = self.shared, self.tables[cutoff]
        else:
            # In memory: the whole history is read once for a range, not once for each source.
            shared = self._share(self.history.filter(ids.hold()).collect().lazy())
            at = self.tables[cutoff].of(ids)
        return AsOf(
            cutoff,
            self.settings,
            shared,
            at.customers,
            at.assets,
            at.affinity_rules,
            at.embeddings,
            pools,
        )

    def _pools(self, cutoff: dt.date, scope: Scope) -> Pools:
        pools = [p for family in families_of(self.settings, scope) for p in family.pooled]
        found: dict[CustomerPool, list[Any]] = {pool: [] for pool in pools}
        sources: dict[CustomerPool, set[str]] = {pool: set() for pool in pools}
        for ids in self.ranges if pools else ():
            world = self._world(cutoff, ids, {})
            for pool in pools:
                with world.noted() as looked_at:
                    found[pool].append(pool.of_range(world))
                sources[pool] |= looked_at
        return {pool: (pool.merged(found[pool]), sources[pool]) for pool in pools}


def parts_of(
    worlds: Worlds,
    cutoff: dt.date,
    scope: Scope,
    watch: Watch = nullcontext,
    seen: Callable[[FeatureFrame], None] = lambda _: None,
) -> Iterator[pl.LazyFrame]:
    """Compute a feature table of one cutoff.

    Parameters
    ----------
    worlds, cutoff
        What was known at the cutoff, by ranges of customers.
    scope
        `all`: `customer_features`; `div`: `division_features`.
    watch
        Times each family.
    seen
        Gets each range's table before its parts are made.

    Yields
    ------
    polars.LazyFrame
        Consecutive parts, made when they are collected: sorted by customer_id; of scope `div` by
        division and customer_id.

    Raises
    ------
    StorageError
        When there is no room for what several ranges keep on disk meanwhile.
    """
    build = build_customer_features if scope == "all" else build_division_features

    def frames() -> Iterator[FeatureFrame]:
        for world in worlds.at(cutoff, scope):
            frame = build(world, watch)
            # What made a range goes before the next one is made.
            del world
            seen(frame)
            yield frame
            del frame

    if scope == "all" or len(worlds.ranges) == 1:
        for frame in frames():
            yield from frame.parts
            del frame
    else:
        yield from _by_target(frames(), worlds.settings.store_root)


def _by_target(frames: Iterator[FeatureFrame], folder: Path) -> Iterator[pl.LazyFrame]:
    """Order the parts of all ranges by target, then by range: kept on disk until all are made."""
    with working_folder(folder, "features") as work:
        made: list[list[Path]] = []
        for at, frame in enumerate(frames):
            made.append([work / f"{at}-{target}" for target in range(len(frame.parts))])
            for part, path in zip(frame.parts, made[-1], strict=True):
                with replacing(path, "division_features") as temporary:
                    write_parquet(
                        part.collect(), temporary, compression="zstd", compression_level=1
                    )
                del part
            del frame
        for of_target in zip(*made, strict=True):
            yield from (pl.scan_parquet(path, hive_partitioning=False) for path in of_target)
