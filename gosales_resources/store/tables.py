"""The store: Parquet tables and model bundles, one folder per partition, atomic writes.

Layout `<root>/<asset>/cutoff=<date>/division=<slug>/part-0.parquet` (hive), readable by any tool.
Provenance lies in the Parquet key-value metadata; the SHA-256 of a file is its data version, so
equal data under equal settings is an equal version. No Dagster here; see `io_managers.py`.
"""

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from gosales_resources.errors import (
    BundleError,
    PartitionMissingError,
    StalePartitionError,
)
from gosales_resources.store.address import Address, Provenance, Written, missing_message, remedy
from gosales_resources.store.atomic import replacing, sha256_of
from gosales_resources.store.parquet import Content, one_ahead, write_parts, write_whole
from gosales_resources.store.shared_columns import FACT as SHARED
from gosales_resources.store.shared_columns import SharedColumns, content_of_both, put_together

PART = "part-0.parquet"
BUNDLE_INDEX = "bundle.json"
PROVENANCE_PREFIX = "gosales."
# Facts in the metadata that are JSON, not plain text.
JSON_FACTS = ("settings", "quarantined", "inputs", SHARED)


@dataclass(frozen=True)
class TableStore:
    """Reads and writes partitions under a root folder."""

    root: Path

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
        path = address.folder(self.root) / PART
        metadata = {
            PROVENANCE_PREFIX + "table": address.asset,
            PROVENANCE_PREFIX + "partition": str(address),
            PROVENANCE_PREFIX + "settings_hash": provenance.settings_hash,
            PROVENANCE_PREFIX + "schema_hash": provenance.schema_hash,
            PROVENANCE_PREFIX + "code_version": provenance.code_version,
            PROVENANCE_PREFIX + "settings": json.dumps(dict(provenance.settings), sort_keys=True),
            **{PROVENANCE_PREFIX + name: value for name, value in (facts or {}).items()},
        }
        content = Content()
        tables = one_ahead(map(content.seen, tables))

        def told() -> dict[str, str]:
            facts = {PROVENANCE_PREFIX + name: value for name, value in content.facts.items()}
            return metadata | facts

        with replacing(path, str(address)) as temporary:
            rows = write(temporary, tables, told)
            digest = sha256_of(temporary)
            size = temporary.stat().st_size
        return Written(path, rows, size, digest)

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
        """
        path = address.folder(self.root) / PART
        if not path.is_file():
            raise PartitionMissingError(missing_message([address]))
        if provenance is not None:
            self._refuse_stale(address, path, provenance)
        own = pl.scan_parquet(path, hive_partitioning=False)
        found = SharedColumns.of(_read_provenance(path))
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
        return self.path_of(address) is not None

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
        path = self.path_of(address)
        if path is None:
            return []
        facts = _read_provenance(path)
        then = facts.get("inputs") or {}
        changed = sorted(n for n in {*then, *inputs} if then.get(n) != inputs.get(n))
        return [
            *_differences(path, provenance),
            *(["code"] if facts.get("code_version") != provenance.code_version else []),
            *(f"data of {name}" for name in changed),
        ]

    def content(self, address: Address) -> str:
        """Return the digest of a stored partition's rows, columns shared with others included.

        `absent` when it is not there.
        """
        facts = self.facts(address)
        own, found = str(facts.get("content", "absent")), SharedColumns.of(facts)
        return own if found is None else content_of_both(own, found[1])

    def facts(self, address: Address) -> Mapping[str, Any]:
        """Read what a stored partition says of itself; empty when it is not there."""
        path = self.path_of(address)
        return _read_provenance(path) if path else {}

    def stamp(self, address: Address) -> str | None:
        """Return what changes when a partition is replaced; None when it is not there."""
        path = self.path_of(address)
        if path is None:
            return None
        found = path.stat()
        return f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}"

    def path_of(self, address: Address) -> Path | None:
        """Return a partition's file, a bundle's index; None when it is not there."""
        folder = address.folder(self.root)
        found = [folder / name for name in (PART, BUNDLE_INDEX) if (folder / name).is_file()]
        return found[0] if found else None

    def _refuse_stale(self, address: Address, path: Path, provenance: Provenance) -> None:
        changed = _differences(path, provenance)
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
        """Write a folder of files named by their content, then the index that names them.

        The index is replaced last and in one step, so a killed run leaves the old bundle or the
        new one; files no index names any more are removed afterwards.
        """
        folder = address.folder(self.root)
        index = {}
        for name in sorted(files):
            stored = f"{hashlib.sha256(files[name]).hexdigest()[:16]}-{name}"
            with replacing(folder / stored, str(address)) as temporary:
                temporary.write_bytes(files[name])
            index[name] = stored
        names = json.dumps(index, sort_keys=True)
        facts = {"content": hashlib.sha256(names.encode()).hexdigest()[:32], "inputs": inputs}
        content = {"files": index, "provenance": dataclasses.asdict(provenance) | facts}
        text = json.dumps(content, indent=2, sort_keys=True) + "\n"
        with replacing(folder / BUNDLE_INDEX, str(address)) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
        for stray in set(os.listdir(folder)) - set(index.values()) - {BUNDLE_INDEX}:
            # Another run may be writing the same bundle, or have removed it before.
            if not stray.endswith(".partial"):
                (folder / stray).unlink(missing_ok=True)
        size = sum(len(content) for content in files.values())
        return Written(folder, len(files), size, hashlib.sha256(text.encode()).hexdigest())

    def read_bundle(self, address: Address, provenance: Provenance | None) -> dict[str, bytes]:
        """Read all files of a bundle; without a provenance whatever is there.

        Raises
        ------
        PartitionMissingError
            When it was never materialised.
        StalePartitionError
            When it was written under other settings.
        BundleError
            When its index is unreadable or names a file that is not there.
        """
        folder = address.folder(self.root)
        if not (folder / BUNDLE_INDEX).is_file():
            raise PartitionMissingError(missing_message([address]))
        if provenance is not None:
            self._refuse_stale(address, folder / BUNDLE_INDEX, provenance)
        try:
            index = read_index(folder / BUNDLE_INDEX)["files"]
            return {n: (folder / Path(stored).name).read_bytes() for n, stored in index.items()}
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise BundleError(
                f"{address} is damaged ({error}). Rematerialise it: {remedy(address)}"
            ) from error

    def remember_settings(self, settings_hash: str, resolved: Mapping[str, object]) -> Path:
        """Keep the resolved settings under their hash, once."""
        path = self.root / "settings" / f"{settings_hash}.json"
        if not path.is_file():
            text = json.dumps(resolved, indent=2, sort_keys=True) + "\n"
            with replacing(path, "settings") as temporary:
                temporary.write_text(text, encoding="utf-8")
        return path


def _differences(path: Path, provenance: Provenance) -> list[str]:
    stored = _read_provenance(path)
    found = []
    if stored.get("settings_hash") != provenance.settings_hash:
        then, now = stored.get("settings") or {}, provenance.settings
        changed = {name for name in {*then, *now} if then.get(name) != now.get(name)}
        found += sorted(changed) or ["settings"]
    return found + (["schema"] if stored.get("schema_hash") != provenance.schema_hash else [])


def _read_provenance(path: Path) -> Mapping[str, Any]:
    """Read what a stored file or bundle index says it was made under; empty when it says nothing."""
    found = path.stat()
    return _facts_of(path, found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(maxsize=65_536)
def _facts_of(path: Path, *_: int) -> Mapping[str, Any]:
    # Remembered for as long as the file is the same one: a plan asks for a partition many times.
    if path.name == BUNDLE_INDEX:
        return read_index(path)["provenance"]
    metadata = pl.read_parquet_metadata(path)
    ours = {
        key.removeprefix(PROVENANCE_PREFIX): value
        for key, value in metadata.items()
        if key.startswith(PROVENANCE_PREFIX)
    }
    return ours | {key: json.loads(ours[key]) for key in JSON_FACTS if key in ours}


def read_index(path: Path) -> dict[str, dict[str, Any]]:
    """Read which files a bundle has and what it was made under."""
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        return {"files": dict(index["files"]), "provenance": dict(index["provenance"])}
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{path} is not a bundle index ({error}). Rematerialise it.") from error
