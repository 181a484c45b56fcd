"""What a person wants to see when a run has ended: checks, the list, how good it is, what next."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from gosales.cli.show import read_stored
from gosales.cli.terminal import print_frame, say, tell
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


def print_outcome(platform: Platform, outcome: Outcome) -> None:
    """Say what was made, which checks failed, and what stopped the run."""
    say(
        f"{outcome.partitions} asset partitions in {len(outcome.batches)} runs, "
        f"{outcome.seconds:.1f} s"
        f"{f', {outcome.current} were current' if outcome.current else ''}, "
        f"{outcome.passed_checks} checks passed, {len(outcome.failed_checks)} did not."
    )
    for asset, check, finding in outcome.failed_checks[:SHOWN_FINDINGS]:
        say(f"  {check} ({asset}): {finding}")
    if len(outcome.failed_checks) > SHOWN_FINDINGS:
        say(f"  and {len(outcome.failed_checks) - SHOWN_FINDINGS} more; see the UI.")
    print_rejects(platform)
    if outcome.error:
        say(f"error: {outcome.error}")
        say("Finished partitions are kept; after the remedy run the same command again.")
    say(f"store: {platform.store.root}")


def print_rejects(platform: Platform) -> None:
    """Say what of the log is rejected, over all increments that are stored, and the commonest why."""
    shares = RejectReader(platform).read_all()
    if not shares:
        return
    whole = sum(shares.values(), RejectShare())
    say(f"sales log: {whole.describe(platform.settings.value.replace('_', ' '))}.")
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
                f"\nThe first {best['row_count']} calls of the list of {cutoff}: "
                f"{best['captured']:.0f} buyers; as many calls by chance: {best['chance']:.0f}.\n"
                f"More: gosales backtest --cutoffs {cutoff}"
            )
            return
    tell("\nNo label window of these cutoffs has ended yet: what a list brings is not known.")


def print_quality(platform: Platform, cutoffs: Sequence[dt.date]) -> None:
    """Print how good the models were on the periods after their cutoffs, mean over divisions."""
    tables = [read_stored(platform, FORWARD_VALIDATION, c.isoformat(), None) for c in cutoffs]
    measured = (
        pl.concat(tables)
        .filter(pl.col("measure").is_in(list(MEASURES)) & pl.col("value").is_not_null())
        .group_by("slice", "cutoff", "measure")
        .agg(pl.col("value").mean(), divisions=pl.col("division").n_unique())
        .collect()
    )
    tell("\nHow good the models were on the time after their cutoff (mean over divisions):\n")
    if measured.is_empty():
        tell("  No label window of these cutoffs has ended yet: nothing to validate against.")
        return
    wide = (
        measured.with_columns(pl.col("measure").replace(MEASURES))
        .sort("slice", "cutoff", "measure")
        .pivot("measure", index=["slice", "cutoff", "divisions"], values="value")
    )
    order = [name for name in MEASURES.values() if name in wide.columns]
    _print_table(wide.select("slice", "cutoff", "divisions", *order))
    tell("whitespace = customers who never bought in the division: what the list is for.")


def _print_table(frame: pl.DataFrame) -> None:
    print_frame(frame, fmt_str_lengths=140, float_precision=3, tbl_formatting="UTF8_BORDERS_ONLY")
