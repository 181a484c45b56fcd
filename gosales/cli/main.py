"""The `gosales` command: arguments in, exit code out.

Exit codes: 0 done (checks may have warned), 1 a run or a blocking check failed or an inspected
source needs decisions, 2 the input is not usable (arguments, settings, a missing partition), 130
interrupted, 141 whoever read the output has gone.
"""

import argparse
import datetime as dt
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import yaml

from gosales.cli.ablate import add_ablate_command
from gosales.cli.alerts import add_alerts_command
from gosales.cli.backtest import add_backtest_command
from gosales.cli.demo import run_demo
from gosales.cli.exports import add_export_command
from gosales.cli.gauntlet import add_gauntlet_command
from gosales.cli.lists import add_list_command
from gosales.cli.metrics import add_metrics_command
from gosales.cli.model import add_model_command
from gosales.cli.report import judge_again, print_outcome, print_violations
from gosales.cli.show import FORMATS, show_table
from gosales.cli.source import add_source_command
from gosales.cli.stored import add_stored_commands
from gosales.cli.terminal import say, tell, under_settings
from gosales.cli.ui import add_ui_options, serve_ui
from gosales_assets.delivery.columns import check_settings
from gosales_assets.operations.batches import describe
from gosales_assets.operations.instance import history_of, write_environment
from gosales_assets.operations.narrowing import Narrowing, read_log
from gosales_assets.operations.plan import (
    Request,
    check_assets,
    describe_left_out,
    missing_upstream,
    plan,
)
from gosales_assets.operations.runs import execute
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.registry import CONTRACTS, STAGING, VIOLATIONS
from gosales_checks.contracts.star import SALES_LOG
from gosales_resources.errors import GosalesError
from gosales_resources.settings.loading import load_settings, parse_overrides
from gosales_resources.settings.tree import Settings
from gosales_resources.store.address import Address

SHOWN_MISSING = 10
DONE, FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
# As a shell tells it of other programs.
PIPE_CLOSED = 141


