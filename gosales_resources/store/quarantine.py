"""Rows kept apart from a table because they break its contract (mode fail_soft).

They lie beside the tables, in `<store>/quarantine/<asset>/cutoff=.../<content>.parquet`, with the
rules each one breaks. The table's metadata names the file, so a killed run leaves a table and the
rows that were kept out of that very table, never out of another.
"""

import contextlib
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from gosales_resources.store.address import Address, Provenance, Written
from gosales_resources.store.atomic import replacing
from gosales_resources.store.tables import TableStore

FOLDER = "quarantine"
# The rules that a quarantined row breaks, in the order of the contract.
BROKEN_RULES = "broken_rules"


def write_split(
    store: TableStore,
    address: Address,
    kept: pl.DataFrame,
    broken: pl.DataFrame,
    provenance: Provenance,
    facts: Mapping[str, str],
) -> Written:
    """Write a partition's rows, and those kept out of it beside it.

    Parameters
    ----------
    store, address, provenance, facts
        Which partition, made under and from what.
    kept
        The rows that keep the contract.
    broken
        The others, with `BROKEN_RULES`; none leaves no file and no trace in the table.
    """
    if broken.is_empty():
        written = store.write_table(address, kept, provenance, facts)
        forget(store, address)
        return written
    buffer = io.BytesIO()
    broken.write_parquet(buffer, compression="zstd", compression_level=1)
    name = f"{hashlib.sha256(buffer.getvalue()).hexdigest()[:16]}.parquet"
    with replacing(_folder(store, address) / name, f"quarantine of {address}") as temporary:
        temporary.write_bytes(buffer.getvalue())
    counts = broken.explode(BROKEN_RULES)[BROKEN_RULES].value_counts(name="rows").rows()
    told = {"quarantined": json.dumps(dict(sorted(counts))), "quarantine": name}
    written = store.write_table(address, kept, provenance, {**facts, **told})
    forget(store, address, keep=name)
    return written


def forget(store: TableStore, address: Address, keep: str | None = None) -> None:
    """Remove what was kept out of earlier versions of a partition."""
    folder = _folder(store, address)
    for path in folder.glob("*.parquet") if folder.is_dir() else ():
        if path.name != keep:
            # Another run of the same partition may have removed it.
            path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        # Not empty, or not there: both are fine.
        folder.rmdir()


def quarantined(store: TableStore, address: Address) -> dict[str, int]:
    """Return rule -> rows kept out of a stored partition; a row may break several."""
    return dict(store.facts(address).get("quarantined") or {})


def scan_quarantine(store: TableStore, address: Address) -> pl.LazyFrame | None:
    """Scan the rows kept out of a stored partition; None where there are none."""
    name = store.facts(address).get("quarantine")
    return pl.scan_parquet(_folder(store, address) / name) if name else None


def _folder(store: TableStore, address: Address) -> Path:
    return address.folder(store.root / FOLDER)
