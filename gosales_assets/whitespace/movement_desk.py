"""Where movement meets the store: the list of a cutoff, and the one before as it lies there.

It takes Dagster's instance to tell damage, and nothing else of it.
"""

import datetime as dt
from dataclasses import dataclass

import dagster as dg
import polars as pl

from gosales_assets.platform.earlier import last_list, scan_earlier
from gosales_assets.platform.platform import Platform
from gosales_assets.whitespace.movement_ranks import DatedList, Order
from gosales_assets.whitespace.movement_rows import ON_LIST
from gosales_checks.contracts.movement import SCORE_CHANGES
from gosales_checks.contracts.whitespace import LIST_METRICS, WHITESPACE
from gosales_resources.errors import StalePartitionError
from gosales_resources.instance.recorded import refuse_damaged
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.address import Address, remedy


@dataclass(frozen=True)
class Pair:
    """A list and the one before."""

    now: DatedList
    then: DatedList | None
    """None where there is none, or it is of a version that kept no order."""


def read_pair(platform: Platform, instance: dg.DagsterInstance, cutoff: dt.date) -> Pair:
    """Read the list of a cutoff, and look at the one before.

    Raises
    ------
    PartitionMissingError, StalePartitionError
        When the list of the cutoff itself is not there, or not the one that would be made now.
    DamagedError
        When a list is not what was made.
    """
    own = [Address(contract.name, cutoff) for contract in (WHITESPACE, LIST_METRICS)]
    refuse_damaged(instance, platform.store, [a for a in own if platform.store.has(a)])
    rows = platform.read(WHITESPACE, cutoff).select(ON_LIST).collect()
    order = Order.of(platform.read(LIST_METRICS, cutoff).collect())
    if order is None:
        raise StalePartitionError(
            f"{own[1]} does not say how its list was ordered. Rematerialise it: {remedy(own[0])}"
        )
    previous = last_list(platform, cutoff)
    then = None if previous is None else _earlier(platform, instance, previous)
    return Pair(DatedList(cutoff, rows, order), then)


def refuse_other_list(platform: Platform, cutoff: dt.date, score_changes: pl.LazyFrame) -> None:
    """Refuse changes since another list than the one before.

    Parameters
    ----------
    platform, cutoff
        Where the lists lie, and of the list.
    score_changes
        Of the cutoff.

    Raises
    ------
    StalePartitionError
        When they tell of another list: one was made since, or is not there any more.
    """
    told = score_changes.select(pl.col("previous_cutoff").unique()).collect()["previous_cutoff"]
    address, then = Address(SCORE_CHANGES.name, cutoff), last_list(platform, cutoff)
    if other := set(told) - {then}:
        raise StalePartitionError(
            f"{address} tells of the list of {min(other)}, and the list before is {then or 'none'}: "
            f"lists were made or removed since. Rematerialise it: {remedy(address)}"
        )


def _earlier(platform: Platform, instance: dg.DagsterInstance, cutoff: dt.date) -> DatedList | None:
    key = PartitionKey(cutoff)
    listed = scan_earlier(platform, instance, WHITESPACE, key, ON_LIST)
    figures = scan_earlier(platform, instance, LIST_METRICS, key, ("measure", "item", "value"))
    if listed is None or figures is None:
        return None
    order = Order.of(figures.collect())
    return None if order is None else DatedList(cutoff, listed.select(ON_LIST).collect(), order)
