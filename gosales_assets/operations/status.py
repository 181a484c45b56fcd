"""Tells which stored partitions are current, stale and why, or missing; computes nothing."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.store.tables import Address

State = Literal["current", "stale", "missing"]


@dataclass(frozen=True)
class PartitionStatus:
    """One partition and whether it may be read."""

    address: Address
    state: State
    reasons: tuple[str, ...] = ()
    """Settings that have changed since it was made, or `schema`; empty unless stale."""


def status_of(
    platform: Platform,
    cutoffs: Sequence[dt.date],
    tables: Sequence[str] = (),
    log: Mapping[dt.date, str] | None = None,
) -> Iterator[PartitionStatus]:
    """Yield the status of every partition of the tables (all without any) at the cutoffs."""
    for contract in CONTRACTS.values():
        if tables and contract.name not in tables:
            continue
        for address in addresses_of(platform, contract, cutoffs):
            if not platform.store.has(address):
                yield PartitionStatus(address, "missing")
            elif reasons := platform.changes(contract, address, log):
                yield PartitionStatus(address, "stale", tuple(reasons))
            else:
                yield PartitionStatus(address, "current")


def addresses_of(
    platform: Platform, contract: Contract, cutoffs: Sequence[dt.date]
) -> list[Address]:
    """List a table's partitions at some cutoffs, in order."""
    known = platform.settings.divisions
    divisions = {
        "cutoff": [None],
        "division_cutoff": known.slugs,
        "target_cutoff": known.targets,
    }[contract.partitioned_by]
    return [Address(contract.name, cutoff, d) for cutoff in cutoffs for d in divisions]


def print_status(platform: Platform, cutoffs: Sequence[dt.date], tables: Sequence[str]) -> None:
    """Print counts per table, and what is stale because of what."""
    counts: Counter[tuple[str, str]] = Counter()
    because: dict[tuple[str, tuple[str, ...]], list[Address]] = {}
    for status in status_of(platform, cutoffs, tables):
        counts[status.address.asset, status.state] += 1
        if status.state == "stale":
            because.setdefault((status.address.asset, status.reasons), []).append(status.address)
    print(f"{'table':<24}{'current':>9}{'stale':>9}{'missing':>9}")
    for name in dict.fromkeys(asset for asset, _ in counts):
        numbers = [counts[name, state] for state in ("current", "stale", "missing")]
        print(f"{name:<24}" + "".join(f"{number:>9}" for number in numbers))
    for (asset, reasons), addresses in because.items():
        divisions = sorted({a.division for a in addresses if a.division})
        of = f" of {', '.join(divisions)}" if divisions else ""
        span = f"{addresses[0].cutoff}..{addresses[-1].cutoff}"
        print(f"stale: {asset} {span}{of}: {', '.join(reasons)}")
    if because:
        print("make them: gosales materialize --cutoffs FIRST..LAST (what is current stays)")
