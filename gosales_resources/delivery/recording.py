"""What was found in the run history goes into the outbox: alerts, recoveries, what is kept back.

To record is idempotent: what was recorded is found again by its id, so a stretch of the history may be
read twice. The caller holds the transaction in which the cursor moves too.
"""

from collections.abc import Iterable

from gosales_resources.delivery.alert import RANK, RUN, Event, Failed, Passed, RunPassed
from gosales_resources.delivery.outbox import Outbox, Row

HOUR = 3_600
# Whoever turns alerts on is told of the last day, not of years.
FIRST_LOOK_HOURS = 24
CURSOR, SINCE, LOOKED = "cursor", "told since", "looked at"
COLUMNS = (
    "id", "event", "at", "asset", "check_name", "partition", "severity", "cause", "run", "command",
    "finding", "cure", "division", "link", "state", "kept_back", "collected_at", "acknowledged_by",
    "acknowledged_at", "note",
)  # fmt: skip
INSERT = f"INSERT INTO alerts ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608


def begin(outbox: Outbox, now: float) -> int:
    """Return how far the history was read; the first time of all, remember since when is told."""
    if outbox.fact(SINCE) is None:
        with outbox.changing():
            if outbox.fact(SINCE) is None:
                outbox.remember(SINCE, now - FIRST_LOOK_HOURS * HOUR)
    return int(outbox.fact(CURSOR) or 0)


def start_anew(outbox: Outbox) -> None:
    """Read from the start: the history was made anew, and its ids begin again."""
    with outbox.changing():
        outbox.do("UPDATE alerts SET event = -1")
        outbox.remember(CURSOR, 0)


def record(
    outbox: Outbox, events: Iterable[Event], cursor: int, cooldown_hours: float, now: float
) -> int:
    """Write what was found, and how far the history was read, in one transaction.

    Parameters
    ----------
    outbox
        Where to.
    events
        In the order of the history.
    cursor
        Up to which event id it was read.
    cooldown_hours
        For how long a repeated failure is not told again.
    now
        Seconds since 1970.

    Returns
    -------
    int
        How many alerts are new.
    """
    with outbox.changing():
        since = float(outbox.fact(SINCE) or 0)
        new = 0
        for event in events:
            if isinstance(event, Failed):
                new += _failed(outbox, event, since, cooldown_hours * HOUR, now)
            elif isinstance(event, Passed):
                _passed(outbox, event)
            else:
                _run_passed(outbox, event)
        # Another process may have read further meanwhile.
        outbox.remember(CURSOR, max(cursor, int(outbox.fact(CURSOR) or 0)))
        return new


def looked(outbox: Outbox, now: float) -> None:
    """Remember that somebody has read the history to its end."""
    with outbox.changing():
        outbox.remember(LOOKED, now)


def _failed(outbox: Outbox, found: Failed, since: float, cooldown: float, now: float) -> bool:
    if outbox.rows("SELECT 1 FROM alerts WHERE id = ?", found.id):
        return False
    earlier = outbox.rows(
        "SELECT * FROM alerts WHERE asset = ? AND check_name = ? AND partition = ? "
        "AND state != 'recovered' ORDER BY event DESC",
        *(found.asset, found.check, found.partition),
    )
    as_bad = [row for row in earlier if RANK[row["severity"]] >= RANK[found.severity]]
    known = next((row for row in as_bad if row["state"] == "acknowledged"), None)
    outbox.do(
        INSERT,
        *(found.id, found.event, found.at, found.asset, found.check, found.partition),
        *(found.severity, found.cause, found.run, found.command, found.finding, found.cure),
        *(found.division, found.link, "acknowledged" if known else "open"),
        _kept_back(found, as_bad, known, since, cooldown),
        now,
        *(
            (known[n] for n in ("acknowledged_by", "acknowledged_at", "note"))
            if known
            else [None] * 3
        ),
    )
    return True


def _kept_back(
    found: Failed, as_bad: list[Row], known: Row | None, since: float, cooldown: float
) -> str | None:
    """Say why nobody is told of a failure; None where somebody is."""
    if known:
        return "acknowledged"
    if found.at < since:
        return "before alerts were turned on"
    if any(row["kept_back"] is None and row["at"] > found.at - cooldown for row in as_bad):
        return "told within the cool-down"
    return None


def _passed(outbox: Outbox, event: Passed) -> None:
    _recover(
        outbox,
        event,
        "asset = ? AND check_name = ? AND partition = ?",
        event.asset,
        event.check,
        event.partition,
    )


def _run_passed(outbox: Outbox, event: RunPassed) -> None:
    failed = outbox.rows(
        "SELECT id, asset, partition FROM alerts WHERE check_name = ? AND state != 'recovered'", RUN
    )
    for row in failed:
        if event.repairs(row["asset"], row["partition"]):
            _recover(outbox, event, "id = ?", row["id"])


def _recover(outbox: Outbox, event: Passed | RunPassed, which: str, *values: str) -> None:
    # A pass that is read once more leaves what has failed since alone, by its place in the history and,
    # where that was made anew, by its time.
    outbox.do(
        "UPDATE alerts SET state = 'recovered', recovered_at = ?, recovered_run = ?, "  # noqa: S608 (ours)
        f"recovered_command = ? WHERE state != 'recovered' AND event < ? AND at <= ? AND {which}",
        *(event.at, event.run, event.command, event.event, event.at, *values),
    )
