"""Messages are made of alerts: one for the alerts of one command and sink, once it is quiet.

A message is a row of the outbox with its words; its id is that of what it tells to whom.
"""

import datetime as dt
import json
from collections.abc import Callable, Collection
from fnmatch import fnmatchcase
from typing import Any

from gosales_resources.delivery.alert import ASSETS, RANK, message_id
from gosales_resources.delivery.outbox import Outbox, Row
from gosales_resources.delivery.recording import LOOKED
from gosales_resources.delivery.wording import digest_content, failed_content, recovered_content
from gosales_resources.settings.alerts import AlertSettings, RouteSettings

MINUTE, DAY = 60, 86_400
# Between two runs of one command lies some planning.
QUIET_SECONDS = 60
DIGEST_DAY = "day of the last digest"
NO_ROUTE = "no route leads to a sink"
ORDER = " ORDER BY event, id"
# What was good again when it was told was told so.
RECOVERED = """
SELECT a.*, m.sink AS sink FROM alerts a JOIN told t ON t.alert = a.id JOIN messages m ON m.id = t.message
WHERE a.state = 'recovered' AND a.is_told = 1 AND m.kind = 'failed' AND m.state = 'sent' AND NOT EXISTS (
    SELECT 1 FROM told o JOIN messages r ON r.id = o.message
    WHERE o.alert = a.id AND r.kind = 'recovered' AND r.sink = m.sink
) ORDER BY a.event, a.id
"""
Running = Callable[[Collection[str]], Collection[str]]


def compose(
    outbox: Outbox,
    settings: AlertSettings,
    name: str,
    now: float,
    running: Running,
    finished: Collection[str] | None = (),
) -> int:
    """Make messages of what is to be told and due.

    Parameters
    ----------
    outbox
        Where alerts wait and messages go.
    settings
        Routes, sinks, waits.
    name
        Of the set-up; readers may have several.
    now
        Seconds since 1970.
    running
        Given commands, returns those that still run.
    finished
        Commands whose alerts need not wait; None for all.

    Returns
    -------
    int
        How many messages were made.
    """
    waiting = "SELECT * FROM alerts WHERE is_told = 0 AND kept_back IS NULL"
    groups: dict[str, list[Row]] = {}
    for row in outbox.rows(waiting + ORDER):
        groups.setdefault(row["command"], []).append(row)
    due = _due(groups, settings, now, running, finished)
    made = 0
    with outbox.changing():
        for command in due:
            # Asked again: another process may have told them.
            left = outbox.rows(f"{waiting} AND command = ?{ORDER}", command)
            made += _tell_failures(outbox, settings, name, left, now) if left else 0
        good: dict[tuple[str, str], list[Row]] = {}
        for row in outbox.rows(RECOVERED):
            good.setdefault((row["sink"], row["recovered_command"]), []).append(row)
        for (sink, _), rows in good.items():
            content = recovered_content(rows, name, _shown(settings, sink))
            _put(outbox, "recovered", sink, content, rows, now)
    return made + len(good) + _digest(outbox, settings, name, now)


def _due(
    groups: dict[str, list[Row]],
    settings: AlertSettings,
    now: float,
    running: Running,
    finished: Collection[str] | None,
) -> list[str]:
    """Return the commands whose alerts are told now: ended and quiet, or waited for long enough."""
    longest = settings.wait_minutes * MINUTE
    due, quiet = set(), set()
    for command, rows in groups.items():
        collected = [row["collected_at"] for row in rows]
        if finished is None or command in finished or min(collected) + longest <= now:
            due.add(command)
        elif max(collected) + QUIET_SECONDS <= now:
            quiet.add(command)
    return [c for c in groups if c in due | (quiet - set(running(quiet) if quiet else ()))]


