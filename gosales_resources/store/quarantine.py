"""Rows kept apart from a table because they break its contract (mode fail_soft).

They lie beside the tables, in `<store>/quarantine/<asset>/cutoff=.../<content>.parquet`, with the
rules each one breaks. The table's metadata names the file, so a killed run leaves a table and the
rows that were kept out of that very table, never out of another.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from gosales_resources.store.address import Address, Provenance, Written
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
    place = f"{FOLDER}/{address.folder}/{name}"
    store.place.put(place, buffer.getvalue(), f"quarantine of {address}")
    counts = broken.explode(BROKEN_RULES)[BROKEN_RULES].value_counts(name="rows").rows()
    told = {"quarantined": json.dumps(dict(sorted(counts))), "quarantine": name}
    written = store.write_table(address, kept, provenance, {**facts, **told})
    forget(store, address, keep=name)
    return written


def forget(store: TableStore, address: Address, keep: str | None = None) -> None:
    """Remove what was kept out of earlier versions of a partition."""
    for name in store.place.list(f"{FOLDER}/{address.folder}"):
        if keep is None or not name.endswith(f"/{keep}"):
            store.place.remove(name)


def quarantined(store: TableStore, address: Address) -> dict[str, int]:
    """Return rule -> rows kept out of a stored partition; a row may break several."""
    return dict(store.facts(address).get("quarantined") or {})


def scan_quarantine(store: TableStore, address: Address) -> pl.LazyFrame | None:
    """Scan the rows kept out of a stored partition; None where there are none.

    Parameters
    ----------
    store, address
        Which partition.

    Returns
    -------
    polars.LazyFrame or None
        The columns of the table and `broken_rules`, in the order they were offered.
    """
    name = quarantine_of(address, store.facts(address))
    return pl.scan_parquet(store.place.locate(name)) if name else None


def quarantine_of(address: Address, facts: Mapping[str, Any]) -> str | None:
    """Return where the rows kept out of a partition lie, by what its file says; None without any."""
    name = facts.get("quarantine")
    return f"{FOLDER}/{address.folder}/{name}" if name else None
