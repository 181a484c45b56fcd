"""Commands on what is stored: `status`, `verify`, `schema diff`, `schema accept`."""

import argparse
import datetime as dt

from gosales_assets.operations.plan import check_assets
from gosales_assets.operations.status import print_status
from gosales_assets.operations.verify import print_verified
from gosales_assets.platform.platform import Platform
from gosales_assets.quality.checks import present_schema, snapshot_path
from gosales_checks.verdicts.schema_snapshot import (
    SchemaSnapshot,
    all_changes,
    read_snapshot,
    write_snapshot,
)
from gosales_resources.settings.loading import load_settings, parse_overrides

DONE, DIFFERENT = 0, 1


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
