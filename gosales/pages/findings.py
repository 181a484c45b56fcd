"""Checks that do not hold now, of all partitions, with the command that cures each.

The run history has every evaluation; of a check and partition the last one counts. It is read once from
its beginning and then on from where it was read to, as the sensor of alerts does.
"""

import datetime as dt
import threading

import dagster as dg

from gosales.pages.reading import Reading
from gosales_assets.operations.alert_events import EventReader, read_entries
from gosales_assets.operations.instance import history_of
from gosales_resources.delivery.alert import Failed, Passed

BATCH = 5_000


class Findings:
    """Which checks fail, for all sessions of one server."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._failed: dict[tuple[str, str, str], Failed] = {}
        self._read_to, self._stamp = 0, ""

    def failed(self) -> list[Failed]:
        """List the checks that do not hold, errors first, the newest first.

        Raises
        ------
        HistoryError
            When the run history is damaged.
        """
        with self._lock:
            self._read_on()
            found = sorted(self._failed.values(), key=lambda one: (one.severity, -one.event))
            return found

    def of_cutoff(self, cutoff: dt.date) -> list[Failed]:
        """List those that are on a cutoff's partitions."""
        day = cutoff.isoformat()
        return [one for one in self.failed() if one.partition.partition("|")[0] == day]

    def _read_on(self) -> None:
        stamp = self._reading.history_stamp()
        if stamp is None or stamp == self._stamp:
            return
        # Another file of the same name: the history was put aside and begun anew.
        if self._stamp and _file(stamp) != _file(self._stamp):
            self._forget()
        platform = self._reading.platform
        with history_of(platform) as instance:
            reader = EventReader(instance, platform.settings)
            while entries := read_entries(instance, self._read_to, BATCH):
                judged = [one for one in entries if _is_verdict(one[1])]
                for event in reader.events(judged):
                    if isinstance(event, Failed):
                        self._failed[event.asset, event.check, event.partition] = event
                    elif isinstance(event, Passed):
                        self._failed.pop((event.asset, event.check, event.partition), None)
                self._read_to = entries[-1][0]
        self._stamp = stamp


def _is_verdict(entry: dg.EventLogEntry) -> bool:
    return entry.dagster_event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION


def _file(stamp: str) -> str:
    """Return the number of the file that a stamp is of."""
    return stamp.partition(" ")[0].rpartition("-")[2]
