"""Holds stored files against the checksums that the event log recorded when they were made."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import dagster as dg

from gosales_assets.operations.history import damaged_files
from gosales_assets.operations.instance import home_of
from gosales_assets.platform.platform import Platform
from gosales_assets.star.ingest import INDEX
from gosales_checks.contracts.registry import CONTRACTS
from gosales_checks.freshness.code import REMEMBERED
from gosales_resources.instance.recorded import recorded_checksums
from gosales_resources.store.address import Address
from gosales_resources.store.checksums import damage
from gosales_resources.store.sealed_json import read_sealed
from gosales_resources.store.staged_folders import META, damaged_in

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


def verify_beside(platform: Platform) -> list[tuple[Path, str]]:
    """List the damaged files that hold no table: of the run history, and what is staged.

    Returns
    -------
    list of (Path, str)
        File, and what is wrong with it.
    """
    found = list(damaged_files(home_of(platform), thoroughly=True).items())
    staging = platform.staging
    folders = sorted(path.parent for path in staging.rglob(META))
    remembered = [staging / INDEX, staging / REMEMBERED, *(folder / META for folder in folders)]
    found += [(p, "not what was written") for p in remembered if p.exists() and not read_sealed(p)]
    found += [(path, "not what was made") for folder in folders for path in damaged_in(folder)]
    return found
