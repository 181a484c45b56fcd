"""`gosales alerts`: what failed and who was told; acknowledge, send now, test the sinks."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import polars as pl

from gosales.cli.parser import settings_of
from gosales.cli.show import write
from gosales.cli.terminal import print_frame, say, tell
from gosales_assets.operations.alerts import collect_and_deliver
from gosales_assets.operations.instance import history_of
from gosales_assets.platform.platform import Platform
from gosales_resources.delivery.composing import put_test
from gosales_resources.delivery.delivering import Delivered, deliver
from gosales_resources.delivery.outbox import FILE, Outbox, Row
from gosales_resources.delivery.sinks import open_sink
from gosales_resources.delivery.wording import DIGITS_SHOWN, subject_of, utc
from gosales_resources.errors import SettingsError
from gosales_resources.settings.tree import Settings

DONE, FAILED = 0, 1
STATES = ("open", "acknowledged", "recovered", "all")
# What delivers in a minute delivers; the rest is tried by the next command or the sensor.
SECONDS = 60
# Of each check and partition that is not good the newest failure, and how often it failed.
LIST = """
SELECT * FROM (
    SELECT *, (
            SELECT group_concat(DISTINCT m.state) FROM told t JOIN messages m ON m.id = t.message
            WHERE t.alert = alerts.id
        ) AS deliveries, count(*) OVER subject AS times, min(at) OVER subject AS first,
        row_number() OVER (subject ORDER BY event DESC, at DESC, id) AS number
    FROM alerts WHERE state IN ({states})
    WINDOW subject AS (PARTITION BY asset, check_name, partition, state)
) WHERE number = 1 ORDER BY severity = 'WARN', at DESC, id
"""
MESSAGES = """
SELECT m.* FROM messages m JOIN told t ON t.message = m.id WHERE t.alert = ? ORDER BY m.created, m.id
"""
UNDELIVERED = "SELECT sink, state, count(*) AS n, max(error) AS error FROM messages "
UNDELIVERED += (
    "WHERE state = 'given_up' OR (state = 'waiting' AND attempts > 0) GROUP BY sink, state"
)


def add_alerts_command(
    commands: argparse._SubParsersAction, settings: argparse.ArgumentParser
) -> None:
    """Declare the commands."""
    parser = commands.add_parser("alerts", help="what failed, and who was told")
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    def add(name: str, command: Any, text: str) -> argparse.ArgumentParser:
        sub = actions.add_parser(name, parents=[settings], help=text)
        sub.set_defaults(command=command)
        return sub

    listed = add("list", _list, "print what is not good, and who looks after it")
    listed.add_argument("--state", choices=STATES, help="without it what is not recovered")
    listed.add_argument("--format", choices=("table", "csv", "json"), default="table")
    shown = add("show", _show, "print an alert and its messages")
    shown.add_argument("id", metavar="ID", help="its id, or the beginning of it")
    shown.add_argument("--format", choices=("table", "json"), default="table")
    known = add("ack", _acknowledge, "look after alerts: they are not repeated until they recover")
    known.add_argument("ids", nargs="+", metavar="ID")
    known.add_argument("--by", required=True, metavar="NAME", help="who looks after them")
    known.add_argument("--note", default="", help="what readers should know")
    add("send", _send, "look at the run history and send now what is to be told")
    add("test", _test, "send a test message to each sink")


def _list(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    states = _states(options.state)
    table = alerts_in(settings, states)
    if has_outbox(settings):
        with Outbox(settings.alerts_root) as outbox:
            undelivered = outbox.rows(UNDELIVERED)
        for row in undelivered:
            say(
                f"{row['n']} messages to {row['sink']} {_undelivered(row['state'])}: {row['error']}"
            )
    if options.format == "table" and table.is_empty():
        off = "" if settings.alerts.enabled else " Alerts are off: set alerts.enabled."
        tell(f"No alerts that are {' or '.join(states)}.{off}")
        return DONE
    if options.format == "table":
        print_frame(table.with_columns(pl.col("finding").str.slice(0, 80)), fmt_str_lengths=90)
    elif options.format == "csv":
        write(table.lazy(), options.format, None)
    else:
        _write_json(table.to_dicts())
    return DONE


def alerts_in(settings: Settings, states: Sequence[str]) -> pl.DataFrame:
    """Read the alerts that are in some states, of each check and partition the newest.

    Parameters
    ----------
    settings
        Say where the outbox is; where there is none nothing was recorded, and none is made.
    states
        Some of `STATES`, without `all`.

    Returns
    -------
    polars.DataFrame
        One row per alert, errors first, the newest first: id (its beginning), severity, state, check,
        asset, partition, finding, since, times, by (who acknowledged it), told.
    """
    rows: list[Row] = []
    if has_outbox(settings):
        with Outbox(settings.alerts_root) as outbox:
            rows = outbox.rows(LIST.format(states=", ".join("?" * len(states))), *states)
    return pl.DataFrame([_listed(row) for row in rows], schema=_COLUMNS, orient="row")


def _write_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


_COLUMNS = {
    "id": pl.String, "severity": pl.String, "state": pl.String, "check": pl.String,
    "asset": pl.String, "partition": pl.String, "finding": pl.String, "since": pl.String,
    "times": pl.Int64, "by": pl.String, "told": pl.String,
}  # fmt: skip


def _listed(row: Row) -> tuple[object, ...]:
    return (
        *(row["id"][:DIGITS_SHOWN], row["severity"], row["state"], row["check_name"], row["asset"]),
        *(row["partition"], row["finding"], utc(row["first"]), row["times"]),
        *(row["acknowledged_by"] or "", _told(row)),
    )


def _told(row: Row) -> str:
    """Say whether an alert has reached anybody."""
    if row["kept_back"]:
        return f"no: {row['kept_back']}"
    states = (row["deliveries"] or "").split(",")
    return "yes" if "sent" in states else "given up" if "given_up" in states else "waits"


def _show(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    with Outbox(_existing(settings).alerts_root) as outbox:
        row = outbox.alert(options.id)
        messages = outbox.rows(MESSAGES, row["id"])
    for message in messages:
        del message["content"]
    if options.format == "json":
        _write_json(row | {"messages": messages})
        return DONE
    tell(f"{row['severity']} {subject_of(row)}: {row['state']}")
    told = {
        "found": row["finding"],
        "do": row["cure"],
        "see": row["link"],
        "failed": utc(row["at"]),
    }
    told |= {"run": row["run"], "command": row["command"], "id": row["id"]}
    if row["acknowledged_by"]:
        who, note = row["acknowledged_by"], row["note"]
        told["acknowledged"] = f"{utc(row['acknowledged_at'])} by {who}{': ' if note else ''}{note}"
    if row["recovered_at"]:
        told["good again"] = f"{utc(row['recovered_at'])}, run {row['recovered_run']}"
    if row["kept_back"]:
        told["not told"] = row["kept_back"]
    for name, text in told.items():
        if text:
            tell(f"  {name}: {text}")
    for message in messages:
        what = message["error"] or message["receipt"] or ""
        tell(
            f"  message {message['id'][:DIGITS_SHOWN]} ({message['kind']}) to {message['sink']}: "
            f"{message['state']} after {message['attempts']} tries {what}".rstrip()
        )
    return DONE


def _acknowledge(options: argparse.Namespace) -> int:
    rows = acknowledge(settings_of(options), options.ids, options.by, options.note)
    for row in rows:
        if row["state"] == "recovered":
            tell(f"{row['id'][:DIGITS_SHOWN]} is good again already: {subject_of(row)}")
        else:
            tell(f"{row['id'][:DIGITS_SHOWN]} is {options.by}'s: {subject_of(row)}")
    return DONE


def acknowledge(settings: Settings, ids: Sequence[str], by: str, note: str) -> list[Row]:
    """Say now that somebody looks after alerts; see `Outbox.acknowledge`.

    Raises
    ------
    SettingsError
        When no alert was ever recorded.
    """
    with Outbox(_existing(settings).alerts_root) as outbox:
        return outbox.acknowledge(ids, by, note, time.time())


def _send(options: argparse.Namespace) -> int:
    platform = Platform.of(_enabled(settings_of(options)))
    with history_of(platform) as instance:
        told = collect_and_deliver(platform, instance, finished=None, is_now=True, seconds=SECONDS)
    tell(f"{told}.")
    return _say_errors(told.delivered)


def _test(options: argparse.Namespace) -> int:
    settings = _enabled(settings_of(options))
    with Outbox(settings.alerts_root) as outbox:
        sinks = put_test(outbox, settings.alerts, settings.name, time.time())
        done = deliver(
            outbox,
            settings.alerts,
            lambda sink: open_sink(settings, sink),
            time.time,
            time.time() + SECONDS,
            is_now=True,
        )
    for sink in sinks:
        tell(f"{sink}: {'failed' if sink in done.errors else 'sent'}")
    return _say_errors(done)


def _say_errors(done: Delivered) -> int:
    for sink, error in done.errors.items():
        say(f"sink {sink}: {error}")
    if done.is_elsewhere:
        say("Another process is delivering; it sends what waits.")
    return FAILED if done.errors or done.given_up else DONE


def _states(state: str | None) -> Sequence[str]:
    if state is None:
        return ("open", "acknowledged")
    return STATES[:-1] if state == "all" else (state,)


def _undelivered(state: str) -> str:
    return "were given up" if state == "given_up" else "wait to be tried again"


def _enabled(settings: Settings) -> Settings:
    if not settings.alerts.enabled:
        raise SettingsError(
            "Alerts are off: set alerts.enabled to true in the settings (docs/alerts.md)."
        )
    return settings


def has_outbox(settings: Settings) -> bool:
    """Tell whether an alert was ever recorded."""
    return (settings.alerts_root / FILE).exists()


def _existing(settings: Settings) -> Settings:
    """Look only where an outbox is: whoever asks makes none."""
    if not has_outbox(settings):
        raise SettingsError(f"No alert was recorded: there is no outbox in {settings.alerts_root}.")
    return settings
