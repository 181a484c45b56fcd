"""Where the page of a list meets the store: which partitions it tells of, and how they are read.

It takes Dagster's instance to tell damage, and nothing else of it.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

import dagster as dg
import polars as pl

from gosales_assets.delivery.report_tables import ReportTables, ReportTerms
from gosales_assets.platform.earlier import scan_earlier
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.list_report import BESIDE_THE_LIST, OF_EARLIER_LISTS
from gosales_checks.contracts.validation import LIST_VALIDATION
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.address import Address


def read_tables(
    platform: Platform, instance: dg.DagsterInstance, cutoff: dt.date, listed: pl.LazyFrame
) -> ReportTables:
    """Read what is stored beside a list, and of the last list that has met its outcome.

    Parameters
    ----------
    platform, instance
        Where it lies, and whose history says what was made.
    cutoff, listed
        The list.

    Raises
    ------
    StalePartitionError
        When a table of the cutoff was made under other settings.
    DamagedError
        When one is not what was made.
    """
    stored = {table: _stored(platform, table, cutoff) for table in BESIDE_THE_LIST}
    beside = {
        table.name: pl.concat([platform.read(table, *address.key) for address in addresses])
        for table, addresses in stored.items()
        if addresses
    }
    before, earlier = _last_that_is_over(platform, instance, cutoff)
    told = [Address(WHITESPACE.name, cutoff), *(a for found in stored.values() for a in found)]
    told += [Address(name, before) for name in earlier if before is not None]
    contents = {str(address): platform.store.content(address) for address in told}
    return ReportTables(listed, beside, earlier, before, contents)


def terms_of(platform: Platform) -> ReportTerms:
    """Return what the page goes by beside tables."""
    settings = platform.settings
    names, source = settings.divisions.target_names, settings.source
    return ReportTerms(
        {target: names[target] for target in settings.listed_targets},
        settings.contracts,
        source.sales_log.complete_through,
        source.enrichment.coverage if source.enrichment else None,
    )


def told_of(platform: Platform, cutoff: dt.date) -> list[Address]:
    """List the stored partitions that the page of a list tells of."""
    own = [a for table in BESIDE_THE_LIST for a in _stored(platform, table, cutoff)]
    earlier = [
        Address(table.name, day)
        for table in OF_EARLIER_LISTS
        for day in platform.space.cutoffs_read("training", cutoff)
    ]
    return [*own, *(address for address in earlier if platform.store.has(address))]


def _stored(platform: Platform, table: Contract, cutoff: dt.date) -> Sequence[Address]:
    """List what is stored of a table at a cutoff, of targets that the list ranks alone."""
    keys = platform.space.keys(table.partitioned_by, [cutoff])
    listed = {None, *platform.settings.listed_targets}
    addresses = [Address(table.name, *key) for key in keys if key.division in listed]
    return [address for address in addresses if platform.store.has(address)]


def _last_that_is_over(
    platform: Platform, instance: dg.DagsterInstance, cutoff: dt.date
) -> tuple[dt.date | None, Mapping[str, pl.LazyFrame]]:
    """Return the newest earlier cutoff whose list has met its outcome, with its tables."""
    for day in reversed(platform.space.cutoffs_read("training", cutoff)):
        found = {
            table.name: scanned
            for table in OF_EARLIER_LISTS
            if (
                scanned := scan_earlier(
                    platform, instance, table, PartitionKey(day), table.schema.columns()
                )
            )
            is not None
        }
        validated = found.get(LIST_VALIDATION.name)
        if validated is not None and validated.filter(status="ok").head(1).collect().height:
            return day, found
    return None, {}
