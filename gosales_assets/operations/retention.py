"""Prunes what old runs leave: their logs and files, records of commands, alerts that are over; once a day.

A materialisation says where a stored partition comes from, and is kept for as long as it is the latest
of its partition: of the run that recorded it only the log goes.
"""

import datetime as dt
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from sqlalchemy import func, select

from gosales_assets.operations.records import folder_of, records
from gosales_assets.platform.platform import Platform
from gosales_resources.delivery.outbox import FILE, Outbox
from gosales_resources.delivery.pruning import forget

MARK = "pruned"
PAGE = 500
ENDED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]


@dataclass(frozen=True)
class Pruned:
    """What went."""

    runs: int = 0
    """Deleted, with all that they recorded."""
    logs: int = 0
    """Of runs that are kept: their log alone went."""
    records: int = 0
    """Of commands."""
    alerts: int = 0
    """That are good again."""


def prune_daily(platform: Platform, instance: dg.DagsterInstance) -> Pruned:
    """Prune, unless it was done today."""
    if not is_prune_due(platform):
        return Pruned()
    mark = folder_of(platform) / MARK
    days = dt.timedelta(days=platform.settings.operation.keep_runs_days)
    found = prune(platform, instance, dt.datetime.now(dt.UTC) - days)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(_today(), encoding="ascii")
    return found


def is_prune_due(platform: Platform) -> bool:
    """Tell whether nothing was pruned today."""
    mark = folder_of(platform) / MARK
    return not mark.is_file() or mark.read_text(encoding="ascii", errors="replace") != _today()


def _today() -> str:
    return dt.datetime.now(dt.UTC).date().isoformat()


def prune(platform: Platform, instance: dg.DagsterInstance, before: dt.datetime) -> Pruned:
    """Prune runs, records of commands and alerts that ended before a moment.

    Parameters
    ----------
    platform, instance
        Whose records, and whose history.
    before
        With its time zone.
    """
    runs = logs = 0
    kept = _latest_makers(instance)
    for run_id in list(_ended(instance, before)):
        if run_id in kept:
            logs += _forget_log(instance, run_id)
        else:
            instance.delete_run(run_id)
            _forget_log(instance, run_id)
            runs += 1
    commands = 0
    for record in records(platform):
        if record.ended and dt.datetime.fromisoformat(record.ended) < before:
            shutil.rmtree(folder_of(platform) / record.id)
            commands += 1
    return Pruned(runs, logs, commands, _forget_alerts(platform, before))


def _forget_alerts(platform: Platform, before: dt.datetime) -> int:
    folder = platform.settings.alerts_root
    if not (folder / FILE).is_file():
        # Nobody was ever told: no file is made to find nothing in.
        return 0
    with Outbox(folder) as outbox:
        alerts, _ = forget(outbox, before)
    return alerts


def _latest_makers(instance: dg.DagsterInstance) -> set[str]:
    """Return the runs that recorded the latest materialisation of a partition."""
    log = instance.event_log_storage
    if not isinstance(log, SqlEventLogStorage):
        raise TypeError(f"{type(log).__name__} is no storage of events in SQL")
    table = SqlEventLogStorageTable.c
    made = dg.DagsterEventType.ASSET_MATERIALIZATION.value
    latest = (
        select(func.max(table.id))
        .where(table.dagster_event_type == made)
        .group_by(table.asset_key, table.partition)
    )
    with log.index_connection() as connection:
        asked = select(table.run_id).where(table.id.in_(latest)).distinct()
        return {str(row[0]) for row in connection.execute(asked)}


def _ended(instance: dg.DagsterInstance, before: dt.datetime) -> Iterator[str]:
    asked = dg.RunsFilter(statuses=ENDED, updated_before=before)
    cursor = None
    while page := instance.get_run_ids(asked, limit=PAGE, cursor=cursor):
        yield from page
        cursor = page[-1]


def _forget_log(instance: dg.DagsterInstance, run_id: str) -> int:
    """Remove the files of a run; returns 1 where there were any."""
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    log, gone = instance.event_log_storage, 0
    if isinstance(log, SqliteEventLogStorage):
        main = Path(log.path_for_shard(run_id))
        for path in (main, *(main.with_name(f"{main.name}-{part}") for part in ("wal", "shm"))):
            gone += path.exists()
            path.unlink(missing_ok=True)
    return int(gone > 0)
