"""Checks that do not hold, as one table in the words of who reads the list: what, where, what to do."""

import shutil
from collections.abc import Sequence

import polars as pl

from gosales.cli.list_table import draw
from gosales.cli.terminal import say
from gosales_assets.delivery.columns import Column
from gosales_assets.operations.failed_checks import FailedCheck
from gosales_assets.platform.platform import Platform

SHOWN_CHECKS, SHOWN_TABLES, NAMED = 8, 3, 2
# Of a terminal that does not say: of a pipe.
ROOM = (120, 40)
COLUMNS = [
    Column("check", "text", "Does not hold", "Does not hold", 30, ""),
    Column("where", "text", "Where", "Where", 30, ""),
    Column("found", "text", "Found", "Found", 60, ""),
    Column("todo", "text", "What to do", "What to do", 34, ""),
]
# Where looking at the rows is not it.
TODO = {
    "ranks_better_than_chance": "nothing: it has no ranks or grades",
    "enough_outcomes_to_learn": "nothing: it gets the base rate",
    "does_not_overfit": "trust its chances less; add history",
    "lift_above_floor": "call from the other divisions first",
    "calibration_within_bound": "read its chances as an order only",
    "inputs_are_as_in_training": "see which input moved, and why",
    "rate_is_as_in_training": "see whether its market has changed",
    "log_is_fresh": "export the sales log anew",
    "row_count_usual": "see whether the export is whole",
    "rejects_within_bounds": "correct the rows, or the settings",
    "past_as_stored": "put it back, or restatement accept",
    "schema_as_announced": "see schema diff; then schema accept",
}


def print_findings(
    platform: Platform, found: Sequence[FailedCheck], *, with_commands: bool = True
) -> None:
    """Print what does not hold, a row for each check, errors first, and where its rows are.

    Parameters
    ----------
    platform
        Knows the divisions' own names.
    found
        Partition by partition.
    with_commands
        Say which commands print the rows.
    """
    by_check: dict[tuple[bool, str, str], list[FailedCheck]] = {}
    for one in sorted(found, key=lambda f: not f.is_error):
        by_check.setdefault((not one.is_error, one.check, one.asset), []).append(one)
    groups = list(by_check.values())
    rows = [_row(platform, group) for group in groups[:SHOWN_CHECKS]]
    table = pl.DataFrame(rows, schema=[column.name for column in COLUMNS], orient="row")
    drawn = draw(table, COLUMNS, 0, shutil.get_terminal_size(ROOM).columns)
    say("\n" + "\n".join(drawn.lines) + "\n")
    if len(groups) > SHOWN_CHECKS:
        say(f"and {len(groups) - SHOWN_CHECKS} more checks; all of them: gosales ui")
    if not with_commands:
        return
    for asset in list(dict.fromkeys(group[0].asset for group in groups))[:SHOWN_TABLES]:
        if key := next((one.key for one in reversed(found) if one.asset == asset), None):
            of = f" --division {key.division}" if key.division else ""
            say(f"rows: gosales show {asset} --cutoff {key.cutoff}{of}")


def _row(platform: Platform, group: Sequence[FailedCheck]) -> tuple[str, str, str, str]:
    last = group[-1]
    words = last.check.replace("_", " ")
    todo = TODO.get(last.check, "look at the rows")
    return (
        f"{words} (stops)" if last.is_error else words,
        _where(platform, group),
        last.finding,
        todo,
    )


def _where(platform: Platform, group: Sequence[FailedCheck]) -> str:
    """Say at which cutoffs, and of which divisions by their own names; of neither, in which table."""
    keys = [one.key for one in group if one.key]
    divisions = platform.settings.divisions
    names = divisions.division_names | divisions.target_names
    of = list(dict.fromkeys(names.get(k.division, k.division) for k in keys if k.division))
    cutoffs = sorted({key.cutoff for key in keys})
    at = (
        [f"{len(cutoffs)} cutoffs to {cutoffs[-1]}" if len(cutoffs) > 1 else f"{cutoffs[0]}"]
        if keys
        else []
    )
    said = [f"{len(of)} divisions"] if len(of) > NAMED else of
    return ", ".join([*(said or [group[0].asset]), *at])
