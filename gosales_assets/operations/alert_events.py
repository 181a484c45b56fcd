"""Failures and passes as Dagster's event log tells them, in the words of `delivery.alert`.

A run over many partitions leaves an evaluation for each and one in sum: the sum is no alert of its own.
A run that failed because a blocking check did is told by that check; a job's because a run that it
made did, by that run.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import quote

import dagster as dg
from dagster._core.events.log import EventLogEntry
from dagster_shared.error import SerializableErrorInfo

from gosales_assets.operations.alert_cures import cure
from gosales_assets.operations.batches import RANGE_END, RANGE_START
from gosales_assets.operations.failed_checks import CHECK_FAILED
from gosales_assets.operations.tags import COMMAND, JOB
from gosales_checks.partition_checks import CONTENT, PARTITIONS_CHECKED
from gosales_resources import markdown
from gosales_resources.delivery.alert import ASSETS, RANGE, RUN, Event, Failed, Passed, RunPassed
from gosales_resources.errors import GosalesError
from gosales_resources.settings.tree import Settings

PARTITION = "dagster/partition"
TYPES = (
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.RUN_SUCCESS,
)
Entry = tuple[int, EventLogEntry]


def read_entries(instance: dg.DagsterInstance, after: int, limit: int) -> list[Entry]:
    """Read what may be an alert or a recovery, in the order of the log.

    Parameters
    ----------
    instance
        Whose event log.
    after
        Events with greater ids.
    limit
        Of each kind of event.

    Returns
    -------
    list of tuple
        Id and event, every one of the kinds in `TYPES` up to the last id; empty at the end of the log.
    """
    # The one way to all runs' events by id that a log in many SQLite files has too.
    read = instance.event_log_storage.get_logs_for_all_runs_by_log_id
    found: list[Entry] = []
    horizons: list[int] = []
    for kind in TYPES:
        entries = list(read(after, kind, limit).items())
        found += entries
        if len(entries) == limit:
            horizons.append(entries[-1][0])
    horizon = min(horizons, default=None)
    return sorted(
        (one for one in found if horizon is None or one[0] <= horizon), key=lambda one: one[0]
    )


class EventReader:
    """Turns events of one instance into what the outbox records."""

    def __init__(self, instance: dg.DagsterInstance, settings: Settings) -> None:
        self._instance, self._settings = instance, settings
        self._names = settings.divisions.division_names | settings.divisions.target_names
        self._run = lru_cache(maxsize=256)(instance.get_run_by_id)

    def events(self, entries: Sequence[Entry]) -> Iterator[Event]:
        """Give the events that matter, in their order."""
        for number, entry in entries:
            kind = entry.dagster_event_type
            if kind == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                event = self._evaluation(number, entry)
            elif kind == dg.DagsterEventType.RUN_FAILURE:
                event = self._failed_run(number, entry)
            else:
                event = self._good_run(number, entry)
            if event:
                yield event

    def _evaluation(self, number: int, entry: EventLogEntry) -> Failed | Passed | None:
        found = entry.get_dagster_event().asset_check_evaluation_data
        if found.partition is None and PARTITIONS_CHECKED in found.metadata:
            # The sum of a run over many: each partition has its own.
            return None
        asset, check = found.asset_key.to_user_string(), found.check_name
        partition, command = str(found.partition or ""), self._command(entry.run_id)
        if found.passed:
            return Passed(number, entry.timestamp, asset, check, partition, entry.run_id, command)
        content = found.metadata.get(CONTENT)
        finding = markdown.plain(found.description or "").removeprefix(f"{partition}: ")
        return Failed(
            event=number,
            at=entry.timestamp,
            asset=asset,
            check=check,
            partition=partition,
            severity=found.severity.value,
            cause=str(content.value) if content else "",
            run=entry.run_id,
            command=command,
            finding=markdown.visible(finding, markdown.LONGEST) or "it failed",
            cure=cure(check, asset, partition, self._settings.config_file),
            division=self._names.get(partition.partition("|")[2], ""),
            link=self._link(f"assets/{quote(asset)}?view=checks&checkDetail={quote(check)}"),
        )

    def _failed_run(self, number: int, entry: EventLogEntry) -> Failed | None:
        failures = self._step_failures(entry.run_id)
        others = [error for _, error in failures if error.cls_name != CHECK_FAILED]
        if (failures and not others) or self._is_told_by_its_part(entry.run_id):
            return None
        error = others[0] if others else entry.get_dagster_event().job_failure_data.error
        said = said_by(error) if error else entry.get_dagster_event().message
        assets, partition = self._not_made(entry.run_id, failures), self._partition(entry.run_id)
        return Failed(
            event=number,
            at=entry.timestamp,
            asset=ASSETS.join(assets) or entry.job_name or RUN,
            check=RUN,
            partition=partition,
            severity=dg.AssetCheckSeverity.ERROR.value,
            cause="",
            run=entry.run_id,
            command=self._command(entry.run_id),
            finding=markdown.visible(said, markdown.LONGEST) or "it failed",
            cure=cure(RUN, "", partition, self._settings.config_file),
            link=self._link(f"runs/{quote(entry.run_id)}"),
        )

    def _is_told_by_its_part(self, run_id: str) -> bool:
        """Tell whether a job's run failed by a run that it made: that one is told, or its check is."""
        run = self._run(run_id)
        if run is None or JOB not in run.tags:
            return False
        parts = dg.RunsFilter(
            statuses=[dg.DagsterRunStatus.FAILURE], tags={COMMAND: self._command(run_id)}
        )
        return any(part.run_id != run_id for part in self._instance.get_runs(parts))

    def _good_run(self, number: int, entry: EventLogEntry) -> RunPassed:
        run = self._run(entry.run_id)
        selected = run.asset_selection if run else None
        assets = frozenset(key.to_user_string() for key in selected) if selected else None
        partition, command = self._partition(entry.run_id), self._command(entry.run_id)
        return RunPassed(number, entry.timestamp, assets, partition, entry.run_id, command)

    def _step_failures(self, run: str) -> list[tuple[str, SerializableErrorInfo]]:
        """Return step and error of each failed step."""
        records = self._instance.event_log_storage.get_records_for_run(
            run, of_type=dg.DagsterEventType.STEP_FAILURE
        ).records
        events = [record.event_log_entry.get_dagster_event() for record in records]
        errors = [(str(event.step_key), event.step_failure_data.error) for event in events]
        return [(step, error) for step, error in errors if error is not None]

    def _not_made(self, run: str, failures: Sequence[tuple[str, object]]) -> list[str]:
        """List the assets that a run was to make and did not, and those whose steps failed."""
        log = self._instance.event_log_storage
        names: list[set[str]] = []
        for kind in (
            dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
            dg.DagsterEventType.ASSET_MATERIALIZATION,
        ):
            events = [
                record.event_log_entry.get_dagster_event()
                for record in log.get_records_for_run(run, of_type=kind).records
            ]
            names.append({e.asset_key.to_user_string() for e in events if e.asset_key})
        planned, made = names
        return sorted(planned - made | (planned & {step for step, _ in failures}))

    def _partition(self, run: str) -> str:
        found = self._run(run)
        tags = found.tags if found else {}
        first, last = tags.get(RANGE_START), tags.get(RANGE_END)
        if first and last:
            return first if first == last else f"{first}{RANGE}{last}"
        return tags.get(PARTITION, "")

    def _command(self, run: str) -> str:
        found = self._run(run)
        return found.tags.get(COMMAND, run) if found else run

    def _link(self, path: str) -> str:
        url = self._settings.alerts.ui_url
        return f"{url.rstrip('/')}/{path}" if url else ""


def said_by(error: SerializableErrorInfo) -> str:
    """Return what an error says: our own message where there is one, else the innermost cause's."""
    ours = {GosalesError.__name__, *(kind.__name__ for kind in GosalesError.__subclasses__())}
    while error.cls_name not in ours and error.cause is not None:
        error = error.cause
    # Dagster puts the qualified name of the class in front.
    return error.message.partition(": ")[2].strip() if error.cls_name in ours else error.message
