"""Which checks of a request's runs failed, partition by partition, from the run history."""

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from gosales_resources import markdown
from gosales_resources.partitions.keys import PartitionKey

# Class of the error of a run that a blocking check stopped.
CHECK_FAILED = "DagsterAssetCheckFailedError"


@dataclass(frozen=True)
class FailedCheck:
    """A check that does not hold of a partition."""

    check: str
    asset: str
    key: PartitionKey | None
    """None of a check that is on no partition."""
    is_error: bool
    """What depends on it would be wrong; else a person should look."""
    finding: str
    """In words; names in it are data."""


def failed_checks(instance: dg.DagsterInstance, run_ids: Sequence[str]) -> list[FailedCheck]:
    """List the checks that fail after some runs: of a partition the last verdict counts.

    Parameters
    ----------
    instance
        Has the history of the runs.
    run_ids
        In the order in which they ran.

    Returns
    -------
    list of FailedCheck
        In the order in which they were found.
    """
    last: dict[tuple[str, str, str | None], FailedCheck | None] = {}
    for run_id in run_ids:
        records = instance.get_records_for_run(
            run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ).records
        found = [
            event.asset_check_evaluation_data
            for record in records
            if (event := record.event_log_entry.dagster_event) is not None
        ]
        # The one of the whole run says the same of its first partition.
        in_parts = {(one.asset_key, one.check_name) for one in found if one.partition}
        for one in found:
            if one.partition or (one.asset_key, one.check_name) not in in_parts:
                asset = one.asset_key.to_user_string()
                last[asset, one.check_name, one.partition] = _failed(asset, one)
    return [one for one in last.values() if one]


def _failed(asset: str, one: dg.AssetCheckEvaluation) -> FailedCheck | None:
    if one.passed:
        return None
    return FailedCheck(
        one.check_name,
        asset,
        PartitionKey.of(one.partition) if one.partition else None,
        one.severity is dg.AssetCheckSeverity.ERROR,
        markdown.plain(one.description or ""),
    )
