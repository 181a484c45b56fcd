"""Where the present schema comes from, and the checks that it is the announced one."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import dagster as dg

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.registry import CONTRACTS
from gosales_checks.contracts.star import SALES_LOG
from gosales_checks.findings import Examined
from gosales_checks.partition_checks import Examine
from gosales_checks.verdicts.schema_snapshot import (
    AS_ANNOUNCED,
    NOT_YET,
    SchemaSnapshot,
    declared_columns,
    read_snapshot,
    source_changes,
    table_changes,
    unread_changes,
)
from gosales_resources.by_stamp import ByStamp
from gosales_resources.settings.inputs import FileSource
from gosales_resources.settings.source import LongLog
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.cells import text
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import RawInput
from gosales_resources.sources.table import read_table
from gosales_resources.sources.wide_columns import unread_columns
from gosales_resources.store.address import Address

REMEDY = "if this is meant: gosales schema accept"


def snapshot_path(settings: Settings) -> Path:
    """Return where the announced schema lies."""
    return settings.config_file.parent / settings.contracts.schema_snapshot


def present_schema(platform: Platform) -> SchemaSnapshot:
    """Collect the schema as it is: headers of the raw files, declarations, stored open tables.

    Raises
    ------
    SourceError
        When a raw file is missing or unreadable.
    """
    raw = present_raw(platform.settings, HeaderReader())
    tables = {}
    for name, contract in CONTRACTS.items():
        columns = _newest_columns(platform, contract)
        # Of an open table that was never made nothing is known to announce.
        if columns is not None:
            tables[name] = (columns, tuple(contract.key))
    return replace(raw, tables=tables)


def present_raw(settings: Settings, headers: "HeaderReader") -> SchemaSnapshot:
    """Collect the headers of the raw files, and the columns that nothing is read of.

    Raises
    ------
    SourceError
        When a raw file is missing or unreadable.
    """
    sources = {
        name: headers.read_all(source, settings.source_dir)
        for name, source in raw_sources(settings).items()
    }
    unread = unread_of(settings, sources[SALES_LOG.name])
    return SchemaSnapshot({}, sources, {SALES_LOG.name: unread} if unread else {})


def unread_of(settings: Settings, headers: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Name the columns of the sales log's files that nothing is read of, each with the nearest name.

    Raises
    ------
    SourceError
        When the taxonomy cannot be read.
    """
    log, taxonomy = settings.source.sales_log, settings.source.taxonomy
    if isinstance(log, LongLog):
        # Its articles are in rows: a further column holds no line.
        return {}
    table = read_table(taxonomy, settings.source_dir)
    skus = table.select(text(taxonomy.columns.sku)).to_series().drop_nulls().to_list()
    found: dict[str, str] = {}
    for header in headers:
        found |= unread_columns(header, log, skus)
    return found


def raw_sources(settings: Settings) -> dict[str, FileSource]:
    """Return the configured sources that are files, by their name in the settings."""
    fields = {name: getattr(settings.source, name) for name in type(settings.source).model_fields}
    return {name: value for name, value in fields.items() if isinstance(value, FileSource)}


def define_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare `schema_as_announced`: of the sales log, and of tables whose columns are open.

    The sales log's covers the raw files and every table whose columns are declared: those are the
    same at every partition, and one more event for each would say nothing more.
    """
    open_tables = [c for c in CONTRACTS.values() if c.open_columns and c.partitioned_by == "cutoff"]
    return [_schema_check(platform, contract) for contract in (SALES_LOG, *open_tables)]


def _schema_check(platform: Platform, contract: Contract) -> dg.AssetChecksDefinition:
    # What comes in under another shape must not go further unseen; our own tables only change with
    # the code or the settings.
    is_blocking = contract is SALES_LOG
    of_raw_too = ", of raw files and declared tables too" if is_blocking else ""
    return platform.check(
        contract,
        AS_ANNOUNCED,
        f"Columns, types and key are those of the announced schema{of_raw_too}.",
        _examine(platform, contract),
        blocking=is_blocking,
    )


def _examine(platform: Platform, contract: Contract) -> Examine:
    headers, settings = HeaderReader(), platform.settings
    is_log = contract is SALES_LOG

    def examine(address: Address) -> Examined:
        announced = read_snapshot(snapshot_path(settings))
        if announced is None:
            # Of nothing announced one thing is known: a column that nothing is read of may be money.
            found = (
                unread_changes(SchemaSnapshot(), present_raw(settings, headers)) if is_log else []
            )
            return Examined(_with_remedy(found), note=NOT_YET)
        if contract.open_columns and contract.name not in announced.tables:
            return Examined(note="made for the first time: `gosales schema accept` announces it")
        declared = [c for c in CONTRACTS.values() if not c.open_columns]
        judged = declared if is_log else [contract]
        found = []
        for table in judged:
            columns = {table.name: (_columns(platform, table, address), tuple(table.key))}
            found += table_changes(table.name, announced, SchemaSnapshot(columns))
        if is_log:
            present = present_raw(settings, headers)
            found += unread_changes(announced, present)
            for name in sorted({*announced.sources, *present.sources}):
                found += source_changes(name, announced, present)
        return Examined(_with_remedy(found))

    return examine


def _with_remedy(found: Iterable[str]) -> dict[str, int]:
    return {f"{one}; {REMEDY}": 1 for one in found}


def _columns(platform: Platform, contract: Contract, address: Address) -> dict[str, str]:
    if not contract.open_columns:
        return declared_columns(contract)
    schema = platform.store.scan_table(address, None).collect_schema()
    return {name: str(dtype) for name, dtype in schema.items()}


def _newest_columns(platform: Platform, contract: Contract) -> dict[str, str] | None:
    """Return the declared columns; of an open table those of its newest stored partition, if any."""
    if not contract.open_columns:
        return declared_columns(contract)
    for cutoff in reversed(platform.space.cutoffs()):
        for key in platform.space.keys(contract.partitioned_by, [cutoff]):
            address = Address(contract.name, *key)
            if platform.store.has(address):
                return _columns(platform, contract, address)
    return None


class HeaderReader:
    """Reads headers of raw inputs; one that has not changed is read once."""

    def __init__(self) -> None:
        self._known: ByStamp[str, dict[str, str]] = ByStamp()

    def read_all(self, source: FileSource, base: Path) -> tuple[dict[str, str], ...]:
        """Return the distinct headers of a source's inputs, in their order."""
        distinct: list[dict[str, str]] = []
        for raw in open_inputs(source, base):
            columns = self._read(raw)
            if not any(list(columns.items()) == list(d.items()) for d in distinct):
                distinct.append(columns)
        return tuple(distinct)

    def _read(self, raw: RawInput) -> dict[str, str]:
        return self._known.get(raw.name, raw.stamp(), raw.columns)
