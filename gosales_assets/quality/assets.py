"""The `violations` asset: what the latest contract checks found wrong, row by row.

Only partitions whose latest verdict is a failure are looked at again, so it costs next to nothing
when all is well.
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import polars as pl

from gosales_assets.platform.platform import Platform, keys_of
from gosales_assets.platform.publishing import Verdicts
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.registry import VIOLATIONS
from gosales_checks.violations import (
    blocked_rows,
    locate,
    no_violations,
    quarantined_rows,
    whole_check,
)
from gosales_resources.store.address import Address
from gosales_resources.store.io_managers import Partition, Partitions
from gosales_resources.store.quarantine import scan_quarantine


def violations(platform: Platform) -> dg.AssetsDefinition:
    """Define what the latest contract checks found wrong, row by row."""

    @platform.table(VIOLATIONS)
    def violations(context: dg.AssetExecutionContext) -> Partitions:
        verdicts = Verdicts(context.instance, platform.space, platform.store)

        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                table = find_violations(platform, verdicts, key.cutoff)
                shown = {"broken_rules": table.select("table", "partition", "rule").n_unique()}
                yield Partition(key, table, metadata=shown)

        return Partitions(made())

    return violations


def find_violations(platform: Platform, verdicts: Verdicts, cutoff: dt.date) -> pl.DataFrame:
    """Judge the partitions of one cutoff again whose latest contract check failed or warned.

    Parameters
    ----------
    platform
        Where tables lie.
    verdicts
        The run history.
    cutoff
        As-of date.

    Returns
    -------
    polars.DataFrame
        `violations` of the cutoff, sorted by its key.
    """
    found = [no_violations()]
    for read in VIOLATIONS.reads:
        contract = read.table
        latest = verdicts.latest(contract, contract.check_name)
        for key in platform.space.keys(contract.partitioned_by, [cutoff]):
            address, verdict = Address(contract.name, *key), latest.get(str(key))
            if verdict is not None and not verdict.passed and platform.store.has(address):
                found.append(_judge_again(platform, contract, address))
    return pl.concat(found).sort(VIOLATIONS.key)


def _judge_again(platform: Platform, contract: Contract, address: Address) -> pl.DataFrame:
    where = (contract.name, str(address.key), address.cutoff)
    broken = scan_quarantine(platform.store, address)
    if contract.is_bundle:
        # Its check says what is wrong with it; there is no row to show.
        return locate(whole_check(contract.check_name), *where, "blocked")
    stored = platform.store.scan_table(address, None)
    parts = [locate(blocked_rows(contract, stored), *where, "blocked")]
    if broken is not None:
        parts.append(locate(quarantined_rows(broken.collect()), *where, "quarantined"))
    return pl.concat(parts)
