"""Binds the store to Dagster: lazy frames in, partition after partition out.

An asset returns `Partitions`, a lazy iterable; each is made, written and forgotten before the
next, so memory is that of one partition plus what they share.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import polars as pl

from gosales_resources.errors import GosalesError, PartitionMissingError
from gosales_resources.instance.recorded import CHECKSUM, refuse_damaged
from gosales_resources.markdown import LONGEST, visible
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.address import (
    Address,
    Provenance,
    Written,
    missing_message,
)
from gosales_resources.store.quarantine import forget, quarantined, scan_quarantine, write_split
from gosales_resources.store.shared_columns import SharedColumns
from gosales_resources.store.tables import TableStore
from gosales_resources.store.upstream import Bundles, Tables

# Metadata key of an asset input whose partitions may be absent (the end of a label window that
# the data has not reached): the asset then gets those that are there, by key.
MAY_BE_MISSING = "gosales/may_be_missing"
# From here on a figure is shown without decimals.
LARGE = 1_000


@dataclass(frozen=True)
class Partition:
    """One made partition: where it belongs, its content, and what to show of it."""

    key: PartitionKey
    content: Any
    """Of a table one lazy or eager frame, or an iterator over consecutive parts; of a bundle files."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] | None = None
    """Source -> digest of what it was made from, where the asset knows better than its contract."""


@dataclass(frozen=True)
class Partitions:
    """What an asset returns: its partitions, made one after another when iterated."""

    made: Iterable[Partition]


@dataclass(frozen=True)
class TableSpec:
    """What the IO manager must know of a table, given by its contract."""

    provenance: Callable[[Address], Provenance]
    inputs: Callable[[Address], Mapping[str, str]]
    """Table or source -> digest of the content that a partition is made from."""
    conform: Callable[[pl.LazyFrame], pl.LazyFrame]
    split: Callable[[pl.DataFrame], tuple[pl.DataFrame, pl.DataFrame]] | None = None
    """Parts rows that keep the contract from those that break it; None stores all (strict)."""
    shared: SharedColumns | None = None
    """Where its other columns lie; None where all are its own."""


class TableIOManager(dg.IOManager):
    """Polars frames <-> hive-partitioned Parquet."""

    def __init__(self, store: TableStore, specs: Mapping[str, TableSpec]) -> None:
        self._store = store
        self._specs = specs

    def handle_output(self, context: dg.OutputContext, obj: Partitions) -> None:
        """Write every partition of the run; all of them must be there, and no other."""
        asset = context.asset_key.path[-1]
        spec = self._specs[asset]

        def write(address: Address, content: Any, inputs: Mapping[str, str]) -> Written:
            provenance, facts = spec.provenance(address), {"inputs": json.dumps(dict(inputs))}
            if spec.shared:
                shared = Address(spec.shared.table, address.cutoff)
                facts |= spec.shared.told(self._store.content(shared))
            # A table too large for memory comes in parts; however many, it is the same file.
            if isinstance(content, Iterator):
                conformed = (spec.conform(part.lazy()) for part in content)
            else:
                conformed = spec.conform(content.lazy())
            if spec.split:
                # Keys are compared over the whole table: here it has to fit in memory.
                parts = [conformed] if isinstance(conformed, pl.LazyFrame) else conformed
                whole = pl.concat(part.collect() for part in parts)
                kept, broken = spec.split(whole)
                return write_split(self._store, address, kept, broken, provenance, facts)
            written = self._store.write_table(address, conformed, provenance, facts)
            forget(self._store, address)
            return written

        _write_all(context, obj, self._store, write, spec.inputs)

    def load_input(self, context: dg.InputContext) -> Tables | pl.LazyFrame:
        """Return the upstream partitions, one by one or, where annotated so, as one LazyFrame.

        Returns
        -------
        Tables or polars.LazyFrame
            As the input is annotated; as one frame in the order of the keys.

        Raises
        ------
        PartitionMissingError, StalePartitionError, DamagedError
            When one that must be there is not, was made under other settings, or is not what was made.
        """
        upstream = context.asset_key.path[-1]
        provenance = self._specs[upstream].provenance
        present = _present(context, self._store)
        refuse_damaged(context.instance, self._store, present)
        frames = {a.key: self._store.scan_table(a, provenance(a)) for a in present}
        if context.dagster_type.typing_type is pl.LazyFrame:
            if not frames:
                raise GosalesError(f"{upstream}: nothing to load.")
            return pl.concat(list(frames.values()), how="vertical")
        return Tables(upstream, frames)


