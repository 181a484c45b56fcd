"""The `violations` asset: what the latest contract checks found wrong, row by row.

Only partitions whose latest verdict is a failure are looked at again, so it costs next to nothing
when all is well.
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import polars as pl

from gosales_assets.models.bundle.bundle import describe_bundle
from gosales_assets.platform.platform import Platform
from gosales_assets.platform.publishing import latest_verdict
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.registry import BUNDLE_CONTRACTS, VIOLATIONS
from gosales_checks.violations import blocked_rows, locate, no_violations, quarantined_rows
from gosales_resources.errors import GosalesError
from gosales_resources.partitions.space import cutoff_of, partition_key
from gosales_resources.store.io_managers import Partition, Partitions
from gosales_resources.store.quarantine import scan_quarantine
from gosales_resources.store.tables import Address


def define_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """Define `violations`."""

    @platform.table(VIOLATIONS)
    def violations(context: dg.AssetExecutionContext) -> Partitions:
        def made() -> Iterator[Partition]:
            for cutoff in (cutoff_of(key) for key in context.partition_keys):
                table = find_violations(platform, context.instance, cutoff)
                shown = {"broken_rules": table.select("table", "partition", "rule").n_unique()}
                yield Partition(cutoff, table, metadata=shown)

        return Partitions(made())

    return [violations]


def find_violations(
    platform: Platform, instance: dg.DagsterInstance, cutoff: dt.date
) -> pl.DataFrame:
    """Judge the partitions of one cutoff again whose latest contract check failed or warned.

    Returns
    -------
    polars.DataFrame
        `violations` of the cutoff, sorted by its key.
    """
    found = [no_violations()]
    for contract in VIOLATIONS.made_from:
        for check, keys in platform.upstream_checks([contract], [cutoff]).items():
            if check.name != contract.check_name:
                continue
            for key in keys:
                address = Address(contract.name, cutoff_of(key), key.partition("|")[2] or None)
                # Asked first: of ten cutoffs nine have no model, and each verdict is a query.
                if not platform.store.has(address):
                    continue
                verdict = latest_verdict(instance, check, key)
                if verdict is not None and not verdict.passed:
                    found.append(_judge_again(platform, contract, address))
    return pl.concat(found).sort(VIOLATIONS.key)


def _judge_again(platform: Platform, contract: Contract, address: Address) -> pl.DataFrame:
    key = str(partition_key(address.cutoff, address.division))
    where = (contract.name, key, address.cutoff)
    broken = scan_quarantine(platform.store, address)
    parts = [
        locate(blocked_rows(contract, _stored(platform, contract, address)), *where, "blocked")
    ]
    if broken is not None:
        parts.append(locate(quarantined_rows(broken.collect()), *where, "quarantined"))
    return pl.concat(parts)


def _stored(platform: Platform, contract: Contract, address: Address) -> pl.LazyFrame:
    if contract not in BUNDLE_CONTRACTS:
        return platform.store.scan_table(address, None)
    try:
        files = platform.store.read_bundle(address, platform.provenance_of(contract, address))
        return describe_bundle(files).lazy()
    except GosalesError:
        # It does not open: its check says so, and there is no row to show.
        return contract.schema.create_empty(lazy=True)
