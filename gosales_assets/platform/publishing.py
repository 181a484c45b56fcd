"""Nothing is published on top of a failed check.

A blocking check gates the run it is in; a later run that selects only what is downstream goes
ahead. So what publishes reads the latest verdicts of its upstream checks itself.
"""

from collections.abc import Iterable, Mapping

import dagster as dg
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from gosales_resources.errors import ContractError

# A verdict is a finished evaluation; planned ones say nothing yet.
FINISHED = {AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED}
SHOWN = 6


def refuse_failed_upstream(
    instance: dg.DagsterInstance, upstream: Mapping[dg.AssetCheckKey, Iterable[str]]
) -> None:
    """Raise when the latest verdict of a blocking check on an upstream partition is a failure.

    Parameters
    ----------
    instance
        Whose event log is read.
    upstream
        Check -> keys of the partitions that are read, or that what is read was made from.

    Raises
    ------
    ContractError
        Naming the checks and partitions, and what to do.
    """
    findings = [
        f"{check.name} [{partition}]"
        for check, partitions in upstream.items()
        for partition in partitions
        if latest_failed(instance, check, partition)
    ]
    if findings:
        more = f" and {len(findings) - SHOWN} more" if len(findings) > SHOWN else ""
        raise ContractError(
            f"Not published: {len(findings)} blocking check(s) failed upstream: "
            f"{', '.join(findings[:SHOWN])}{more}. Look at the check in the UI, mend the input, "
            "rematerialise the asset, then this one."
        )


def latest_verdict(
    instance: dg.DagsterInstance, check: dg.AssetCheckKey, partition: str
) -> dg.AssetCheckEvaluation | None:
    """Return the latest finished evaluation of a check on a partition; None without any."""
    latest = instance.event_log_storage.get_asset_check_execution_history(
        check, limit=1, status=FINISHED, partition_filter=PartitionKeyFilter(key=partition)
    )
    entry = latest[0].event if latest else None
    return entry.asset_check_evaluation if entry else None


def latest_failed(instance: dg.DagsterInstance, check: dg.AssetCheckKey, partition: str) -> bool:
    """Tell whether the latest verdict of a check on a partition is a failure that blocks."""
    verdict = latest_verdict(instance, check, partition)
    # What was quarantined is a warning: the table that is stored keeps its contract.
    return (
        verdict is not None
        and not verdict.passed
        and verdict.severity is dg.AssetCheckSeverity.ERROR
    )
