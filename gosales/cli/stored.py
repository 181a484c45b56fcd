"""Commands on what is stored: `status`, `verify`; what is accepted: `schema`, `restatement`."""

import argparse
import datetime as dt
from collections.abc import Sequence

from gosales.cli.parser import CUTOFFS, platform_of
from gosales.cli.status import look, print_status
from gosales.cli.terminal import tell
from gosales_assets.accounts.past import AttributePast
from gosales_assets.operations.instance import history_of
from gosales_assets.operations.plan import check_assets
from gosales_assets.operations.verify import Verified, verify, verify_beside
from gosales_assets.platform.past import accepted_path
from gosales_assets.platform.platform import Platform
from gosales_assets.quality.checks import present_schema, snapshot_path
from gosales_assets.star.past import LogPast
from gosales_checks.verdicts.restatement import record_accepted
from gosales_checks.verdicts.schema_snapshot import (
    SchemaSnapshot,
    all_changes,
    read_snapshot,
    write_snapshot,
)
from gosales_resources.store.address import remedy

DONE, DIFFERENT = 0, 1
SHOWN = 20
PASTS = (LogPast, AttributePast)
WHAT_TO_DO = {
    "differs": "a file is not the one that was made: restore it from a backup, or make it anew",
    "missing": "it was made and is gone: restore it, or make it anew",
    "unrecorded": "this event log does not know it (another store or a wiped log): make it anew to "
    "have it recorded",
}


def add_stored_commands(
    commands: argparse._SubParsersAction, settings: argparse.ArgumentParser
) -> None:
    """Declare the commands."""
    for name, command, text in (
        ("status", _status, "say what is current, stale and why, or missing"),
        ("verify", _verify, "hold stored files against their recorded checksums"),
    ):
        parser = commands.add_parser(name, parents=[settings], help=text)
        parser.add_argument("tables", nargs="*", metavar="TABLE", help="without any all")
        parser.add_argument("--cutoffs", metavar=CUTOFFS, help="without it all")
        if name == "status":
            parser.add_argument("--format", choices=("table", "json"), default="table")
        parser.set_defaults(command=command)
    for name, of, diff, accept in (
        ("schema", "the announced schema of tables and raw files", _schema_diff, _schema_accept),
        ("restatement", "the past of the log against what was stored", _past_diff, _past_accept),
    ):
        actions = commands.add_parser(name, help=of).add_subparsers(required=True, metavar="ACTION")
        for action, command, text in (
            ("diff", diff, f"print what differs: {of}"),
            ("accept", accept, f"accept what differs: {of}"),
        ):
            sub = actions.add_parser(action, parents=[settings], help=text)
            sub.set_defaults(command=command)


def _status(options: argparse.Namespace) -> int:
    platform = platform_of(options)
    tables = check_assets(options.tables)
    found = look(platform, _cutoffs(platform, options), tables)
    print_status(found, options.format)
    return DONE


def _verify(options: argparse.Namespace) -> int:
    platform = platform_of(options)
    same = print_verified(platform, _cutoffs(platform, options), check_assets(options.tables))
    return DONE if same else DIFFERENT


def _schema_diff(options: argparse.Namespace) -> int:
    platform = platform_of(options)
    path = snapshot_path(platform.settings)
    announced = read_snapshot(path)
    if announced is None:
        tell(
            f"No schema is announced in {path}; `gosales schema accept` announces the present one."
        )
        return DONE
    changes = all_changes(announced, present_schema(platform))
    tell("\n".join(changes) or f"As announced in {path}.")
    if changes:
        tell("If this is meant: gosales schema accept")
    return DIFFERENT if changes else DONE


def _schema_accept(options: argparse.Namespace) -> int:
    platform = platform_of(options)
    path, present = snapshot_path(platform.settings), present_schema(platform)
    changes = all_changes(read_snapshot(path) or SchemaSnapshot(), present)
    write_snapshot(path, present)
    tell("\n".join(changes) or "Nothing changed.")
    tell(f"Announced in {path}; keep it in version control.")
    return DONE


def _past_diff(options: argparse.Namespace) -> int:
    found = _pasts_told(platform_of(options))
    tell("\n".join(_lines(found)) or "As it was stored.")
    if found:
        tell("If this is meant: gosales restatement accept")
    return DIFFERENT if found else DONE


def _past_accept(options: argparse.Namespace) -> int:
    platform = platform_of(options)
    path, found = accepted_path(platform.settings), _pasts_told(platform)
    if found:
        record_accepted(path, found, dt.datetime.now(dt.UTC))
    # Recorded first: killed in between, it is accepted once more.
    for kind in PASTS:
        past = kind(platform)
        past.forget(past.kept())
    tell("\n".join(_lines(found)) or "Nothing changed.")
    if found:
        tell(f"Accepted in {path}; keep it in version control.")
        tell("Go on: gosales materialize, the same command again.")
    return DONE


def _pasts_told(platform: Platform) -> dict[tuple[str, dt.date], str]:
    return {
        (kind.tables[0], cutoff): told
        for kind in PASTS
        for cutoff, told in kind(platform).told().items()
    }


def _lines(found: dict[tuple[str, dt.date], str]) -> list[str]:
    return [f"{table} {cutoff}: {told}" for (table, cutoff), told in found.items()]


def _cutoffs(platform: Platform, options: argparse.Namespace) -> list[dt.date]:
    if options.cutoffs:
        return platform.space.select_cutoffs(options.cutoffs)
    return platform.space.cutoffs()


def print_verified(platform: Platform, cutoffs: Sequence[dt.date], tables: Sequence[str]) -> bool:
    """Print what differs, is missing or unrecorded and what to do; True when nothing is."""
    by_finding: dict[str, list[Verified]] = {}
    with history_of(platform) as instance:
        for one in verify(platform, instance, cutoffs, tables):
            by_finding.setdefault(one.finding, []).append(one)
    tell(f"{len(by_finding.pop('same', []))} partition(s) are what was recorded.")
    for finding, found in by_finding.items():
        tell(f"{len(found)} {finding}: {WHAT_TO_DO[finding]}")
        for one in found[:SHOWN]:
            what = f"{one.damage}; " if one.damage else ""
            tell(f"  {one.address}: {what}{remedy(one.address)}")
        if len(found) > SHOWN:
            tell(f"  and {len(found) - SHOWN} more")
    beside = [] if tables else verify_beside(platform)
    for path, wrong in beside:
        tell(f"{path} is damaged ({wrong}): gosales materialize makes it anew")
    return not beside and not set(by_finding) & {"differs", "missing"}
