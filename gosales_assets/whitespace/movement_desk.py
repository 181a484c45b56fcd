"""Where movement meets the store: the list of a cutoff, and the one before as it lies there.

It takes Dagster's instance to tell damage, and nothing else of it.
"""

import datetime as dt
from dataclasses import dataclass

import dagster as dg

from gosales_assets.platform.earlier import scan_earlier
from gosales_assets.platform.platform import Platform
from gosales_assets.whitespace.movement_ranks import DatedList, Order
from gosales_assets.whitespace.movement_rows import ON_LIST
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
    """None where none is stored of the cutoff before, or by a version that kept no order."""


def read_pair(platform: Platform, instance: dg.DagsterInstance, cutoff: dt.date) -> Pair:
    """Read the list of a cutoff, and look at the one of the cutoff before.

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
    previous = platform.space.steps_after(cutoff, -1)
    return Pair(DatedList(cutoff, rows, order), _earlier(platform, instance, previous))


def _earlier(platform: Platform, instance: dg.DagsterInstance, cutoff: dt.date) -> DatedList | None:
    key = PartitionKey(cutoff)
    listed = scan_earlier(platform, instance, WHITESPACE, key, ON_LIST)
    figures = scan_earlier(platform, instance, LIST_METRICS, key, ("measure", "item", "value"))
    if listed is None or figures is None:
        return None
    order = Order.of(figures.collect())
    return None if order is None else DatedList(cutoff, listed.select(ON_LIST).collect(), order)
