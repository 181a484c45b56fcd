"""Checks that do not hold, as one table in the words of who reads the list: what, where, what to do."""

import shutil
import textwrap
from collections.abc import Sequence

from gosales.cli.list_table import GAP, cut, width_of
from gosales.cli.terminal import say
from gosales_assets.operations.failed_checks import FailedCheck
from gosales_assets.platform.platform import Platform
from gosales_resources.markdown import visible

SHOWN_CHECKS, SHOWN_TABLES, NAMED, LONGEST = 8, 3, 2, 400
# Of a terminal that does not say: of a pipe.
ROOM = (120, 40)
HEAD = ("Does not hold", "Where", "Found", "What to do")
# The most that a column takes; what was found has the rest, and this at least.
WIDEST, LEAST = (26, 26, 0, 34), 28
# Where looking at the rows is not it.
TODO = {
    "ranks_better_than_chance": "nothing: it has no ranks or grades",
    "enough_outcomes_to_learn": "nothing: it gets the base rate",
    "does_not_overfit": "trust it less, or add history",
    "lift_above_floor": "call from other divisions first",
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
        Say it whole, and which commands print the rows.
    """
    by_check: dict[tuple[bool, str, str], list[FailedCheck]] = {}
    for one in sorted(found, key=lambda f: not f.is_error):
        by_check.setdefault((not one.is_error, one.check, one.asset), []).append(one)
    groups = list(by_check.values())
    rows = [_row(platform, group) for group in groups[:SHOWN_CHECKS]]
    say("\n".join(_table(rows, lines=4 if with_commands else 1)))
    if len(groups) > SHOWN_CHECKS:
        say(f"and {len(groups) - SHOWN_CHECKS} more checks; all of them: gosales ui")
    if not with_commands:
        return
    for asset in list(dict.fromkeys(group[0].asset for group in groups))[:SHOWN_TABLES]:
        if key := next((one.key for one in reversed(found) if one.asset == asset), None):
            of = f" --division {key.division}" if key.division else ""
            say(f"rows: gosales show {asset} --cutoff {key.cutoff}{of}")


def _table(rows: Sequence[Sequence[str]], lines: int) -> list[str]:
    """Lay rows out, cells broken into at most so many lines."""
    room = shutil.get_terminal_size(ROOM).columns
    widths = [
        min(widest, max(width_of(row[at]) for row in (HEAD, *rows)))
        for at, widest in enumerate(WIDEST)
    ]
    widths[2] = max(LEAST, room - sum(widths) - len(GAP) * (len(widths) - 1))
    told = [_line(HEAD, widths), GAP.join("─" * width for width in widths)]
    for row in rows:
        broken = [textwrap.wrap(cell, width) for cell, width in zip(row, widths, strict=True)]
        kept = [[*part[: lines - 1], " ".join(part[lines - 1 :])] for part in broken]
        for at in range(max(sum(map(bool, part)) for part in kept)):
            told.append(_line([part[at] if at < len(part) else "" for part in kept], widths))
    return told


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = (cut(cell, width) for cell, width in zip(cells, widths, strict=True))
    padded = (cell + " " * (w - width_of(cell)) for cell, w in zip(shown, widths, strict=True))
    return GAP.join(padded).rstrip()


def _row(platform: Platform, group: Sequence[FailedCheck]) -> tuple[str, str, str, str]:
    last = group[-1]
    words = last.check.replace("_", " ")
    found = visible(last.finding, LONGEST)
    check = f"{words} (stops)" if last.is_error else words
    return check, _where(platform, group), found, TODO.get(last.check, "look at the rows")


def _where(platform: Platform, group: Sequence[FailedCheck]) -> str:
    """Say at which cutoffs, and of which divisions by their own names; of neither, in which table."""
    keys = [one.key for one in group if one.key]
    divisions = platform.settings.divisions
    names = divisions.division_names | divisions.target_names
    of = list(dict.fromkeys(names.get(k.division, k.division) for k in keys if k.division))
    cutoffs = sorted({key.cutoff for key in keys})
    at = [str(day) for day in cutoffs[-1:]]
    if len(cutoffs) > 1:
        at = [f"{len(cutoffs)} cutoffs"]
    said = [f"{len(of)} divisions"] if len(of) > NAMED else of
    return ", ".join([*(said or [group[0].asset]), *at])
