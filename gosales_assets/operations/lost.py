"""Runs that died with their process: told as failed, so that they hold no place and are asked for again.

A machine that is switched off, a process that is killed: Dagster's history has them as running for
good, and a queue of one run at a time would wait for them for good.
"""

from collections.abc import Callable

import dagster as dg

from gosales_assets.operations.instance import home_of
from gosales_assets.operations.records import end, folder_of, records
from gosales_assets.platform.platform import Platform
from gosales_resources.instance.alive import forget, is_gone

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
    if not (home / "alive").is_dir():
        return 0
    for run in instance.get_runs(dg.RunsFilter(statuses=list(UNFINISHED))):
        if is_gone(home, run.run_id):
            instance.report_run_failed(run, message=LOST)
            forget(home, run.run_id)
            report(f"run {run.run_id[:8]} ({run.job_name}) was {LOST}")
            found += 1
    if not folder_of(platform).is_dir():
        return found
    for record in records(platform):
        if record.status == "running" and is_gone(home, record.id):
            end(platform, record, {"status": "lost", "error": LOST})
            forget(home, record.id)
            found += 1
    return found
