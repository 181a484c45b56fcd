"""The store: Parquet tables and model bundles, one folder per partition, atomic writes.

Layout `<root>/<asset>/cutoff=<date>/division=<slug>/part-0.parquet` (hive), readable by any tool.
Provenance lies in the Parquet key-value metadata; the SHA-256 of a file is its data version, so
equal data under equal settings is an equal version. No Dagster here; see `io_managers.py`.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from gosales_resources.errors import DamagedError, PartitionMissingError, StalePartitionError
from gosales_resources.store.address import (
    Address,
    Provenance,
    Written,
    damaged_message,
    missing_message,
    remedy,
)
from gosales_resources.store.atomic import sha256_of
from gosales_resources.store.bucket import Bucket
from gosales_resources.store.bundles import bundle_files, read_bundle, write_bundle
from gosales_resources.store.parquet import Content, one_ahead, write_parts, write_whole
from gosales_resources.store.place import Folder, Place, Stat
from gosales_resources.store.provenance import (
    BUNDLE_INDEX,
    NO_JSON,
    differences,
    metadata_of,
    named,
    read_facts,
)
from gosales_resources.store.shared_columns import SharedColumns, content_of_both, put_together

PART = "part-0.parquet"
# Content of a partition that cannot say what its content is.
DAMAGED = "damaged"
LOG = logging.getLogger("gosales")


@dataclass(frozen=True)
class TableStore:
    """Reads and writes partitions under a root folder, or in a bucket of which it has copies."""

    root: Path
    url: str | None = None
    """Of the bucket; None where partitions lie in the folder."""

    @cached_property
    def place(self) -> Place:
        """Where partitions lie."""
        return Bucket(self.url, self.root) if self.url else Folder(self.root)

    @property
    def told(self) -> str:
        """What people call it."""
        return self.url or str(self.root)

    def write_table(
        self,
        address: Address,
        parts: pl.LazyFrame | pl.DataFrame | Iterable[pl.LazyFrame],
        provenance: Provenance,
        facts: Mapping[str, str] | None = None,
    ) -> Written:
        """Write one partition; readers see the old file or the new one, never a part.

        Parameters
        ----------
        address
            The partition.
        parts
            The table, or consecutive parts of it with equal columns, at least one; memory is that
            of a part.
        provenance
            What it is written under.
        facts
            What else the file's metadata is to say.

        A table in one part is written as one in several is: its file is the same however it is cut.

        Raises
        ------
        StorageError
            When there is no space left or no permission.
        """
        is_whole = isinstance(parts, pl.LazyFrame | pl.DataFrame)
        frames, write = ([parts], write_whole) if is_whole else (parts, write_parts)
        tables = (part.lazy().collect() for part in frames)
        name = f"{address.folder}/{PART}"
        metadata = metadata_of(address.asset, str(address), provenance) | named(facts or {})
        content = Content()
        tables = one_ahead(map(content.seen, tables))
        with self.place.writing(name, str(address)) as temporary:
            rows = write(temporary, tables, lambda: metadata | named(content.facts))
            digest = sha256_of(temporary)
            size = temporary.stat().st_size
        for stray in self.strays(address):
            self.place.remove(stray)
        return Written(self.place.told(name), rows, size, digest)

    def scan_table(self, address: Address, provenance: Provenance | None) -> pl.LazyFrame:
        """Scan one partition lazily, with the columns it shares with others (`SharedColumns`).

        Parameters
        ----------
        address
            The partition.
        provenance
            What it must have been written under; None reads whatever is there (`gosales show`).

        Raises
        ------
        PartitionMissingError
            When it was never materialised.
        StalePartitionError
            When it was written under other settings or another schema, or what it shares with
            others has been made anew, with other content.
        DamagedError
            When what the file says of itself cannot be read.
        """
        name = f"{address.folder}/{PART}"
        if self.place.stat(name) is None:
            raise PartitionMissingError(missing_message([address]))
        if provenance is not None:
            self._refuse_stale(address, provenance)
        own = pl.scan_parquet(self.place.locate(name), hive_partitioning=False)
        found = SharedColumns.of(self.facts(address))
        if found is None:
            return own
        columns, content = found
        return put_together(own, self._shared(address, columns, content), columns)

    def _shared(self, address: Address, columns: SharedColumns, content: str) -> pl.LazyFrame:
        shared = Address(columns.table, address.cutoff)
        if self.has(shared) and self.content(shared) != content:
            raise StalePartitionError(
                f"{address} was made beside {shared} as it was before that was made anew. "
                f"Rematerialise it: {remedy(address)}"
            )
        return self.scan_table(shared, None)

    def has(self, address: Address) -> bool:
        """Tell whether a partition has been materialised."""
        return self._found(address) is not None

    def changes(
        self, address: Address, provenance: Provenance, inputs: Mapping[str, str]
    ) -> list[str]:
        """Name what a stored partition was made under, or from, that is no longer so.

        Parameters
        ----------
        address
            The partition.
        provenance
            What is in force.
        inputs
            Table or source -> digest of its content now.

        Returns
        -------
        list of str
            Settings by path, `schema`, `code`, `data of X`; empty when nothing has changed, or the
            partition is not there.
        """
        if not self.has(address):
            return []
        facts = self.facts(address)
        then = facts.get("inputs") or {}
        changed = sorted(n for n in {*then, *inputs} if then.get(n) != inputs.get(n))
        return [
            *differences(facts, provenance),
            *(["code"] if facts.get("code_version") != provenance.code_version else []),
            *(f"data of {name}" for name in changed),
        ]

    def content(self, address: Address) -> str:
        """Return the digest of a stored partition's rows, columns shared with others included.

        `absent` when it is not there, `damaged` when it cannot be told.
        """
        try:
            facts = self.facts(address)
        except DamagedError:
            return DAMAGED
        own, found = str(facts.get("content", "absent")), SharedColumns.of(facts)
        return own if found is None else content_of_both(own, found[1])

    def facts(self, address: Address) -> Mapping[str, Any]:
        """Read what a stored partition says of itself; empty when it is not there.

        Raises
        ------
        DamagedError
            When it cannot be read.
        """
        if (found := self._found(address)) is None:
            return {}
        name, stat = found
        told, path = self.place.told(name), lambda: self.place.locate(name)
        try:
            return read_facts(told, stat.stamp, path)
        except DamagedError as error:
            raise DamagedError(damaged_message(address, str(error))) from error

    def made_from(self, address: Address) -> Mapping[str, str]:
        """Return what a partition says it was made from; nothing when it is not there, or damaged."""
        try:
            return self.facts(address).get("inputs") or {}
        except DamagedError:
            return {}

    def strays(self, address: Address) -> list[str]:
        """List the files in a partition's folder that are not its own: other readers would take them in.

        Names with a dot or a line in front are passed over, as readers of such folders do.

        Raises
        ------
        DamagedError
            When a bundle's index, which says what is its own, cannot be read.
        """
        names, own = self.place.list(address.folder), {f"{address.folder}/{PART}"}
        if not own & set(names):
            index = f"{address.folder}/{BUNDLE_INDEX}"
            own = {index, *bundle_files(self.place, address).values()} if index in names else set()
        found = (name for name in names if name not in own)
        return [name for name in found if not name.rpartition("/")[2].startswith((".", "_"))]

    def stored_in(self, address: Address) -> list[Address]:
        """List the partitions that a stored one lies in: its own, and that of the columns it shares.

        Raises
        ------
        DamagedError
            When it cannot be read.
        """
        found = SharedColumns.of(self.facts(address))
        return [address, Address(found[0].table, address.cutoff)] if found else [address]

    def stamp(self, address: Address) -> str | None:
        """Return what changes when a partition is replaced; None when it is not there."""
        found = self._found(address)
        return found[1].stamp if found else None

    def path_of(self, address: Address) -> Path | None:
        """Return a partition's file, a bundle's index; None when it is not there."""
        name = self.name_of(address)
        return self.place.locate(name) if name else None

    def name_of(self, address: Address) -> str | None:
        """Return where a partition's file, a bundle's index, is stored; None when it is not there."""
        found = self._found(address)
        return found[0] if found else None

    def _found(self, address: Address) -> tuple[str, Stat] | None:
        for name in (f"{address.folder}/{PART}", f"{address.folder}/{BUNDLE_INDEX}"):
            if (stat := self.place.stat(name)) is not None:
                return name, stat
        return None

    def _refuse_stale(self, address: Address, provenance: Provenance) -> None:
        changed = differences(self.facts(address), provenance)
        if changed:
            raise StalePartitionError(
                f"{address} was written under other settings or another schema than are in force "
                f"({', '.join(changed)}). Rematerialise it: {remedy(address)}"
            )

    def write_bundle(
        self,
        address: Address,
        files: Mapping[str, bytes],
        provenance: Provenance,
        inputs: Mapping[str, str],
    ) -> Written:
        """Write a model; see `bundles.write_bundle`."""
        return write_bundle(self.place, address, files, provenance, inputs)

    def read_bundle(self, address: Address, provenance: Provenance | None) -> dict[str, bytes]:
        """Read all files of a bundle; without a provenance whatever is there.

        Raises
        ------
        PartitionMissingError
            When it was never materialised.
        StalePartitionError
            When it was written under other settings.
        DamagedError
            When its index is unreadable, or names a file that is not there or has other content.
        """
        if self.place.stat(f"{address.folder}/{BUNDLE_INDEX}") is None:
            raise PartitionMissingError(missing_message([address]))
        if provenance is not None:
            self._refuse_stale(address, provenance)
        return read_bundle(self.place, address)

    def remember_settings(self, settings_hash: str, resolved: Mapping[str, object]) -> Path:
        """Keep the resolved settings under their hash; where others lie there, they are replaced."""
        name = f"settings/{settings_hash}.json"
        text = (json.dumps(resolved, indent=2, sort_keys=True) + "\n").encode()
        if self.place.stat(name) is not None:
            told = self.place.get(name)
            if told == text:
                return self.place.locate(name)
            if not _is_mapping(told):
                LOG.warning("%s is damaged: it is written anew", self.place.told(name))
        self.place.put(name, text, "settings")
        return self.place.locate(name)


def _is_mapping(told: bytes) -> bool:
    try:
        return isinstance(json.loads(told), dict)
    except NO_JSON:
        return False
