"""Checks of partitions: each is examined on its own, and its verdict says which content it is on.

In a run over many partitions Dagster keeps one evaluation; the partitions are then also reported
one by one, so that each has its own status in the UI. A check observes and writes nothing: the event
log is the one place where verdicts are kept (docs/adr/0019).
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)
from dagster._core.events import DagsterEventBatchMetadata, generate_event_batch_id

from gosales_checks.findings import Examined, Findings
from gosales_resources import markdown
from gosales_resources.errors import GosalesError
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.address import Address

SAMPLE_PARTITIONS = 20

Examine = Callable[[Address], Findings | Examined]
ContentOf = Callable[[Address], str]
# Metadata of an evaluation: the digest of the content that was examined.
CONTENT = "content"
# Metadata of the evaluation in sum of a run over many partitions, beside those of each.
PARTITIONS_CHECKED = "partitions_checked"


def partition_check(
    asset: str,
    name: str,
    description: str,
    partitions_def: dg.PartitionsDefinition,
    examine: Examine,
    content_of: ContentOf,
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
    content_of
        Digest of what is stored of a partition: the verdict holds for that.
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
        return judge_partitions(context, asset, name, examine, content_of, severity)

    return check


def judge_partitions(
    context: dg.AssetCheckExecutionContext,
    asset: str,
    name: str,
    examine: Examine,
    content_of: ContentOf,
    severity: dg.AssetCheckSeverity,
) -> dg.AssetCheckResult:
    """Examine each partition of a run and put the verdicts together; see `partition_check`."""
    examined: dict[str, Examined] = {}
    contents: dict[str, str] = {}
    for key in map(str, context.partition_keys):
        address = Address(asset, *PartitionKey.of(key))
        # Before it is examined: what another run puts in its place meanwhile was not.
        contents[key] = content_of(address)
        try:
            found = examine(address)
        except GosalesError as error:
            found = {str(error): 1}
        examined[key] = found if isinstance(found, Examined) else Examined(found)
    # A range of one counts as a range: its evaluation carries no partition either.
    if not context.has_partition_key:
        _report_partitions(context, asset, name, examined, contents, severity)
    failed = {key: e.findings for key, e in examined.items() if e.findings}
    return dg.AssetCheckResult(
        passed=not failed,
        severity=_worst(examined.values(), severity),
        description=markdown.paragraph(_sentence(examined)),
        metadata={
            PARTITIONS_CHECKED: len(examined),
            "partitions_failed": len(failed),
            "findings": dg.MetadataValue.md(_table(failed)),
            "notes": dg.MetadataValue.md(_notes(examined)),
            **(
                {CONTENT: contents[one]}
                if len(contents) == 1 and (one := next(iter(contents)))
                else {}
            ),
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
    contents: Mapping[str, str],
    severity: dg.AssetCheckSeverity,
) -> None:
    """Give each partition of the run its own evaluation, passed or failed.

    Dagster plans one per partition and then records a single one for the run: without this the
    partitions stay "planned" in the UI. Reported under the run's id, because an evaluation outside
    a run can be recorded once only per check and partition (unique index in 1.13).
    """
    batch = generate_event_batch_id()
    targets = _materialisations(context.instance, asset, examined)
    for count, (key, one) in enumerate(examined.items(), start=1):
        findings = one.findings
        evaluation = dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(asset),
            check_name=name,
            passed=not findings,
            partition=key,
            severity=_worst([one], severity),
            description=markdown.paragraph(_words(one)),
            metadata={
                "findings": dg.MetadataValue.md(_table({key: findings} if findings else {})),
                "notes": dg.MetadataValue.md(_notes({key: one})),
                CONTENT: contents[key],
            },
            target_materialization_data=targets.get(key),
        )
        event = dg.DagsterEvent(
            event_type_value=dg.DagsterEventType.ASSET_CHECK_EVALUATION.value,
            event_specific_data=evaluation,
            job_name=context.run.job_name,
        )
        # Stored together, where the instance stores events in batches.
        together = DagsterEventBatchMetadata(batch, is_end=count == len(examined))
        context.instance.report_dagster_event(event, context.run.run_id, batch_metadata=together)


def _materialisations(
    instance: dg.DagsterInstance, asset: str, keys: Iterable[str]
) -> dict[str, AssetCheckEvaluationTargetMaterializationData]:
    """Point to the latest materialisation of each partition: the UI's grid shows no verdict without."""
    key, wanted = dg.AssetKey(asset), set(keys)
    latest = instance.event_log_storage.get_latest_storage_id_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION, wanted
    )
    if not latest:
        return {}
    asked = dg.AssetRecordsFilter(asset_key=key, storage_ids=sorted(latest.values()))
    return {
        str(record.partition_key): AssetCheckEvaluationTargetMaterializationData(
            storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp
        )
        for record in instance.fetch_materializations(asked, limit=len(latest)).records
    }


def _sentence(examined: Mapping[str, Examined]) -> str:
    failed = {key: e for key, e in examined.items() if e.findings}
    if not failed:
        noted = [f" {key}: {e.note}." for key, e in examined.items() if e.note]
        return f"{len(examined)} partition(s) pass.{''.join(noted[-1:])}"
    first, one = next(iter(failed.items()))
    if len(examined) == 1:
        more = f"; and {len(one.findings) - 1} more finding(s)" if len(one.findings) > 1 else ""
        return f"{first}: {next(iter(one.findings))}{more}"
    verb = "warn" if all(e.is_tolerated for e in failed.values()) else "fail"
    finding = next(iter(one.findings))
    return f"{len(failed)} of {len(examined)} partition(s) {verb}; {first}: {finding}"


def _words(one: Examined) -> str:
    """Say what a partition came to, without its key."""
    if not one.findings:
        return one.note or "passes"
    first, *more = one.findings
    return f"{first} (and {len(more)} more)" if more else first


def _notes(examined: Mapping[str, Examined]) -> str:
    noted = (f"{key}: {e.note}" for key, e in examined.items() if e.note)
    return markdown.bullets(islice(noted, SAMPLE_PARTITIONS))


def _table(failed: Mapping[str, Findings]) -> str:
    rows = [
        (*PartitionKey.of(key), finding, count)
        for key, findings in islice(failed.items(), SAMPLE_PARTITIONS)
        for finding, count in findings.items()
    ]
    head = ["cutoff", "division", "finding", "rows"]
    return markdown.table(head, rows) if rows else "nothing found"
