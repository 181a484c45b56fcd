"""Whether what a partition was made from ends at its cutoff: by its rows, and by its lineage."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence

import polars as pl

from gosales_checks.findings import Findings
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.address import Address

LATEST_SOURCE_ROWS = "latest_source_rows"
"""Metadata of a feature partition: family -> source -> latest day in the rows it looked at."""
PARTITIONS_READ = "partitions_read"
"""Metadata of a partition: table -> keys of the partitions that were asked for to make it."""
READS_END = "partitions_read_end_at_cutoff"
ROWS_END = "source_rows_end_at_cutoff"
LINEAGE_ENDS = "lineage_ends_at_cutoff"
NO_LEAK = "no_leak_found"
CAPS_OF_ROWS = "caps_and_levels_of_training_rows"


def later_rows(
    recorded: Mapping[str, Mapping[str, str | None]] | None,
    families: Iterable[str],
    cutoff: dt.date,
) -> Findings:
    """Judge the latest source rows recorded behind each family of features.

    Parameters
    ----------
    recorded
        Family -> source -> latest day (ISO) in the rows it looked at, None where there was no row;
        None where nothing was recorded.
    families
        Those that have to be there.
    cutoff
        As-of date.

    Returns
    -------
    dict of str to int
        A finding for each source that goes beyond the cutoff and each family without a record.
    """
    if recorded is None:
        return {f"no {LATEST_SOURCE_ROWS} recorded": 1}
    found = {f"{family}: no record": 1 for family in families if family not in recorded}
    for family, latest in recorded.items():
        for source, day in latest.items():
            if day is not None and dt.date.fromisoformat(day) > cutoff:
                found[f"{family}: {source} has a row of {day}"] = 1
    return found


def latest_days(
    frame: pl.LazyFrame | pl.DataFrame, columns: Sequence[str]
) -> dict[str, str | None]:
    """Tell the latest day in each of some columns of the very rows that something is made of.

    Parameters
    ----------
    frame
        What is handed on to be fitted or aggregated.
    columns
        Those of its columns that are dates; what it lacks is left out.

    Returns
    -------
    dict of str to str
        Column -> ISO day; None where there is no row.

    Examples
    --------
    >>> latest_days(pl.DataFrame({"day": [dt.date(2024, 3, 1), dt.date(2024, 3, 9)]}), ["day", "b"])
    {'day': '2024-03-09'}
    """
    lazy = frame.lazy()
    known = lazy.collect_schema().names()
    days = [pl.col(name).max().cast(pl.Date) for name in columns if name in known]
    if not days:
        return {}
    found = lazy.select(days).collect().row(0, named=True)
    return {name: day.isoformat() if day else None for name, day in found.items()}


def undeclared_reads(
    recorded: Mapping[str, Collection[str]] | None,
    declared: Mapping[str, Collection[PartitionKey]],
    cutoff: dt.date,
) -> Findings:
    """Judge the partitions that were asked for to make one.

    Parameters
    ----------
    recorded
        Table -> keys that were asked for; None where nothing was recorded.
    declared
        Table -> keys that it is declared to read.
    cutoff
        As-of date.

    Returns
    -------
    dict of str to int
        A finding for each that is after the cutoff, or not declared.
    """
    if recorded is None:
        return {f"no {PARTITIONS_READ} recorded": 1}
    found: dict[str, int] = {}
    for table, keys in recorded.items():
        for key in map(PartitionKey.of, keys):
            if key.cutoff > cutoff:
                found[f"read {table}[{key}], after the cutoff"] = 1
            elif key not in declared.get(table, ()):
                found[f"read {table}[{key}], which it is not declared to read"] = 1
    return found


def later_partitions(read: Mapping[Address, Iterable[Address]], cutoff: dt.date) -> Findings:
    """Judge the partitions that a partition and all its ancestors read.

    Parameters
    ----------
    read
        Partition -> partitions it reads, by Dagster's own mappings.
    cutoff
        As-of date.

    Returns
    -------
    dict of str to int
        A finding for each edge that leads beyond the cutoff.
    """
    return {
        f"{reader} reads {upstream}": 1
        for reader, upstreams in read.items()
        for upstream in upstreams
        if upstream.cutoff > cutoff
    }
