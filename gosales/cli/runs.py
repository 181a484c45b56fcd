"""`gosales runs`: the records of commands and jobs, for people and schedulers."""

import argparse
import json

import polars as pl

from gosales.cli.parser import platform_of
from gosales.cli.terminal import print_frame, tell
from gosales_assets.operations.records import Record, as_json, folder_of, record_of, records

SHOWN = 20
SHOWN_LINES = 15


def add_runs_command(
    commands: argparse._SubParsersAction, settings: argparse.ArgumentParser
) -> None:
    """Declare the command."""
    parser = commands.add_parser("runs", help="what commands and jobs have come to")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listed = actions.add_parser("list", parents=[settings], help="the newest first, a line each")
    listed.add_argument("--limit", type=int, default=SHOWN, help=f"lines; {SHOWN} without it")
    listed.add_argument("--status", help="only those that ended so: done, failed, lost, ...")
    listed.add_argument("--format", choices=("table", "json"), default="table")
    listed.set_defaults(command=_list)
    shown = actions.add_parser("show", parents=[settings], help="one, with what it made from what")
    shown.add_argument("run", metavar="RUN", help="its id, or the beginning of it; or: latest")
    shown.add_argument("--format", choices=("table", "json"), default="table")
    shown.set_defaults(command=_show)


def _list(options: argparse.Namespace) -> int:
    platform = platform_of(options)
    found = [r for r in records(platform) if options.status in (None, r.status)][: options.limit]
    lines = [record.line() for record in found]
    if options.format == "json":
        tell(json.dumps(lines, indent=1, ensure_ascii=False))
    elif not lines:
        tell(f"No run is on record in {folder_of(platform)}.")
    else:
        rows = [row_of(record) for record in found]
        print_frame(pl.DataFrame(rows), tbl_formatting="UTF8_BORDERS_ONLY", fmt_str_lengths=60)
    return 0


def row_of(record: Record) -> dict[str, str]:
    """Say a record in a line for eyes: title -> text."""
    line = record.line()
    cutoffs = line["cutoffs"]
    return {
        "run": record.id[:15],
        "command": record.command,
        "trigger": record.trigger,
        "status": record.status,
        "begun (UTC)": record.begun[:19].replace("T", " "),
        "seconds": "" if record.seconds is None else f"{record.seconds:.0f}",
        "cutoffs": cutoffs[0] if len(cutoffs) == 1 else f"{cutoffs[0]}..{cutoffs[-1]}",
        "divisions": ", ".join(line["divisions"] or ["all"]),
        "made": str(line["made"]),
        "failed": str(line["checks_failed"]),
        "warned": str(line["checks_warned"]),
    }


def _show(options: argparse.Namespace) -> int:
    record = record_of(platform_of(options), options.run)
    if options.format == "json":
        tell(as_json(record))
        return 0
    for name, value in record.line().items():
        if value not in (None, []):
            tell(f"{name:<15} {', '.join(value) if isinstance(value, list) else value}")
    for check in record.failed_checks[:SHOWN_LINES]:
        where = f"{check.asset}[{check.partition}]" if check.partition else check.asset
        tell(f"{check.severity:<15} {check.check} ({where}): {check.finding}")
    for one in record.inputs[:SHOWN_LINES]:
        tell(f"from            {one['source']} {one['input']}: {one['sha256']}")
    for made in record.made[:SHOWN_LINES]:
        rows = "" if made.rows is None else f"{made.rows} rows, "
        tell(f"made            {made.asset}[{made.partition}]: {rows}{made.sha256[:16]}")
    if len(record.made) > SHOWN_LINES:
        tell(
            f"and {len(record.made) - SHOWN_LINES} more: gosales runs show {record.id} --format json"
        )
    return 0
