"""Commands on what is stored: `status`, `verify`, `schema diff`, `schema accept`."""

import argparse
import datetime as dt
from collections import Counter
from collections.abc import Sequence

from gosales_assets.operations.instance import history_of
from gosales_assets.operations.plan import check_assets
from gosales_assets.operations.status import status_of
from gosales_assets.operations.verify import Verified, verify, verify_beside
from gosales_assets.platform.platform import Platform
from gosales_assets.quality.checks import present_schema, snapshot_path
from gosales_checks.verdicts.schema_snapshot import (
    SchemaSnapshot,
    all_changes,
    read_snapshot,
    write_snapshot,
)
from gosales_resources.settings.loading import load_settings, parse_overrides
from gosales_resources.store.address import Address, remedy

DONE, DIFFERENT = 0, 1
SHOWN = 20
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
        parser.add_argument("--cutoffs", metavar="2024-03-31..2024-12-31", help="without it all")
        parser.set_defaults(command=command)
    schema = commands.add_parser("schema", help="the announced schema of tables and raw files")
    actions = schema.add_subparsers(required=True, metavar="ACTION")
    for action, command, text in (
        ("diff", _schema_diff, "print what differs from the announced schema"),
        ("accept", _schema_accept, "announce the present schema"),
    ):
        sub = actions.add_parser(action, parents=[settings], help=text)
        sub.set_defaults(command=command)


def _status(options: argparse.Namespace) -> int:
    platform = _platform(options)
    print_status(platform, _cutoffs(platform, options), check_assets(options.tables))
    return DONE


def _verify(options: argparse.Namespace) -> int:
    platform = _platform(options)
    same = print_verified(platform, _cutoffs(platform, options), check_assets(options.tables))
    return DONE if same else DIFFERENT


def _schema_diff(options: argparse.Namespace) -> int:
    platform = _platform(options)
    path = snapshot_path(platform.settings)
    announced = read_snapshot(path)
    if announced is None:
        print(
            f"No schema is announced in {path}; `gosales schema accept` announces the present one."
        )
        return DONE
    changes = all_changes(announced, present_schema(platform))
    print("\n".join(changes) or f"As announced in {path}.")
    if changes:
        print("If this is meant: gosales schema accept")
    return DIFFERENT if changes else DONE


def _schema_accept(options: argparse.Namespace) -> int:
    platform = _platform(options)
    path, present = snapshot_path(platform.settings), present_schema(platform)
    changes = all_changes(read_snapshot(path) or SchemaSnapshot(), present)
    write_snapshot(path, present)
    print("\n".join(changes) or "Nothing changed.")
    print(f"Announced in {path}; keep it in version control.")
    return DONE


def _cutoffs(platform: Platform, options: argparse.Namespace) -> list[dt.date]:
    if options.cutoffs:
        return platform.space.select_cutoffs(options.cutoffs)
    return platform.space.cutoffs()


def _platform(options: argparse.Namespace) -> Platform:
    return Platform.of(load_settings(options.config, parse_overrides(options.set)))


def print_status(platform: Platform, cutoffs: Sequence[dt.date], tables: Sequence[str]) -> None:
    """Print counts per table, and what is stale because of what."""
    counts: Counter[tuple[str, str]] = Counter()
    because: dict[tuple[str, tuple[str, ...]], list[Address]] = {}
    with history_of(platform) as instance:
        for status in status_of(platform, instance, cutoffs, tables):
            counts[status.address.asset, status.state] += 1
            if status.state == "stale":
                name = (status.address.asset, status.reasons)
                because.setdefault(name, []).append(status.address)
    print(f"{'table':<24}{'current':>9}{'stale':>9}{'missing':>9}")
    for name in dict.fromkeys(asset for asset, _ in counts):
        numbers = [counts[name, state] for state in ("current", "stale", "missing")]
        print(f"{name:<24}" + "".join(f"{number:>9}" for number in numbers))
    for (asset, reasons), addresses in because.items():
        divisions = sorted({a.division for a in addresses if a.division})
        of = f" of {', '.join(divisions)}" if divisions else ""
        span = f"{addresses[0].cutoff}..{addresses[-1].cutoff}"
        print(f"stale: {asset} {span}{of}: {', '.join(reasons)}")
    if because:
        print("make them: gosales materialize --cutoffs FIRST..LAST (what is current stays)")


def print_verified(platform: Platform, cutoffs: Sequence[dt.date], tables: Sequence[str]) -> bool:
    """Print what differs, is missing or unrecorded and what to do; True when nothing is."""
    by_finding: dict[str, list[Verified]] = {}
    with history_of(platform) as instance:
        for one in verify(platform, instance, cutoffs, tables):
            by_finding.setdefault(one.finding, []).append(one)
    print(f"{len(by_finding.pop('same', []))} partition(s) are what was recorded.")
    for finding, found in by_finding.items():
        print(f"{len(found)} {finding}: {WHAT_TO_DO[finding]}")
        for one in found[:SHOWN]:
            what = f"{one.damage}; " if one.damage else ""
            print(f"  {one.address}: {what}{remedy(one.address)}")
        if len(found) > SHOWN:
            print(f"  and {len(found) - SHOWN} more")
    beside = [] if tables else verify_beside(platform)
    for path, wrong in beside:
        print(f"{path} is damaged ({wrong}): gosales materialize makes it anew")
    return not beside and not set(by_finding) & {"differs", "missing"}