class BundleIOManager(dg.IOManager):
    """Model bundles: named files of safe formats <-> a folder."""

    def __init__(self, store: TableStore, specs: Mapping[str, TableSpec]) -> None:
        self._store = store
        self._specs = specs

    def handle_output(self, context: dg.OutputContext, obj: Partitions) -> None:
        """Write every bundle of the run."""
        spec = self._specs[context.asset_key.path[-1]]

        def write(address: Address, content: Any, inputs: Mapping[str, str]) -> Written:
            return self._store.write_bundle(address, content, spec.provenance(address), inputs)

        _write_all(context, obj, self._store, write, spec.inputs)

    def load_input(self, context: dg.InputContext) -> Bundles:
        """Return the files of every upstream bundle.

        Raises
        ------
        PartitionMissingError, StalePartitionError, DamagedError
            As of a table; and when this history does not know a bundle, whatever it says of itself.
        """
        upstream = context.asset_key.path[-1]
        provenance = self._specs[upstream].provenance
        present = _present(context, self._store)
        refuse_damaged(context.instance, self._store, present, must_be_recorded=True)
        return Bundles(
            upstream, {a.key: self._store.read_bundle(a, provenance(a)) for a in present}
        )


def _present(context: dg.InputContext, store: TableStore) -> list[Address]:
    """List the upstream partitions that are there, by key; all of them, unless some may be absent."""
    asset = context.asset_key.path[-1]
    keys = sorted(context.asset_partition_keys) if context.has_asset_partitions else []
    addresses = [Address(asset, *PartitionKey.of(key)) for key in keys]
    missing = [address for address in addresses if not store.has(address)]
    if missing and not (context.definition_metadata or {}).get(MAY_BE_MISSING):
        raise PartitionMissingError(missing_message(missing))
    return [address for address in addresses if address not in missing]


def _write_all(
    context: dg.OutputContext,
    partitions: Partitions,
    store: TableStore,
    write: Callable[[Address, Any, Mapping[str, str]], Written],
    inputs_of: Callable[[Address], Mapping[str, str]],
) -> None:
    asset = context.asset_key.path[-1]
    asked = {str(key) for key in context.asset_partition_keys}
    versions: dict[str, str] = {}
    rows = size = 0
    for partition in partitions.made:
        key = str(partition.key)
        if key not in asked or key in versions:
            raise GosalesError(f"{asset}: made partition {key}, asked for {sorted(asked)}.")
        address = Address(asset, *partition.key)
        inputs = partition.inputs if partition.inputs is not None else inputs_of(address)
        written = write(address, partition.content, inputs)
        versions[key] = store.content(address)
        context.step_context.add_asset_metadata(
            {
                **_readable(partition.metadata),
                **_facts(written),
                **_quarantine(store, address, written),
            },
            asset_key=context.asset_key,
            partition_key=key,
        )
        rows, size = rows + written.rows, size + written.bytes
    if unmade := sorted(asked - set(versions)):
        raise GosalesError(f"{asset}: partitions not made: {unmade}.")
    if len(versions) == 1:
        # Of several Dagster knows one version for the step: it could not tell them apart.
        (version,) = versions.values()
        context.step_context.set_data_version(context.asset_key, dg.DataVersion(version))
    shown = (asset, len(versions), rows, size / 1e6)
    context.log.info("%s: %d partition(s), %d rows, %.1f MB", *shown)


def _readable(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata for eyes: texts of one line without what is not seen, figures rounded."""
    return {name: _for_eyes(value) for name, value in metadata.items()}


def _for_eyes(value: Any) -> Any:
    if isinstance(value, str):
        return visible(value, LONGEST)
    if not isinstance(value, float):
        return value
    # Four digits tell two models apart; of money none is lost. The table has the figure as it is.
    return float(f"{value:.0f}" if abs(value) >= LARGE else f"{value:.4g}")


def _quarantine(store: TableStore, address: Address, written: Written) -> dict[str, Any]:
    """Show what was kept out: offered = stored + quarantined."""
    broken = scan_quarantine(store, address)
    if broken is None:
        return {}
    rows = int(broken.select(pl.len()).collect().item())
    return {
        "rows_offered": written.rows + rows,
        "rows_quarantined": rows,
        "quarantined_by_rule": dg.MetadataValue.json(quarantined(store, address)),
    }


def _facts(written: Written) -> dict[str, Any]:
    return {
        "dagster/row_count": written.rows,
        "size_bytes": written.bytes,
        CHECKSUM: written.sha256,
        "path": dg.MetadataValue.path(written.place),
    }
