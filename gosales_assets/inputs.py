"""What a partition is made from, by content: the data side of what makes it stale.

Every stored partition names the content of the partitions and raw sources it was made from; when
one of them has other content now, it is stale, and nothing else is.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from gosales_checks.contracts.contract import Contract, Read
from gosales_resources.partitions import PartitionSpace
from gosales_resources.settings.source import FileSource
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.files import open_inputs
from gosales_resources.storage import Address, TableStore

LOG = "sales_log"


@dataclass(frozen=True)
class Inputs:
    """The contents that partitions are made from, as they are now."""

    settings: Settings
    space: PartitionSpace
    store: TableStore

    def of(
        self, contract: Contract, address: Address, log: Mapping[dt.date, str] | None = None
    ) -> dict[str, str]:
        """Return table or source -> digest of the content that a partition is made from.

        Parameters
        ----------
        contract, address
            The partition.
        log
            Digest of each increment of the raw sales log. Without it, what the stored partition
            says it was made from is taken to be so still: the raw log was not looked at.

        Raises
        ------
        SourceError
            When a raw source cannot be read.
        """
        found = {
            read.table.name: _digest(
                [(str(a), self.store.content(a)) for a in self.addresses(read, contract, address)]
            )
            for read in contract.reads
        }
        for name in contract.sources:
            if name != LOG:
                found[f"source.{name}"] = source_digest(self.settings, name)
            elif log is not None:
                found["source.sales_log"] = log[address.cutoff]
            else:
                known = self.store.facts(address).get("inputs") or {}
                found |= {k: v for k, v in known.items() if k == "source.sales_log"}
        return found

    def addresses(self, read: Read, contract: Contract, address: Address) -> list[Address]:
        """List the partitions of another table that a partition reads, in order."""
        known = self.settings.divisions
        one = contract.partitioned_by != "cutoff"
        divisions = {
            "cutoff": [None],
            "division_cutoff": [address.division] if one else known.slugs,
            "target_cutoff": [address.division] if one else known.targets,
        }[read.table.partitioned_by]
        return [
            Address(read.table.name, cutoff, division)
            for cutoff in self.space.cutoffs_read(read.span, address.cutoff)
            for division in divisions
        ]


def source_digest(settings: Settings, name: str) -> str:
    """Name the content of a small raw source; `none` where it is not configured."""
    source: FileSource | None = getattr(settings.source, name)
    if source is None:
        return "none"
    inputs = open_inputs(source, settings.source_dir)
    return _digest([(raw.name, [block.key for block in raw.blocks()]) for raw in inputs])


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
