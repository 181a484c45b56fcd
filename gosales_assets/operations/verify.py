"""Holds stored files against the checksums that the event log recorded when they were made."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import dagster as dg

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.instance.recorded import recorded_checksums
from gosales_resources.store.address import Address
from gosales_resources.store.checksums import damage

Finding = Literal["same", "differs", "missing", "unrecorded"]


@dataclass(frozen=True)
class Verified:
    """One partition held against the event log."""

    address: Address
    finding: Finding
    damage: str = ""
    """What is wrong with which file, where it differs."""


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
        recorded = recorded_checksums(instance, contract.name, keys)
        for key in keys:
            address, then = Address(contract.name, *key), recorded.get(str(key))
            is_there = platform.store.has(address)
            found = damage(platform.store, address, then) if is_there else None
            if found:
                yield Verified(address, "differs", found)
            elif is_there:
                yield Verified(address, "unrecorded" if then is None else "same")
            elif then is not None:
                yield Verified(address, "missing")
