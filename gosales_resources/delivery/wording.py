"""What messages say: plain text in which nothing that comes from data does anything.

Findings hold names of columns, files and customers, which are whatever a file holds. Every service turns
plain text into its own format; what they would still make of it (mentions, links) is broken up here.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from gosales_resources.delivery.alert import RANK, RUN
from gosales_resources.delivery.outbox import Row
from gosales_resources.markdown import visible

# An invisible space: between the signs that make a mention or a link it leaves them legible.
BREAK = "\u200b"
_LIVE = re.compile(r"(@|<|www\.|mailto:|:(?=//))", re.IGNORECASE)
LONGEST = 500
TITLE_LONGEST = 180
DIGITS_SHOWN = 12
COLUMNS = (
    "id", "severity", "check_name", "asset", "partition", "division", "finding", "cure", "link",
    "run", "command", "at",
)  # fmt: skip


def inert(value: object, longest: int = LONGEST) -> str:
    r"""Return text from data in one line that mentions nobody and links nowhere.

    Examples
    --------
    >>> inert("a\r\nBcc: b@c.com, <!channel>, https://evil.example").replace(BREAK, "^")
    'a Bcc: b@^c.com, <^!channel>, https:^//evil.example'
    """
    return _LIVE.sub(rf"\1{BREAK}", visible(value, longest))


def utc(at: float) -> str:
    """Return a moment as people read it.

    Examples
    --------
    >>> utc(0)
    '1970-01-01 00:00 UTC'
    """
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")


def subject_of(row: Row) -> str:
    """Say which check, of what, where.

    Examples
    --------
    >>> row = {"check_name": "lift_above_floor", "asset": "forward_validation", "division": "CAD"}
    >>> subject_of(row | {"partition": "2024-06-30|cad"})
    'lift_above_floor of forward_validation, 2024-06-30, CAD'
    """
    # The division is said by its own name.
    where = row["partition"].partition("|")[0] if row["division"] else row["partition"]
    parts = [where, row["division"]]
    what = "run that was to make" if row["check_name"] == RUN else f"{row['check_name']} of"
    return ", ".join([f"{what} {row['asset']}", *(part for part in parts if part)])


def structured(row: Row) -> dict[str, Any]:
    """Return what programs get of an alert."""
    told = {name: row[name] for name in COLUMNS}
    return told | {"at": dt.datetime.fromtimestamp(row["at"], dt.UTC).isoformat(timespec="seconds")}


def failed_content(rows: Sequence[Row], name: str, shown: int | None) -> dict[str, Any]:
    """Word a message on failures of one command.

    Parameters
    ----------
    rows
        Alerts, at least one.
    name
        Of the set-up.
    shown
        How many are spelt out; None for all.

    Returns
    -------
    dict
        `title`, `text`, `severity` (the worst), `command`, `count`, `ids` of all and `alerts`: those
        that are spelt out, the worst first.
    """
    ordered = sorted(rows, key=lambda row: (-RANK[row["severity"]], row["event"], row["id"]))
    counts = Counter(row["severity"] for row in rows)
    told = ", ".join(f"{counts[s]:,} {s}" for s in ("ERROR", "WARN") if counts[s])
    what = "alert" if len(rows) == 1 else "alerts"
    first = ordered[0]
    title = f"gosales {name}: {len(rows):,} {what} ({told}), {subject_of(first)}"
    lines = [line for row in ordered[:shown] for line in _failed_lines(row)]
    return _content(ordered, title, lines, shown)


def recovered_content(rows: Sequence[Row], name: str, shown: int | None) -> dict[str, Any]:
    """Word a message on what is good again; as `failed_content`."""
    ordered = sorted(rows, key=lambda row: (row["event"], row["id"]))
    what = "is" if len(rows) == 1 else "are"
    title = f"gosales {name}: {len(rows):,} {what} good again, {subject_of(ordered[0])}"
    lines = [
        f"GOOD AGAIN {inert(subject_of(row))}, told on {utc(row['at'])}, id {row['id'][:DIGITS_SHOWN]}"
        for row in ordered[:shown]
    ]
    return _content(ordered, title, lines, shown)


def _content(
    rows: Sequence[Row], title: str, lines: list[str], shown: int | None
) -> dict[str, Any]:
    if shown is not None and len(rows) > shown:
        lines = [*lines, f"and {len(rows) - shown:,} more: gosales alerts list"]
    return {
        "title": inert(title, TITLE_LONGEST),
        "text": "\n".join(lines),
        "severity": max((row["severity"] for row in rows), key=RANK.__getitem__),
        "command": rows[0]["command"],
        "count": len(rows),
        "ids": [row["id"] for row in rows],
        "alerts": [structured(row) for row in rows[:shown]],
    }


def _failed_lines(row: Row) -> list[str]:
    """Spell an alert out: what, what was found, what cures it, where to look, its id."""
    lines = [f"{row['severity']} {inert(subject_of(row))}", f"  {inert(row['finding'])}"]
    if row["cure"]:
        lines.append(f"  do: {visible(row['cure'])}")
    if row["link"]:
        lines.append(f"  see: {visible(row['link'])}")
    if row["state"] == "recovered":
        lines.append("  meanwhile it is good again")
    return [*lines, f"  id {row['id'][:DIGITS_SHOWN]}, {utc(row['at'])}"]


def digest_content(found: dict[str, Any], name: str) -> dict[str, Any]:
    """Word the daily digest.

    Parameters
    ----------
    found
        `states` (state -> severity -> how many checks and partitions), `new`, `recovered`, `sent`,
        `waiting`, `given_up` (of the last day), `looked_at` (seconds or None), `oldest` (an open
        alert or None).
    name
        Of the set-up.

    Returns
    -------
    dict
        As `failed_content`, without alerts.
    """
    open_ = found["states"].get("open", {})
    known = sum(found["states"].get("acknowledged", {}).values())
    counted = f"{open_.get('ERROR', 0):,} ERROR and {open_.get('WARN', 0):,} WARN open"
    looked = utc(found["looked_at"]) if found["looked_at"] else "never"
    lines = [
        f"{counted}, {known:,} acknowledged.",
        f"Last day: {found['new']:,} new, {found['recovered']:,} good again, {found['sent']:,} "
        f"messages delivered, {found['waiting']:,} waiting, {found['given_up']:,} given up.",
        f"The run history was last looked at {looked}.",
    ]
    if oldest := found["oldest"]:
        lines.insert(1, f"Oldest open: {inert(subject_of(oldest))}, since {utc(oldest['at'])}.")
    lines.append("This comes every day: where it does not, nobody is looking.")
    return {
        "title": inert(f"gosales {name}: daily digest, {counted}", TITLE_LONGEST),
        "text": "\n".join(lines),
        "severity": "INFO",
        "command": "",
        "count": sum(sum(counts.values()) for counts in found["states"].values()),
        "ids": [],
        "alerts": [],
    }
