"""Holds stored files against the checksums that the event log recorded when they were made."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import dagster as dg

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.address import Address
from gosales_resources.store.checksums import checksum

Finding = Literal["same", "differs", "missing", "unrecorded"]


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
        keys = platform.space.keys(contract.partitioned_by, cutoffs)
        recorded = _recorded(instance, contract.name, keys)
        for key in keys:
            address = Address(contract.name, *key)
            then, now = recorded.get(str(key)), checksum(platform.store, address)
            if then is None and now is None:
                continue
            if then is None:
                yield Verified(address, "unrecorded")
            elif now is None:
                yield Verified(address, "missing")
            else:
                yield Verified(address, "same" if now == then else "differs")


def _recorded(
    instance: dg.DagsterInstance, asset: str, keys: Sequence[PartitionKey]
) -> dict[str, str]:
    """Return partition key -> checksum of its latest materialisation."""
    found = {}
    for key in map(str, keys):
        records = instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[key]), limit=1
        ).records
        made = records[0].asset_materialization if records else None
        metadata = made.metadata if made else {}
        if "content_sha256" in metadata:
            found[key] = str(metadata["content_sha256"].value)
    return found
