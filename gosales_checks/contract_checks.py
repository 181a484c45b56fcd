"""Contract checks: one blocking asset check per table, declared from its contract.

In a run over many partitions Dagster keeps one evaluation; the partitions are then also reported
one by one, so that each has its own status in the UI.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

import dagster as dg
import polars as pl
from dagster._core.events import DagsterEventBatchMetadata, generate_event_batch_id

from gosales_checks.contracts.contract import Contract, judge_table
from gosales_checks.findings import Examined, Findings
from gosales_resources.errors import GosalesError
from gosales_resources.partitions.space import cutoff_of, division_of
from gosales_resources.store.quarantine import quarantined
from gosales_resources.store.tables import Address, Provenance, TableStore

SAMPLE_PARTITIONS = 20

Examine = Callable[[Address], Findings | Examined]


def contract_check(
    contract: Contract,
    partitions_def: dg.PartitionsDefinition,
    store: TableStore,
    provenance: Callable[[Address], Provenance],
) -> dg.AssetChecksDefinition:
    """Declare the blocking check that a table keeps its contract.

    Rows that were quarantined when it was written are a warning with their counts; what is stored
    must keep the contract in either mode.
    """

    def examine(address: Address) -> Examined:
        verdict = judge_table(contract, store.scan_table(address, provenance(address)))
        if not verdict.passed:
            return Examined(verdict.violations)
        store.mark_checked(address)
        counts = quarantined(store, address)
        findings = {f"quarantined: {rule}": rows for rule, rows in counts.items()}
        return Examined(findings, is_tolerated=True)

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
        Returns finding -> count for one partition, empty when it passes; or `Examined`, where a
        pass has a note or the findings are tolerated (WARN, whatever `severity` says).
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
        return judge_partitions(context, asset, name, examine, severity)

    return check


def judge_partitions(
    context: dg.AssetCheckExecutionContext,
    asset: str,
    name: str,
    examine: Examine,
    severity: dg.AssetCheckSeverity,
) -> dg.AssetCheckResult:
    """Examine each partition of a run and put the verdicts together; see `partition_check`."""
    examined: dict[str, Examined] = {}
    for key in context.partition_keys:
        try:
            found = examine(Address(asset, cutoff_of(key), division_of(key)))
        except GosalesError as error:
            found = {str(error): 1}
        examined[str(key)] = found if isinstance(found, Examined) else Examined(found)
    # A range of one counts as a range: its evaluation carries no partition either.
    if not context.has_partition_key:
        _report_partitions(context, asset, name, examined, severity)
    failed = {key: e.findings for key, e in examined.items() if e.findings}
    return dg.AssetCheckResult(
        passed=not failed,
        severity=_worst(examined.values(), severity),
        description=_sentence(examined),
        metadata={
            "partitions_checked": len(examined),
            "partitions_failed": len(failed),
            "findings": dg.MetadataValue.md(_table(failed)),
            "notes": dg.MetadataValue.md(_notes(examined)),
        },
    )


def _worst(examined: Iterable[Examined], severity: dg.AssetCheckSeverity) -> dg.AssetCheckSeverity:
    failed = [e for e in examined if e.findings]
    tolerated = bool(failed) and all(e.is_tolerated for e in failed)
    return dg.AssetCheckSeverity.WARN if tolerated else severity


def _report_partitions(
    context: dg.AssetCheckExecutionContext,
    asset: str,
    name: str,
    examined: Mapping[str, Examined],
    severity: dg.AssetCheckSeverity,
) -> None:
    """Give each partition of the run its own evaluation, passed or failed.

    Dagster plans one per partition and then records a single one for the run: without this the
    partitions stay "planned" in the UI. Reported under the run's id, because an evaluation outside
    a run can be recorded once only per check and partition (unique index in 1.13).
    """
    batch = generate_event_batch_id()
    for count, (key, one) in enumerate(examined.items(), start=1):
        findings = one.findings
        evaluation = dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(asset),
            check_name=name,
            passed=not findings,
            partition=key,
            severity=_worst([one], severity),
            metadata={
                "findings": dg.MetadataValue.md(_table({key: findings} if findings else {})),
                "notes": dg.MetadataValue.md(_notes({key: one})),
            },
        )
        event = dg.DagsterEvent(
            event_type_value=dg.DagsterEventType.ASSET_CHECK_EVALUATION.value,
            event_specific_data=evaluation,
            job_name=context.run.job_name,
        )
        # Stored together, where the instance stores events in batches.
        together = DagsterEventBatchMetadata(batch, is_end=count == len(examined))
        context.instance.report_dagster_event(event, context.run.run_id, batch_metadata=together)


def _sentence(examined: Mapping[str, Examined]) -> str:
    failed = {key: e for key, e in examined.items() if e.findings}
    if not failed:
        noted = [f" {key}: {e.note}." for key, e in examined.items() if e.note]
        return f"{len(examined)} partition(s) pass.{''.join(noted[-1:])}"
    first, one = next(iter(failed.items()))
    verb = "warn" if all(e.is_tolerated for e in failed.values()) else "fail"
    finding = next(iter(one.findings))
    return f"{len(failed)} of {len(examined)} partition(s) {verb}; {first}: {finding}"


def _notes(examined: Mapping[str, Examined]) -> str:
    noted = ((key, e.note) for key, e in examined.items() if e.note)
    lines = [f"- {key}: {note}" for key, note in islice(noted, SAMPLE_PARTITIONS)]
    return "\n".join(lines) or "none"


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
