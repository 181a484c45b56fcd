"""What a person wants to see when a run has ended: checks, the list, how good it is, what next."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from gosales.cli.findings import print_findings
from gosales.cli.progress import said_time
from gosales.cli.show import read_stored
from gosales.cli.terminal import say, tell
from gosales_assets.operations.failed_checks import failed_checks
from gosales_assets.operations.instance import history_of
from gosales_assets.operations.runs import Outcome
from gosales_assets.platform.platform import Platform
from gosales_assets.star.checks import RejectReader
from gosales_assets.validation.list_validation import top_of_list
from gosales_checks.contracts.registry import VIOLATIONS
from gosales_checks.contracts.star import SALES_LOG_REJECTS
from gosales_checks.contracts.validation import FORWARD_VALIDATION, LIST_VALIDATION
from gosales_checks.verdicts.reject_shares import RejectShare, commonest_reasons

SHOWN_FINDINGS = 10
SHOWN_REASONS = 3
SHOWN_CALLS = 300
MEASURES = {"auc": "AUC", "lift_10": "lift@10", "cal_mae": "cal-MAE", "base_rate": "base rate"}


def print_outcome(
    platform: Platform, outcome: Outcome, *, quiet: bool = False, brief: bool = False
) -> None:
    """Say what was made, what to look at, and what stopped the run.

    Parameters
    ----------
    platform
        Where it was made.
    outcome
        What the runs came to.
    quiet
        What stopped it and the count alone.
    brief
        Without examples, and commands that show more.
    """
    with history_of(platform) as instance:
        found = failed_checks(instance, outcome.run_ids)
    count = len(outcome.failed_checks)
    say(
        f"{outcome.partitions} asset partitions in {len(outcome.batches)} runs, "
        f"{said_time(outcome.seconds)}"
        f"{f', {outcome.current} were current' if outcome.current else ''}; "
        f"{outcome.passed_checks} checks passed, {count} did not."
    )
    if shown := [one for one in found if one.is_error or not quiet]:
        print_findings(platform, shown, with_commands=not brief)
    if not quiet:
        print_rejects(platform, with_examples=not brief)
    if outcome.error:
        say(f"error: {outcome.error}", style="error")
        say("Finished partitions are kept; after the remedy run the same command again.")
    if not quiet and not brief:
        say(f"store: {platform.store.told}")


def print_rejects(platform: Platform, *, with_examples: bool = True) -> None:
    """Say what of the log is rejected, over all increments that are stored, and the commonest why."""
    shares = RejectReader(platform).read_all()
    if not shares:
        return
    whole = sum(shares.values(), RejectShare())
    say(f"sales log: {whole.describe(platform.settings.value.replace('_', ' '))}.")
    if not with_examples:
        return
    rejects = pl.concat(platform.read(SALES_LOG_REJECTS, cutoff) for cutoff in shares)
    for reason in commonest_reasons(rejects, SHOWN_REASONS):
        said = f"  {reason['count']:,} x {reason['kind']}"
        example = "" if reason["kind"] == reason["example"] else f" (such as: {reason['example']})"
        say(f"{said}{example}")
    if last := max((cutoff for cutoff, share in shares.items() if share.rejected), default=None):
        say(f"rows: gosales show {SALES_LOG_REJECTS.name} --cutoff {last}")


def print_violations(platform: Platform, cutoffs: Sequence[dt.date]) -> None:
    """Say what broke which contract at some cutoffs, and where to look at the rows."""
    broken = pl.concat(read_stored(platform, VIOLATIONS, str(c), None) for c in cutoffs)
    rules = broken.group_by("cutoff", "table", "rule", "outcome").agg(
        pl.col("partition").n_unique(),
        pl.struct("partition", "rows").unique().struct.field("rows").sum(),
    )
    found = rules.sort("cutoff", "table", "rule", "outcome").collect()
    for row in found.head(SHOWN_FINDINGS).iter_rows(named=True):
        say(
            f"  {row['outcome']}: {row['table']} {row['cutoff']}, {row['rule']}: {row['rows']} rows "
            f"in {row['partition']} partition(s)"
        )
    for cutoff in found["cutoff"].unique().sort().head(SHOWN_FINDINGS):
        say(f"rows: gosales show {VIOLATIONS.name} --cutoff {cutoff}")


def print_calls(platform: Platform, cutoffs: Sequence[dt.date]) -> None:
    """Say what the newest list whose outcomes are known would have brought."""
    for cutoff in sorted(cutoffs, reverse=True):
        table = read_stored(platform, LIST_VALIDATION, cutoff.isoformat(), None).collect()
        best = top_of_list(table, SHOWN_CALLS)
        if best is not None:
            tell(
                f"The first {best['row_count']} calls of the list of {cutoff} brought "
                f"{best['captured']:.0f} buyers; as many calls by chance: {best['chance']:.0f}."
            )
            return
    tell("No label window of these cutoffs has ended yet: what a list brings is not known.")


def print_quality(platform: Platform, cutoffs: Sequence[dt.date]) -> None:
    """Say how good the newest models with known outcomes were, mean over divisions."""
    tables = [read_stored(platform, FORWARD_VALIDATION, c.isoformat(), None) for c in cutoffs]
    measured = (
        pl.concat(tables)
        .filter(
            pl.col("measure").is_in(list(MEASURES)),
            pl.col("value").is_not_null(),
            slice="whitespace",
        )
        .group_by("cutoff", "measure")
        .agg(pl.col("value").mean(), divisions=pl.col("division").n_unique())
        .collect()
    )
    if measured.is_empty():
        return
    last = measured["cutoff"].max()
    mean = dict(measured.filter(cutoff=last).select("measure", "value").iter_rows())
    said = ", ".join(f"{MEASURES[name]} {mean[name]:.3f}" for name in MEASURES if name in mean)
    tell(
        f"The models of {last} on the time after (customers who never bought in the division, "
        f"mean of {measured['divisions'].max()}): {said}."
    )