def _tell_failures(
    outbox: Outbox, settings: AlertSettings, name: str, rows: list[Row], now: float
) -> int:
    reached: set[str] = set()
    made = 0
    for sink in settings.sinks:
        routes = [route for route in settings.routes if route.sink == sink]
        told = [row for row in rows if any(fits(route, row) for route in routes)]
        if told:
            content = failed_content(told, name, _shown(settings, sink))
            _put(outbox, "failed", sink, content, told, now)
            reached |= {row["id"] for row in told}
            made += 1
    for row in rows:
        kept_back = None if row["id"] in reached else NO_ROUTE
        how = 2 if row["state"] == "recovered" else 1
        outbox.do(
            "UPDATE alerts SET is_told = ?, kept_back = ? WHERE id = ?", how, kept_back, row["id"]
        )
    return made


def fits(route: RouteSettings, row: Row) -> bool:
    """Tell whether an alert takes a route."""
    return (
        RANK[row["severity"]] >= RANK[route.lowest]
        and any(fnmatchcase(row["check_name"], pattern) for pattern in route.checks)
        and any(fnmatchcase(a, p) for a in row["asset"].split(ASSETS) for p in route.assets)
    )


def _shown(settings: AlertSettings, sink: str) -> int | None:
    # Programs read files, and want all.
    return None if settings.sinks[sink].kind == "file" else settings.shown


def _put(
    outbox: Outbox, kind: str, sink: str, content: dict[str, Any], rows: list[Row], now: float
) -> None:
    name = message_id(kind, sink, content["ids"] or [content["title"], str(now)])
    outbox.do(
        "INSERT OR IGNORE INTO messages (id, sink, kind, content, created, state, next_attempt) "
        "VALUES (?, ?, ?, ?, ?, 'waiting', ?)",
        *(name, sink, kind, json.dumps(content), now, now),
    )
    for row in rows:
        outbox.do("INSERT OR IGNORE INTO told VALUES (?, ?)", row["id"], name)


def put_test(outbox: Outbox, settings: AlertSettings, name: str, now: float) -> list[str]:
    """Make a test message to each sink; return the sinks."""
    text = "This is a test. Alerts of failed checks and runs will come the same way."
    content = {"title": f"gosales {name}: test", "text": text, "severity": "INFO", "command": ""}
    with outbox.changing():
        for sink in settings.sinks:
            whole = content | {"count": 0, "ids": [], "alerts": []}
            _put(outbox, "test", sink, whole, [], now)
    return list(settings.sinks)


def _digest(outbox: Outbox, settings: AlertSettings, name: str, now: float) -> int:
    moment = dt.datetime.fromtimestamp(now, dt.UTC)
    today = moment.date().isoformat()
    if settings.digest_hour is None or moment.hour < settings.digest_hour:
        return 0
    if outbox.fact(DIGEST_DAY) == today:
        return 0
    with outbox.changing():
        if outbox.fact(DIGEST_DAY) == today:
            return 0
        content = digest_content(_figures(outbox, now), name)
        sinks = sorted({route.sink for route in settings.routes})
        for sink in sinks:
            _put(outbox, "digest", sink, content, [], now)
        outbox.remember(DIGEST_DAY, today)
    return len(sinks)


def _figures(outbox: Outbox, now: float) -> dict[str, Any]:
    """Count what the digest tells; see `digest_content`."""
    states: dict[str, dict[str, int]] = {}
    for row in outbox.rows(
        "SELECT state, severity, count(DISTINCT asset || ' ' || check_name || ' ' || partition) AS n "
        "FROM alerts WHERE state != 'recovered' GROUP BY state, severity"
    ):
        states.setdefault(row["state"], {})[row["severity"]] = row["n"]
    oldest = outbox.rows("SELECT * FROM alerts WHERE state = 'open' ORDER BY at, id LIMIT 1")
    (counts,) = outbox.rows(
        "SELECT (SELECT count(*) FROM alerts WHERE collected_at > ?1) AS new, "
        "(SELECT count(*) FROM alerts WHERE recovered_at > ?1) AS recovered, "
        "(SELECT count(*) FROM messages WHERE sent_at > ?1) AS sent, "
        "(SELECT count(*) FROM messages WHERE state = 'waiting') AS waiting, "
        "(SELECT count(*) FROM messages WHERE state = 'given_up' AND next_attempt > ?1) AS given_up",
        now - DAY,
    )
    return counts | {
        "states": states,
        "oldest": oldest[0] if oldest else None,
        "looked_at": outbox.fact(LOOKED),
    }
