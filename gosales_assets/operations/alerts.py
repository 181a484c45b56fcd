"""Alerts: the run history is read, what failed goes into the outbox, messages go out.

The sensor does it while a daemon runs; a command does it at its end, so that who has cron and no
daemon is told too. Both may run at once: the outbox is one file and its changes are transactions.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import dagster as dg
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES

from gosales_assets.operations.alert_events import EventReader, read_entries
from gosales_assets.operations.tags import COMMAND
from gosales_assets.platform.platform import Platform
from gosales_resources.delivery.composing import compose
from gosales_resources.delivery.delivering import Delivered, deliver
from gosales_resources.delivery.outbox import Outbox
from gosales_resources.delivery.recording import begin, looked, record, start_anew
from gosales_resources.delivery.sinks import open_sink
from gosales_resources.instance.recorded import reading_events
from gosales_resources.settings.tree import Settings

NAME = "alerts"
# Dagster cuts a tick off at 60 s, and the last try may take `sinks.SEND_SECONDS`.
TICK_SECONDS = 35
# Events of each kind that are read, and recorded, together.
BATCH = 200
# A database may show an id before a smaller one that is being written: so many are read once more:
# fewer than a batch, so that a process that lives for one batch gets on.
OVERLAP = 100
Clock = Callable[[], float]


@dataclass
class Told:
    """What one look came to."""

    new: int = 0
    """Alerts that were not known."""
    is_complete: bool = True
    """The history was read to its end."""
    messages: int = 0
    """That were made."""
    delivered: Delivered = field(default_factory=Delivered)

    def __str__(self) -> str:
        """Say it in one line, addresses apart."""
        failed = sum(self.delivered.failed.values())
        parts = [
            f"{self.new} new alerts",
            f"{self.delivered.sent} messages delivered",
            *([f"{failed} tries failed"] if failed else []),
            *([f"{self.delivered.given_up} given up"] if self.delivered.given_up else []),
            *(["another process is delivering"] if self.delivered.is_elsewhere else []),
            *([] if self.is_complete else ["more of the history is to be read"]),
        ]
        return ", ".join(parts)


def define_alert_sensor(platform: Platform) -> dg.SensorDefinition:
    """Declare the sensor; it runs where `alerts.enabled` says so."""
    alerts = platform.settings.alerts
    status = dg.DefaultSensorStatus.RUNNING if alerts.enabled else dg.DefaultSensorStatus.STOPPED

    @dg.sensor(
        name=NAME,
        minimum_interval_seconds=alerts.interval_seconds,
        default_status=status,
        description="Tells people of failed checks and failed runs, and when they are good again "
        "(docs/alerts.md). It starts no run.",
    )
    def tell(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        if not alerts.enabled:
            return dg.SkipReason("alerts.enabled is false in the settings: nobody is told.")
        told = collect_and_deliver(platform, context.instance)
        for sink, error in told.delivered.errors.items():
            context.log.warning(f"sink {sink}: {error}")
        return dg.SkipReason(f"{told}.")

    return tell


def collect_and_deliver(
    platform: Platform,
    instance: dg.DagsterInstance,
    *,
    finished: Collection[str] | None = (),
    is_now: bool = False,
    seconds: float = TICK_SECONDS,
    clock: Clock = time.time,
) -> Told:
    """Read what is new in the run history, and tell people.

    Where alerts are off nothing is read and no file is made.

    Parameters
    ----------
    platform
        Whose settings and store.
    instance
        Whose run history.
    finished
        Commands (tag `gosales/command`, or ids of runs) that have ended: their alerts wait for no
        others. None for all.
    is_now
        Also try what failed a moment ago.
    seconds
        How long it may take; the rest is left to the next look.
    clock
        Seconds since 1970.

    Raises
    ------
    StorageError
        When the outbox cannot be used.
    HistoryError
        When the run history cannot be read.
    """
    settings = platform.settings
    if not settings.alerts.enabled:
        return Told()
    until = clock() + seconds
    with Outbox(settings.alerts_root) as outbox:
        told = collect(outbox, instance, settings, clock, until)
        running = _Running(instance)
        told.messages = compose(outbox, settings.alerts, settings.name, clock(), running, finished)
        told.delivered = deliver(
            outbox,
            settings.alerts,
            lambda sink: open_sink(settings, sink),
            clock,
            until,
            is_now=is_now,
        )
    return told


def collect(
    outbox: Outbox, instance: dg.DagsterInstance, settings: Settings, clock: Clock, until: float
) -> Told:
    """Write what is new in the run history into the outbox, a batch a transaction."""
    told, reader = Told(), EventReader(instance, settings)
    cursor = begin(outbox, clock())
    newest = instance.event_log_storage.get_maximum_record_id() or 0
    if newest < cursor:
        start_anew(outbox)
        cursor = 0
    position, cooldown = max(0, cursor - OVERLAP), settings.alerts.cooldown_hours
    with reading_events(instance):
        while entries := read_entries(instance, position, BATCH):
            position = entries[-1][0]
            events = list(reader.events(entries))
            told.new += record(outbox, events, position, cooldown, clock())
            if clock() > until:
                told.is_complete = False
                return told
    # Everything up to there was read: the next look need not pass over it again.
    record(outbox, (), max(position, newest), cooldown, clock())
    looked(outbox, clock())
    return told


class _Running:
    """Asks which commands still have runs that are queued or go on."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance

    def __call__(self, commands: Collection[str]) -> set[str]:
        going = self._instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS_RUN_STATUSES))
        return {run.tags.get(COMMAND, run.run_id) for run in going} & set(commands)
