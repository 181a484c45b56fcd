"""Messages of the outbox are sent: one process at a time, each try and each receipt on record.

A message is sent again until its receipt is written. So who is killed between the two sends it twice,
under the same id, and nobody else does.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from filelock import FileLock, Timeout

from gosales_resources.delivery.outbox import Outbox, Row
from gosales_resources.delivery.sinks import DeliveryError, Message, Sink
from gosales_resources.errors import SettingsError
from gosales_resources.settings.alerts import AlertSettings

LOCK = "delivering.lock"
# Of one sink in one round: where it is down the others need not wait for all its messages.
FAILURES_A_ROUND = 3
HOUR, MINUTE = 3_600, 60
DUE = """
SELECT * FROM messages WHERE state = 'waiting' AND next_attempt <= ?
ORDER BY attempts > 0, next_attempt, rowid
"""


@dataclass
class Delivered:
    """What a round came to."""

    sent: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    """Sink -> tries that failed."""
    errors: dict[str, str] = field(default_factory=dict)
    """Sink -> why, the last time."""
    given_up: int = 0
    is_elsewhere: bool = False
    """Another process is delivering."""


def deliver(
    outbox: Outbox,
    settings: AlertSettings,
    open_sink: Callable[[str], Sink],
    clock: Callable[[], float],
    until: float,
    *,
    is_now: bool = False,
) -> Delivered:
    """Send what is due.

    Parameters
    ----------
    outbox
        Whose messages.
    settings
        Back-off and when to give up.
    open_sink
        Returns what sends to a sink; a `SettingsError` counts as a failed try.
    clock
        Seconds since 1970.
    until
        No try begins after it.
    is_now
        Also what failed a moment ago and would wait.
    """
    done = Delivered()
    try:
        with FileLock(outbox.path.with_name(LOCK), timeout=0):
            opened: dict[str, Sink] = {}
            for row in outbox.rows(DUE, float("inf") if is_now else clock()):
                if clock() > until:
                    break
                if done.failed[row["sink"]] < FAILURES_A_ROUND:
                    _try(outbox, settings, row, open_sink, opened, clock, done)
    except Timeout:
        done.is_elsewhere = True
    return done


def _try(
    outbox: Outbox,
    settings: AlertSettings,
    row: Row,
    open_sink: Callable[[str], Sink],
    opened: dict[str, Sink],
    clock: Callable[[], float],
    done: Delivered,
) -> None:
    name = row["sink"]
    with outbox.changing():
        outbox.do("UPDATE messages SET attempts = attempts + 1 WHERE id = ?", row["id"])
    try:
        if name not in opened:
            opened[name] = open_sink(name)
        receipt = opened[name](message_of(row))
    except (DeliveryError, SettingsError) as error:
        done.failed[name] += 1
        done.errors[name] = str(error)
        done.given_up += _put_off(outbox, settings, row, str(error), clock())
        return
    with outbox.changing():
        outbox.do(
            "UPDATE messages SET state = 'sent', sent_at = ?, receipt = ?, error = NULL WHERE id = ?",
            *(clock(), receipt, row["id"]),
        )
    done.sent += 1


def _put_off(outbox: Outbox, settings: AlertSettings, row: Row, why: str, now: float) -> bool:
    """Say when it is tried again; tell whether it is given up."""
    is_over = now - row["created"] > settings.give_up_hours * HOUR
    with outbox.changing():
        outbox.do(
            "UPDATE messages SET state = ?, error = ?, next_attempt = ? WHERE id = ?",
            "given_up" if is_over else "waiting",
            why,
            now + (0 if is_over else back_off(settings, row["attempts"])),
            row["id"],
        )
    return is_over


def back_off(settings: AlertSettings, attempts: int) -> float:
    """Return the seconds to wait after a failed try, `attempts` of which came before it.

    Examples
    --------
    >>> settings = AlertSettings(retry_seconds=10, retry_longest_minutes=1)
    >>> [back_off(settings, attempts) for attempts in (0, 1, 2, 3, 5_000)]
    [10.0, 20.0, 40.0, 60.0, 60.0]
    """
    longest = settings.retry_longest_minutes * MINUTE
    # Beyond that many doublings it is the longest in any case.
    return min(settings.retry_seconds * 2 ** min(attempts, 30), longest)


def message_of(row: Mapping[str, str]) -> Message:
    """Return the message that a row of the outbox holds."""
    return Message(row["id"], row["kind"], json.loads(row["content"]))
