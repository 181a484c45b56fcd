"""Tells which stored partitions are current, stale and why, or missing; computes nothing."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import dagster as dg

from gosales_assets.operations.narrowing import why_stale
from gosales_assets.platform.platform import Platform
from gosales_assets.platform.publishing import Verdicts
from gosales_assets.star.ingest import changed_inputs
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.errors import SourceError
from gosales_resources.store.address import Address

State = Literal["current", "stale", "missing"]


@dataclass(frozen=True)
class PartitionStatus:
    """One partition and whether it may be read."""

    address: Address
    state: State
    reasons: tuple[str, ...] = ()
    """What has changed since it was made, or what its checks say; empty unless stale."""


def status_of(
    platform: Platform,
    instance: dg.DagsterInstance,
    cutoffs: Sequence[dt.date],
    tables: Sequence[str] = (),
    log: Mapping[dt.date, str] | None = None,
) -> Iterator[PartitionStatus]:
    """Yield the status of every partition of the tables (all without any) at the cutoffs."""
    verdicts = Verdicts(instance, platform.space, platform.store)
    for contract in CONTRACTS.values():
        if tables and contract.name not in tables:
            continue
        for key in platform.space.keys(contract.partitioned_by, cutoffs):
            address = Address(contract.name, *key)
            if not platform.store.has(address):
                yield PartitionStatus(address, "missing")
            elif reasons := _reasons(platform, verdicts, address, log):
                yield PartitionStatus(address, "stale", tuple(reasons))
            else:
                yield PartitionStatus(address, "current")


def look_at_log(platform: Platform) -> tuple[Mapping[dt.date, str] | None, list[str]]:
    """Look at the raw log without reading it, where its files tell.

    Returns
    -------
    tuple
        What `status_of` takes it for: None as it was read, or nothing of it as it was; and what is to
        be said of it, line by line.
    """
    settings = platform.settings
    try:
        changed = changed_inputs(settings, platform.staging)
    except SourceError as error:
        return {}, [str(error)]
    if changed is None:
        return None, ["whether it has changed is known when it is read"]
    return ({} if changed else None), changed


def _reasons(
    platform: Platform, verdicts: Verdicts, address: Address, log: Mapping[dt.date, str] | None
) -> list[str]:
    try:
        return why_stale(platform, verdicts, CONTRACTS[address.asset], address, log)
    except SourceError as error:
        return [str(error)]
