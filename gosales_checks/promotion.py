"""Nothing is published on top of a failed check.

A blocking check gates the run it is in; a later run that selects only what is downstream goes
ahead. So what publishes reads the latest verdicts of its upstream checks itself.
"""

import datetime as dt
import json
from collections.abc import Iterable, Sequence

import dagster as dg

from gosales_checks.contract_checks import COVERAGE, FAILED
from gosales_resources.errors import ContractError
from gosales_resources.partitions import cutoff_of

# Evaluations looked back at, newest first; each covers a run's whole range of partitions.
LOOK_BACK = 200
SHOWN = 6


def refuse_failed_upstream(
    instance: dg.DagsterInstance, assets: Iterable[str], cutoffs: Sequence[dt.date]
) -> None:
    """Raise when the latest verdict of a blocking check on a partition of `cutoffs` is a failure.

    Parameters
    ----------
    instance
        Whose event log is read.
    assets
        Upstream assets, each with its `<asset>_keeps_contract` check.
    cutoffs
        Which partitions matter; of all their divisions.

    Raises
    ------
    ContractError
        Naming the checks and partitions, and what to do.
    """
    names = [(asset, f"{asset}_keeps_contract") for asset in assets]
    names.append(("sales_ledger", "sales_ledger_reconciles"))
    findings = [
        f"{check} [{key}]"
        for asset, check in names
        for key in failing_partitions(instance, asset, check)
        if cutoff_of(key) in cutoffs
    ]
    if findings:
        more = f" and {len(findings) - SHOWN} more" if len(findings) > SHOWN else ""
        raise ContractError(
            f"Not published: {len(findings)} blocking check(s) failed upstream: "
            f"{', '.join(findings[:SHOWN])}{more}. Look at the check in the UI, mend the input, "
            "rematerialise the asset, then this one."
        )


def failing_partitions(instance: dg.DagsterInstance, asset: str, check: str) -> list[str]:
    """List the partitions whose latest verdict by a check is a failure.

    Every evaluation of ours says in its metadata which partitions it covers and which failed; a
    partition's verdict is that of the newest evaluation that covers it.
    """
    key = dg.AssetCheckKey(dg.AssetKey(asset), check)
    records = instance.event_log_storage.get_asset_check_execution_history(key, limit=LOOK_BACK)
    verdicts: dict[str, bool] = {}
    for record in records:
        evaluation = (
            record.event
            and record.event.dagster_event
            and (record.event.dagster_event.event_specific_data)
        )
        if (
            not isinstance(evaluation, dg.AssetCheckEvaluation)
            or COVERAGE not in evaluation.metadata
        ):
            continue
        covered, failed = (
            json.loads(str(evaluation.metadata[name].value)) for name in (COVERAGE, FAILED)
        )
        for partition in covered:
            verdicts.setdefault(partition, partition not in failed)
    return sorted(partition for partition, passed in verdicts.items() if not passed)
