"""Runs that died with their process: told as failed, so that they hold no place and are asked for again.

A machine that is switched off, a process that is killed: Dagster's history has them as running for
good, and a queue of one run at a time would wait for them for good.
"""

from collections.abc import Callable

import dagster as dg

from gosales_assets.operations.instance import home_of
from gosales_assets.operations.records import end_lost, record_called
from gosales_assets.platform.platform import Platform
from gosales_resources.instance.alive import all_gone, forget

LOST = "lost: its process ended without a word (killed, out of memory, or the machine went down)"
UNFINISHED = (
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def lost_in(
    platform: Platform, instance: dg.DagsterInstance, report: Callable[[str], object]
) -> int:
    """Put on record what died since the last look; returns how many runs and commands it was.

    Parameters
    ----------
    platform, instance
        Whose records, and whose history.
    report
        Told of each run.
    """
    home, found = home_of(platform), 0
    for name in all_gone(home):
        run, record = instance.get_run_by_id(name), record_called(platform, name)
        if run is not None and run.status in UNFINISHED:
            instance.report_run_failed(run, message=LOST)
            report(f"run {name[:8]} ({run.job_name}) was {LOST}")
            found += 1
        if record is not None and record.status == "running":
            end_lost(platform, record, LOST)
            found += 1
        forget(home, name)
    return found
