"""Whether what a partition was made from ends at its cutoff: by its rows, and by its lineage."""

import datetime as dt
from collections.abc import Iterable, Mapping

from gosales_checks.findings import Findings
from gosales_resources.store.address import Address

LATEST_SOURCE_ROWS = "latest_source_rows"
"""Metadata of a feature partition: family -> source -> latest day in the rows it looked at."""
ROWS_END = "source_rows_end_at_cutoff"
LINEAGE_ENDS = "lineage_ends_at_cutoff"


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
