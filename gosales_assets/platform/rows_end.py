"""Checks of what a partition was made of: the latest days, and the partitions that were asked for.

Both are recorded when it is made, of the very rows and tables that its function used, and judged
against its cutoff. Dagster's lineage says what may be read; this says what was.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import dagster as dg

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.contract import Contract
from gosales_checks.findings import Findings
from gosales_checks.partition_checks import judge_partitions
from gosales_checks.verdicts.leakage import (
    LATEST_SOURCE_ROWS,
    PARTITIONS_READ,
    READS_END,
    ROWS_END,
    later_rows,
    undeclared_reads,
)
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.address import Address

Examine = Callable[[dg.DagsterInstance, Address], Findings]


def rows_check(
    platform: Platform, contract: Contract, made_of: Sequence[str]
) -> dg.AssetChecksDefinition:
    """Declare the check on the latest rows behind a table.

    Parameters
    ----------
    platform
        Partitions and store.
    contract
        Of the table.
    made_of
        What has to have a record: families of features, or the table itself.
    """

    def examine(instance: dg.DagsterInstance, address: Address) -> Findings:
        recorded = recorded_metadata(instance, address, LATEST_SOURCE_ROWS)
        return later_rows(recorded, made_of, address.cutoff)

    said = (
        "The latest rows that it was made of, by order, recording and label window, are not after "
    )
    return _check(platform, contract, ROWS_END, f"{said}the cutoff.", examine)


def reads_check(platform: Platform, contract: Contract) -> dg.AssetChecksDefinition:
    """Declare the check on the partitions that were asked for to make a table."""

    def examine(instance: dg.DagsterInstance, address: Address) -> Findings:
        recorded = recorded_metadata(instance, address, PARTITIONS_READ)
        return undeclared_reads(
            recorded, declared_reads(platform, contract, address), address.cutoff
        )

    said = "The partitions that were asked for to make it are declared, and not after the cutoff."
    return _check(platform, contract, READS_END, said, examine)


def declared_reads(
    platform: Platform, contract: Contract, address: Address
) -> dict[str, set[PartitionKey]]:
    """Return table -> partitions that a partition is declared to read."""
    found: dict[str, set[PartitionKey]] = {}
    for read in contract.reads:
        keys = platform.space.keys_read(
            read.span, read.table.partitioned_by, contract.partitioned_by, address.key
        )
        found.setdefault(read.table.name, set()).update(keys)
    return found


def recorded_metadata(
    instance: dg.DagsterInstance, address: Address, entry: str
) -> Mapping[str, Any] | None:
    """Return an entry of a partition's latest materialization; None without one."""
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(
            asset_key=dg.AssetKey(address.asset),
            asset_partitions=[str(address.key)],
        ),
        limit=1,
    ).records
    made = records[0].asset_materialization if records else None
    value = made.metadata.get(entry) if made else None
    told = value.value if isinstance(value, dg.JsonMetadataValue) else None
    return told if isinstance(told, Mapping) else None


def _check(
    platform: Platform, contract: Contract, name: str, description: str, examine: Examine
) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=contract.name,
        name=name,
        description=description,
        blocking=True,
        partitions_def=platform.partitions_of(contract),
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        found = partial(examine, context.instance)
        severity, content_of = dg.AssetCheckSeverity.ERROR, platform.store.content
        return judge_partitions(context, contract.name, name, found, content_of, severity)

    return check
