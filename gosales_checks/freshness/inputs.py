"""What a partition is made from, by content: the data side of what makes it stale.

Every stored partition names the content of the partitions and raw sources it was made from; when
one of them has other content now, it is stale, and nothing else is.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from gosales_checks.contracts.contract import Contract, Read
from gosales_resources.instance.thread_map import map_threads
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.settings.source import FileSource
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW, Block, RawInput
from gosales_resources.store.tables import Address, TableStore

LOG = "sales_log"
UNREADABLE = "unreadable"
# Behind a source whose order of rows is content too.
ORDER = "@order"


@dataclass(frozen=True)
class InputDigests:
    """The contents that partitions are made from, as they are now."""

    settings: Settings
    space: PartitionSpace
    store: TableStore
    _sources: dict[tuple[str, tuple[str | None, ...]], str] = field(
        default_factory=dict, repr=False, compare=False
    )

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
            read.table.name: digest_of(self.store, self.addresses(read, contract, address))
            for read in contract.reads
        }
        for name in contract.sources:
            if name != LOG:
                found[f"source.{name.removesuffix(ORDER)}"] = self._source(name)
            elif log is not None:
                found["source.sales_log"] = log.get(address.cutoff, UNREADABLE)
            else:
                known = self.store.facts(address).get("inputs") or {}
                found |= {k: v for k, v in known.items() if k == "source.sales_log"}
        return found

    def _source(self, name: str) -> str:
        """Return a source's digest, remembered for as long as its files are the same."""
        stamps = tuple(raw.stamp() for raw in _inputs_of(self.settings, name))
        if None in stamps:
            return source_digest(self.settings, name)
        if (name, stamps) not in self._sources:
            self._sources[name, stamps] = source_digest(self.settings, name)
        return self._sources[name, stamps]

    def addresses(self, read: Read, contract: Contract, address: Address) -> list[Address]:
        """List the partitions of another table that a partition reads, in order."""
        known = self.settings.divisions
        one = contract.partitioned_by != "cutoff"
        divisions = {
            "cutoff": [None],
            "division_cutoff": known.divisions_of(str(address.division)) if one else known.slugs,
            "target_cutoff": [address.division] if one else known.targets,
        }[read.table.partitioned_by]
        return [
            Address(read.table.name, cutoff, division)
            for cutoff in self.space.cutoffs_read(read.span, address.cutoff)
            for division in divisions
        ]


def digest_of(store: TableStore, addresses: Sequence[Address]) -> str:
    """Name the content of stored partitions, in the order given."""
    return _digest([(str(a), store.content(a)) for a in addresses])


def source_digest(settings: Settings, name: str) -> str:
    """Name the content of a small raw source; `none` where it is not configured.

    Parameters
    ----------
    settings
        Where it lies.
    name
        Field of the `source` settings. The order of rows does not count, unless `@order` follows:
        tables that tell row numbers depend on it.
    """
    inputs = _inputs_of(settings, name)
    read = _in_order if name.endswith(ORDER) else _in_any_order
    return _digest([(raw.name, raw.header(), read(raw)) for raw in inputs]) if inputs else "none"


def _inputs_of(settings: Settings, name: str) -> list[RawInput]:
    source: FileSource | None = getattr(settings.source, name.removesuffix(ORDER))
    if source is None:
        return []
    # A source may have another beside it, such as overrides.
    nested = [getattr(source, inner) for inner in type(source).model_fields]
    return [
        raw
        for part in (source, *(n for n in nested if isinstance(n, FileSource)))
        for raw in open_inputs(part, settings.source_dir)
    ]


def _in_order(raw: RawInput) -> list[str]:
    return [block.key for block in raw.blocks()]


def _in_any_order(raw: RawInput) -> list[object]:
    blocks = list(map_threads(_counted, raw.blocks()))
    counts, totals, texts = zip(*blocks, strict=True) if blocks else ((), (), ())
    return [sum(counts), sum(totals), sorted(chain.from_iterable(texts))]


def _counted(block: Block) -> tuple[int, int, list[str]]:
    """Count the rows of a block, sum their hashes, and list what has no columns."""
    count, total, texts = 0, 0, []
    for batch in block.read():
        hashes = batch.frame.drop(ROW).hash_rows(seed=1)
        # Halves are summed apart: a sum of 64-bit hashes would overflow.
        low, high = hashes & 0xFFFFFFFF, hashes // 2**32
        total += int(low.sum()) + (int(high.sum()) << 32)
        count += batch.row_count
        texts += [bad.text for bad in batch.misshapen]
    return count, total, texts


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
