"""Partitions of earlier cutoffs that a table looks at as they are: never made for it, never refused as stale.

A list of then was made under the settings of then; that it is stale now is what is looked at.
"""

import datetime as dt
import logging
from collections.abc import Collection

import dagster as dg
import polars as pl

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.errors import StalePartitionError
from gosales_resources.instance.recorded import refuse_damaged
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.address import Address


def expecting_own_versions(log: logging.Logger, contract: Contract) -> None:
    """Silence Dagster's warning that a table's version is not that of its own earlier partition.

    A run of several partitions of a table that waits for its own earlier ones (`Contract.after_own`)
    is one step; Dagster holds the version of the one against that of the other, of the same asset.
    """
    mismatch = f"Data version mismatch for asset {dg.AssetKey(contract.name)}"
    log.addFilter(lambda record: not record.getMessage().startswith(mismatch))


def last_list(platform: Platform, cutoff: dt.date) -> dt.date | None:
    """Find the cutoff of the list before one: the newest that is stored of an earlier cutoff."""
    earlier = platform.space.cutoffs_read("up_to_cutoff", cutoff)[:-1]
    stored = (c for c in reversed(earlier) if platform.store.has(Address(WHITESPACE.name, c)))
    return next(stored, None)


def scan_earlier(
    platform: Platform,
    instance: dg.DagsterInstance,
    contract: Contract,
    key: PartitionKey,
    columns: Collection[str] = (),
) -> pl.LazyFrame | None:
    """Scan a stored partition, whatever settings and code it was made under.

    Parameters
    ----------
    platform, instance
        Where it lies, and whose history says what was made.
    contract, key
        The partition.
    columns
        That it must have: what an earlier version made may lack some.

    Returns
    -------
    polars.LazyFrame or None
        None where it is not there, lacks a column, or was made beside shared columns that have been
        made anew since.

    Raises
    ------
    DamagedError
        When it is not what was made.
    """
    address = Address(contract.name, *key)
    if not platform.store.has(address):
        return None
    refuse_damaged(instance, platform.store, [address])
    try:
        found = platform.store.scan_table(address, None)
    except StalePartitionError:
        return None
    return found if set(columns) <= set(found.collect_schema()) else None
