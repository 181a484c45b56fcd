"""Contract checks: one blocking asset check per table, declared from its contract.

In a run over many partitions Dagster keeps one evaluation; the partitions are then also reported
one by one, so that each has its own status in the UI.
"""

from collections.abc import Callable, Mapping

import dagster as dg
import polars as pl

from gosales_checks.contracts.contract import Contract, Verdict, judge_table
from gosales_resources.errors import GosalesError
from gosales_resources.partitions import cutoff_of, division_of
from gosales_resources.storage import Address, Provenance, TableStore

SAMPLE_PARTITIONS = 20

# What is found wrong in one partition, in words; empty when nothing is.
Findings = Mapping[str, int]
Examine = Callable[[Address], Findings]


def contract_check(
    contract: Contract,
    partitions_def: dg.PartitionsDefinition,
    store: TableStore,
    provenance: Provenance,
) -> dg.AssetChecksDefinition:
    """Declare the blocking check that a table keeps its contract."""

    def examine(address: Address) -> Findings:
        verdict: Verdict = judge_table(contract, store.scan_table(address, provenance))
        return verdict.violations

    return partition_check(
        asset=contract.name,
        name=contract.check_name,
        description=f"Columns, types, key and rules of {contract.name}: {contract.grain}.",
        partitions_def=partitions_def,
        examine=examine,
        blocking=True,
        severity=dg.AssetCheckSeverity.ERROR,
    )


def partition_check(
    asset: str,
    name: str,
    description: str,
    partitions_def: dg.PartitionsDefinition,
    examine: Examine,
    *,
    blocking: bool,
    severity: dg.AssetCheckSeverity,
) -> dg.AssetChecksDefinition:
    """Declare a check that examines each partition of a run on its own.

    Parameters
    ----------
    asset
        The asset that is checked.
    name
        What is true when it passes.
    description
        For people.
    partitions_def
        The asset's partitions; a check of a partitioned asset must carry them.
    examine
        Returns finding -> count for one partition; empty when it passes.
    blocking
        Whether downstream assets of the same run wait for it and stop when it fails.
    severity
        ERROR where downstream would be wrong, WARN where a person should look.
    """

    @dg.asset_check(
        asset=asset,
        name=name,
        description=description,
        blocking=blocking,
        partitions_def=partitions_def,
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        failed: dict[str, Findings] = {}
        for key in context.partition_keys:
            try:
                findings = examine(Address(asset, cutoff_of(key), division_of(key)))
            except GosalesError as error:
                findings = {str(error): 1}
            if findings:
                failed[str(key)] = findings
        # A range of one counts as a range: its evaluation carries no partition either.
        if not context.has_partition_key:
            _report_partitions(context, asset, name, failed, severity)
        return dg.AssetCheckResult(
            passed=not failed,
            severity=severity,
            description=_sentence(failed, len(context.partition_keys)),
            metadata={
                "partitions_checked": len(context.partition_keys),
                "partitions_failed": len(failed),
                "findings": dg.MetadataValue.md(_table(failed)),
            },
        )

    return check


def _report_partitions(
    context: dg.AssetCheckExecutionContext,
    asset: str,
    name: str,
    failed: Mapping[str, Findings],
    severity: dg.AssetCheckSeverity,
) -> None:
    """Give each partition of the run its own evaluation, passed or failed.

    Dagster plans one per partition and then records a single one for the run: without this the
    partitions stay "planned" in the UI. Reported under the run's id, because an evaluation outside
    a run can be recorded once only per check and partition (unique index in 1.13).
    """
    for key in map(str, context.partition_keys):
        findings = failed.get(key, {})
        evaluation = dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(asset),
            check_name=name,
            passed=not findings,
            partition=key,
            severity=severity,
            metadata={
                "findings": dg.MetadataValue.md(_table({key: findings} if findings else {})),
            },
        )
        event = dg.DagsterEvent(
            event_type_value=dg.DagsterEventType.ASSET_CHECK_EVALUATION.value,
            event_specific_data=evaluation,
            job_name=context.run.job_name,
        )
        context.instance.report_dagster_event(event, run_id=context.run.run_id)


def _sentence(failed: Mapping[str, Findings], checked: int) -> str:
    if not failed:
        return f"{checked} partition(s) pass."
    first, findings = next(iter(failed.items()))
    return f"{len(failed)} of {checked} partition(s) fail; {first}: {next(iter(findings))}"


def _table(failed: Mapping[str, Findings]) -> str:
    rows = [
        {"partition": key, "finding": finding, "rows": count}
        for key, findings in list(failed.items())[:SAMPLE_PARTITIONS]
        for finding, count in findings.items()
    ]
    if not rows:
        return "nothing found"
    head = "| partition | finding | rows |\n|---|---|---|\n"
    lines = [f"| {r['partition']} | {r['finding']} | {r['rows']} |" for r in rows]
    return head + "\n".join(lines)


def failing_measures(table: pl.DataFrame, bad: pl.Expr) -> dict[str, int]:
    """Name the measures of a validation table that break a bound, with their values."""
    broken = table.filter(bad).sort("slice", "measure")
    return {f"{r['measure']} {r['value']:.4f} ({r['slice']})": r["n"] for r in broken.to_dicts()}
