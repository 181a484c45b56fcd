"""`gosales materialize`: makes partitions, or says what it would make."""

import argparse
import datetime as dt

from gosales.cli.parser import CUTOFFS, add_progress_options, platform_of
from gosales.cli.progress import TerminalProgress
from gosales.cli.report import print_outcome, print_violations
from gosales.cli.terminal import say, tell
from gosales_assets.operations.batches import describe
from gosales_assets.operations.commands import Command, carry_out
from gosales_assets.operations.due import newest_due
from gosales_assets.operations.instance import history_of, write_environment
from gosales_assets.operations.narrowing import Narrowing, read_log
from gosales_assets.operations.plan import (
    Request,
    check_assets,
    describe_left_out,
    missing_upstream,
    plan,
)
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.registry import STAGING
from gosales_checks.contracts.star import SALES_LOG
from gosales_resources.store.address import Address

SHOWN_MISSING = 10
DONE, FAILED = 0, 1
DUE = "due"


def add_materialize_command(
    commands: argparse._SubParsersAction, settings: argparse.ArgumentParser
) -> None:
    """Declare the command."""
    parser = commands.add_parser("materialize", parents=[settings], help="make partitions")
    parser.add_argument(
        "--cutoffs",
        required=True,
        metavar=CUTOFFS,
        help="one cutoff, a range, or due: the newest whose data is in",
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
    add_progress_options(parser)
    parser.set_defaults(command=_materialize)


def _materialize(options: argparse.Namespace) -> int:
    platform = platform_of(options)
    divisions = platform.space.select_divisions(_names(options.divisions)) or None
    request = Request(
        cutoffs=_cutoffs(platform, options.cutoffs),
        divisions=tuple(divisions) if divisions else None,
        assets=STAGING if options.staging_only else check_assets(_names(options.select)) or None,
        upstream=options.upstream,
        rebuild=options.rebuild,
    )
    if options.dry_run:
        print_plan(platform, request)
        return DONE
    write_environment(platform, platform.settings.config_file.parent)
    with TerminalProgress.asked_by(options) as progress:
        outcome = carry_out(platform, Command("materialize", request), progress)
    print_outcome(platform, outcome, quiet=options.quiet)
    if outcome.judged:
        print_violations(platform, outcome.judged)
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
    tell(f"into {platform.store.told}")
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


def _cutoffs(platform: Platform, text: str) -> tuple[dt.date, ...]:
    return (newest_due(platform),) if text == DUE else tuple(platform.space.select_cutoffs(text))


def _names(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]
