"""Which partition of which asset, what it was made under, and how people make it anew."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from gosales_resources.partitions.keys import PartitionKey


@dataclass(frozen=True)
class Address:
    """Which partition of which asset."""

    asset: str
    cutoff: dt.date
    division: str | None = None

    @property
    def key(self) -> PartitionKey:
        """The key of the partition."""
        return PartitionKey(self.cutoff, self.division)

    def __str__(self) -> str:
        return f"{self.asset}[{self.key}]"

    @property
    def folder(self) -> str:
        """The partition's folder in its place."""
        folder = f"{self.asset}/cutoff={self.cutoff.isoformat()}"
        return f"{folder}/division={self.division}" if self.division else folder


@dataclass(frozen=True)
class Provenance:
    """What a stored table was made under; a reader under anything else is refused."""

    settings_hash: str
    """Hash of the settings the partition depends on."""
    schema_hash: str
    """Hash of its contract's columns and types."""
    code_version: str
    """Version of the package that wrote it."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Setting -> digest of its value: what the settings hash is made of, to name what changed."""


@dataclass(frozen=True)
class Written:
    """What a write left behind."""

    place: str
    """What people call where it lies."""
    rows: int
    bytes: int
    sha256: str


def missing_message(addresses: list[Address]) -> str:
    """Say which partitions are missing and what makes them."""
    shown = ", ".join(str(a) for a in addresses[:6]) + (", ..." if len(addresses) > 6 else "")
    return (
        f"{len(addresses)} upstream partition(s) not materialised: {shown}. "
        f"Materialise first: {remedy(addresses[0], addresses[-1])}"
    )


def damaged_message(address: Address, found: str) -> str:
    """Say what is wrong with a partition and what makes it anew."""
    return f"{address} is damaged: {found}. Rematerialise it: {remedy(address)}"


def remedy(first: Address, last: Address | None = None) -> str:
    """Return the command that makes the partitions from `first` to `last`."""
    last = last or first
    span = f"{first.cutoff}" if first.cutoff == last.cutoff else f"{first.cutoff}..{last.cutoff}"
    return f"gosales materialize --select {first.asset} --cutoffs {span}"