def run(arguments: Sequence[str] | None = None) -> None:
    """Enter from the command line: run `main` and exit with its code."""
    try:
        code = main(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read has read enough, as `| head` does; what is left would fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = PIPE_CLOSED
    sys.exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments, do what they say, return the exit code.

    Every error of ours ends in one message on standard error; anything else is a defect and keeps
    its traceback.
    """
    options = build_parser().parse_args(arguments)
    # Of a command without settings nothing is given.
    given = vars(options)
    with under_settings(given.get("config"), given.get("set", ())):
        try:
            return int(options.command(options))
        except GosalesError as error:
            say(f"error: {error}")
            return UNUSABLE
        except KeyboardInterrupt:
            say("interrupted: finished partitions are kept; run the same command again to go on.")
            return INTERRUPTED


def build_parser() -> argparse.ArgumentParser:
    """Declare the commands."""
    parser = argparse.ArgumentParser(
        prog="gosales", description="From a raw sales log to a ranked list of whom to call."
    )
    parser.add_argument("--version", action="version", version=f"gosales {version('gosales')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    settings = argparse.ArgumentParser(add_help=False)
    settings.add_argument("--config", type=Path, help="settings file; else GOSALES_CONFIG")
    settings.add_argument(
        "--set", action="append", default=[], metavar="a.b=c", help="override one setting"
    )
    _add_materialize(commands, settings)
    _add_show(commands, settings)
    add_list_command(commands, settings)
    add_export_command(commands, settings)
    add_source_command(commands)
    add_stored_commands(commands, settings)
    add_model_command(commands, settings)
    add_backtest_command(commands, settings)
    add_metrics_command(commands, settings)
    add_ablate_command(commands, settings)
    add_gauntlet_command(commands, settings)
    add_alerts_command(commands, settings)
    demo = commands.add_parser("demo", help="generate a sample company and run everything on it")
    demo.add_argument("--folder", type=Path, default=Path("demo"), help="where it is put")
    demo.add_argument("--size", choices=["S", "M"], default="S", help="2,000 or 20,000 customers")
    demo.set_defaults(command=lambda options: run_demo(options.folder, options.size))
    ui = commands.add_parser("ui", parents=[settings], help="open the Dagster UI on this machine")
    add_ui_options(ui)
    ui.set_defaults(command=_ui)
    config = commands.add_parser("config", help="look at the settings")
    config_commands = config.add_subparsers(required=True, metavar="ACTION")
    for action, command, text in (
        ("check", _config_check, "say whether the settings are legal"),
        ("show", _config_show, "print the resolved settings"),
    ):
        sub = config_commands.add_parser(action, parents=[settings], help=text)
        sub.set_defaults(command=command)
    return parser


def _add_materialize(
    commands: argparse._SubParsersAction, settings: argparse.ArgumentParser
) -> None:
    parser = commands.add_parser("materialize", parents=[settings], help="make partitions")
    parser.add_argument(
        "--cutoffs", required=True, metavar="2024-03-31..2024-12-31", help="one cutoff or a range"
    )
    parser.add_argument("--divisions", metavar="a,b", help="targets; without it all")
    parser.add_argument(
        "--select",
        metavar="ASSETS",
        help="these assets alone, comma-separated; without it the whole graph and what it needs",
    )
    parser.add_argument(
        "--upstream", action="store_true", help="with --select: what they need too, where stale"
    )
    parser.add_argument("--staging-only", action="store_true", help=f"only {', '.join(STAGING)}")
    parser.add_argument(
        "--rebuild", action="store_true", help="make everything anew, what is current too"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would be made from what; compute nothing"
    )
    parser.set_defaults(command=_materialize)


def _add_show(commands: argparse._SubParsersAction, settings: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("show", parents=[settings], help="print a stored table")
    parser.add_argument("table", metavar="TABLE", help=f"one of {', '.join(CONTRACTS)}")
    parser.add_argument(
        "--cutoff", required=True, metavar="2024-03-31..2024-12-31", help="one cutoff or a range"
    )
    parser.add_argument("--division", metavar="a,b", help="some divisions; without it all")
    parser.add_argument("--limit", type=_positive, help="rows; 20 for format table, else all")
    parser.add_argument("--format", choices=FORMATS, default="table")
    parser.set_defaults(command=_show)


def _materialize(options: argparse.Namespace) -> int:
    platform = Platform.of(_load(options))
    divisions = platform.space.select_divisions(_list(options.divisions)) or None
    request = Request(
        cutoffs=tuple(platform.space.select_cutoffs(options.cutoffs)),
        divisions=tuple(divisions) if divisions else None,
        assets=STAGING if options.staging_only else check_assets(_list(options.select)) or None,
        upstream=options.upstream,
        rebuild=options.rebuild,
    )
    if options.dry_run:
        print_plan(platform, request)
        return DONE
    write_environment(platform, platform.settings.config_file.parent)
    outcome = execute(platform, request, say)
    if cutoffs := judge_again(platform, outcome):
        # What waits for a failed check would not run: say at once which rows it is about.
        judged = execute(platform, Request(cutoffs, assets=(VIOLATIONS.name,)), say)
        if not judged.error:
            print_violations(platform, cutoffs)
    print_outcome(platform, outcome)
    if left := describe_left_out(platform, request):
        say(left)
    return FAILED if outcome.error or outcome.blocked else DONE


def print_plan(platform: Platform, request: Request) -> None:
    """Print what would be made, from what, and what is missing."""
    batches = plan(platform, request)
    uncertain = 0
    if not request.is_forced:
        with history_of(platform) as instance:
            log = _log_of_plan(platform)
            dry = Narrowing(platform, instance, log, say, is_dry=True)
            batches = [part for batch in batches for part in dry.left(batch)]
        uncertain = len(dry.uncertain)
    total = sum(batch.partition_count for batch in batches)
    most = " at most" if uncertain else ""
    tell(f"{total} asset partitions{most} in {len(batches)} runs:")
    for number, batch in enumerate(batches, start=1):
        tell(f"  {number:>2}. {describe(batch)}")
    if uncertain:
        tell(f"{uncertain} of them only if what they are made from comes out otherwise than it is")
    if left := describe_left_out(platform, request):
        tell(left)
    tell(f"from {platform.settings.source.sales_log.place} in {platform.settings.source_dir}")
    tell(f"into {platform.store.root}")
    if missing := missing_upstream(platform, request, batches):
        shown = ", ".join(str(address) for address in missing[:SHOWN_MISSING])
        more = f" and {len(missing) - SHOWN_MISSING} more" if len(missing) > SHOWN_MISSING else ""
        tell(f"missing upstream ({len(missing)}): {shown}{more}")


def _log_of_plan(platform: Platform) -> dict[dt.date, str] | None:
    """Return the digest of each increment of the log; None where nothing is stored to hold them to.

    A log that has changed is read, as the run would: nothing else tells which increments it changes.
    What is read is remembered, so that the run need not read it again.
    """
    cutoffs = platform.space.cutoffs()
    if any(platform.store.has(Address(SALES_LOG.name, cutoff)) for cutoff in cutoffs):
        return read_log(platform, say)
    return None


def _show(options: argparse.Namespace) -> int:
    show_table(
        Platform.of(_load(options)),
        options.table,
        options.cutoff,
        options.division,
        options.limit,
        options.format,
    )
    return DONE


def _ui(options: argparse.Namespace) -> int:
    return serve_ui(Platform.of(_load(options)), options)


def _config_check(options: argparse.Namespace) -> int:
    settings = _load(options)
    check_settings(settings.delivery)
    cutoffs = Platform.of(settings).space.cutoffs()
    tell(f"{settings.config_file} is legal: settings {settings.content_hash()}, ", end="")
    tell(f"{len(settings.divisions.targets)} targets, {len(cutoffs)} cutoffs.")
    for name, key in settings.divisions.digest_keys.items():
        tell(f"  '{name}' is the partition key {key}")
    return DONE


def _config_show(options: argparse.Namespace) -> int:
    settings = _load(options)
    tell(
        yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True),
        end="",
    )
    tell(f"# hash of what numbers depend on: {settings.content_hash()}")
    return DONE


def _load(options: argparse.Namespace) -> Settings:
    return load_settings(options.config, parse_overrides(options.set))


def _list(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _positive(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number
