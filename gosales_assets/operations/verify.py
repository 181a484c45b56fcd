"""Holds stored files against the checksums that the event log recorded when they were made."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import dagster as dg

from gosales_assets.operations.runs import open_instance
from gosales_assets.operations.status import addresses_of
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.partitions.space import partition_key
from gosales_resources.store.checksums import checksum
from gosales_resources.store.tables import Address, remedy

Finding = Literal["same", "differs", "missing", "unrecorded"]
SHOWN = 20
WHAT_TO_DO = {
    "differs": "the file is not the one that was made: restore it from a backup, or make it anew",
    "missing": "it was made and is gone: restore it, or make it anew",
    "unrecorded": "this event log does not know it (another store or a wiped log): make it anew to "
    "have it recorded",
}


@dataclass(frozen=True)
class Verified:
    """One partition held against the event log."""

    address: Address
    finding: Finding


def verify(
    platform: Platform,
    instance: dg.DagsterInstance,
    cutoffs: Sequence[dt.date],
    tables: Sequence[str] = (),
) -> Iterator[Verified]:
    """Yield every partition that is stored or recorded, with what its checksum says."""
    for contract in CONTRACTS.values():
        if tables and contract.name not in tables:
            continue
        recorded = _recorded(instance, contract.name, cutoffs, platform)
        for address in addresses_of(platform, contract, cutoffs):
            key = str(partition_key(address.cutoff, address.division))
            then, now = recorded.get(key), checksum(platform.store, address)
            if then is None and now is None:
                continue
            if then is None:
                yield Verified(address, "unrecorded")
            elif now is None:
                yield Verified(address, "missing")
            else:
                yield Verified(address, "same" if now == then else "differs")


def _recorded(
    instance: dg.DagsterInstance, asset: str, cutoffs: Sequence[dt.date], platform: Platform
) -> dict[str, str]:
    """Return partition key -> checksum of its latest materialisation."""
    found = {}
    for address in addresses_of(platform, CONTRACTS[asset], cutoffs):
        key = str(partition_key(address.cutoff, address.division))
        records = instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[key]), limit=1
        ).records
        made = records[0].asset_materialization if records else None
        metadata = made.metadata if made else {}
        if "content_sha256" in metadata:
            found[key] = str(metadata["content_sha256"].value)
    return found


def print_verified(platform: Platform, cutoffs: Sequence[dt.date], tables: Sequence[str]) -> bool:
    """Print what differs, is missing or unrecorded and what to do; True when nothing is."""
    by_finding: dict[str, list[Address]] = {}
    with open_instance(platform) as instance:
        for one in verify(platform, instance, cutoffs, tables):
            by_finding.setdefault(one.finding, []).append(one.address)
    print(f"{len(by_finding.pop('same', []))} partition(s) are what was recorded.")
    for finding, addresses in by_finding.items():
        print(f"{len(addresses)} {finding}: {WHAT_TO_DO[finding]}")
        for address in addresses[:SHOWN]:
            print(f"  {address}: {remedy(address)}")
        if len(addresses) > SHOWN:
            print(f"  and {len(addresses) - SHOWN} more")
    return not set(by_finding) & {"differs", "missing"}
