"""What stored partitions say of themselves: what they were made under and from, and their content."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from gosales_resources.by_stamp import ByStamp
from gosales_resources.errors import DamagedError
from gosales_resources.store.address import Provenance
from gosales_resources.store.shared_columns import FACT as SHARED

BUNDLE_INDEX = "bundle.json"
PREFIX = "gosales."
# Facts in the metadata that are JSON, not plain text.
JSON_FACTS = ("settings", "quarantined", "inputs", SHARED)
# What comes of reading JSON that is none, or has another shape.
NO_JSON = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
# A plan asks for a partition many times.
_FACTS: ByStamp[str, Mapping[str, Any]] = ByStamp()


def metadata_of(table: str, partition: str, provenance: Provenance) -> dict[str, str]:
    """Return what a Parquet file is to say of what it was made under, as its metadata."""
    facts = {
        "table": table,
        "partition": partition,
        "settings_hash": provenance.settings_hash,
        "schema_hash": provenance.schema_hash,
        "code_version": provenance.code_version,
        "settings": json.dumps(dict(provenance.settings), sort_keys=True),
    }
    return named(facts)


def named(facts: Mapping[str, str]) -> dict[str, str]:
    """Return facts under the names they have in the metadata of a file."""
    return {PREFIX + name: value for name, value in facts.items()}


def differences(stored: Mapping[str, Any], provenance: Provenance) -> list[str]:
    """Name the settings that a partition was made under others of, and `schema`."""
    found = []
    if stored.get("settings_hash") != provenance.settings_hash:
        then, now = stored.get("settings") or {}, provenance.settings
        changed = {name for name in {*then, *now} if then.get(name) != now.get(name)}
        found += sorted(changed) or ["settings"]
    return found + (["schema"] if stored.get("schema_hash") != provenance.schema_hash else [])


def read_facts(told: str, stamp: str, locate: Callable[[], Path]) -> Mapping[str, Any]:
    """Read what a stored file or bundle index says of itself; empty when it says nothing.

    Parameters
    ----------
    told
        What people call where it lies.
    stamp
        Of the file.
    locate
        Gives the file, where it has to be opened.

    Raises
    ------
    DamagedError
        When it cannot be read, or says what no file of ours does.
    """
    return _FACTS.get(told, stamp, lambda: _facts_of(locate(), told))


def _facts_of(path: Path, told: str) -> Mapping[str, Any]:
    if path.name == BUNDLE_INDEX:
        return read_index(path, told)["provenance"]
    try:
        ours = {
            key.removeprefix(PREFIX): value
            for key, value in pl.read_parquet_metadata(path).items()
            if key.startswith(PREFIX)
        }
        # Of another shape than a mapping, it is not what was written.
        return ours | {key: dict(json.loads(ours[key])) for key in JSON_FACTS if key in ours}
    # Of 3,000 flipped bits in a footer one makes the reader panic; pyarrow's does not and takes twice
    # as long for every file.
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, *NO_JSON) as error:
        found = "is empty" if not path.stat().st_size else f"is no Parquet file of ours ({error})"
        raise DamagedError(f"{told} {found}") from error
    except OSError as error:
        raise DamagedError(f"{told} cannot be read ({error.strerror or error})") from error


def read_index(path: Path, told: str) -> dict[str, dict[str, Any]]:
    """Read which files a bundle has and what it was made under.

    Parameters
    ----------
    path
        Of the index.
    told
        What people call it.

    Raises
    ------
    DamagedError
        When it is no index, or cannot be read.
    """
    try:
        index = json.loads(path.read_bytes())
        return {"files": dict(index["files"]), "provenance": dict(index["provenance"])}
    except NO_JSON as error:
        raise DamagedError(f"{told} is no index of a bundle ({error!r})") from error
    except OSError as error:
        raise DamagedError(f"{told} cannot be read ({error.strerror or error})") from error
