"""Whether the sales log arrives as usual: as many rows as the calendar leads one to expect, in time.

Judged from the data's own dates and the cutoffs, never from a clock: the same log gives the same
verdict on any day.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from gosales_checks.findings import Examined
from gosales_resources.settings.contracts import ContractSettings

ROW_COUNT = "row_count_usual"
FRESH = "log_is_fresh"
# Same season of so many earlier years tells more than all increments do.
SEASONS = 2


@dataclass(frozen=True)
class Arrival:
    """What one increment's ledger says."""

    rows: int
    """Raw rows booked in it."""
    through: dt.date | None
    """Latest day up to the cutoff that a row became known; None without any row so far."""


def is_finished(
    cutoff: dt.date,
    arrivals: Mapping[dt.date, Arrival],
    complete_through: dt.date | None,
    bounds: ContractSettings,
) -> bool:
    """Tell whether the log covers an increment up to its cutoff.

    It does when it is declared complete up to then, when it holds rows of a later day, or when it
    ends within `freshness_days` of the cutoff.

    Parameters
    ----------
    cutoff
        End of the increment.
    arrivals
        Cutoff -> what is known of its increment; those that are not stored are absent.
    complete_through
        The day up to which the log is declared complete, if it is.
    bounds
        Days of grace.
    """
    if complete_through is not None and complete_through >= cutoff:
        return True
    latest = max((a.through for a in arrivals.values() if a.through is not None), default=None)
    return latest is not None and latest >= cutoff - dt.timedelta(days=bounds.freshness_days)


def judge_row_count(
    cutoff: dt.date,
    arrivals: Mapping[dt.date, Arrival],
    first: dt.date,
    complete_through: dt.date | None,
    bounds: ContractSettings,
) -> Examined:
    """Compare an increment's rows with the median of the earlier ones.

    The same month or quarter of earlier years is compared with, where two or more of them are
    known; all earlier increments otherwise. There is no correction for growth: the bounds are wide
    enough for it, and a trend fitted to a handful of quarters would hide the gaps it should find.

    Parameters
    ----------
    cutoff
        End of the increment.
    arrivals
        Cutoff -> what is known of its increment.
    first
        First cutoff of the calendar; its increment holds all history and is left out.
    complete_through
        The day up to which the log is declared complete, if it is.
    bounds
        Ratios that warn, and how many earlier increments make a usual one.

    Returns
    -------
    Examined
        A finding with the number of rows, or a note where there is nothing to compare.
    """
    if cutoff == first:
        return Examined(note="the first increment holds all history: not compared")
    if not is_finished(cutoff, arrivals, complete_through, bounds):
        return Examined(note=f"the log does not reach {cutoff} yet: not compared")
    earlier = {day: a.rows for day, a in arrivals.items() if first < day < cutoff}
    if len(earlier) < bounds.row_count_min_increments:
        return Examined(note=f"{len(earlier)} earlier increment(s) known: none is usual yet")
    season = [rows for day, rows in earlier.items() if day.month == cutoff.month]
    seasonal = len(season) >= SEASONS
    usual = median(season if seasonal else earlier.values())
    rows = arrivals[cutoff].rows
    if usual == 0:
        return Examined(note="the usual increment has no rows: not compared")
    ratio = rows / usual
    if bounds.row_count_min_ratio < ratio <= bounds.row_count_max_ratio:
        return Examined()
    of = f"the {len(season)} of this season" if seasonal else f"the {len(earlier)} earlier"
    return Examined({f"{rows:,} rows, {ratio:.2f} of the median {usual:,.0f} of {of}": rows})


def judge_freshness(
    cutoff: dt.date,
    through: dt.date | None,
    complete_through: dt.date | None,
    bounds: ContractSettings,
) -> Examined:
    """Tell whether the log reaches a cutoff, give or take the days of grace.

    Parameters
    ----------
    cutoff
        A cutoff of the calendar: a period that somebody takes as finished.
    through
        Latest day up to the cutoff that a row became known.
    complete_through
        The day up to which the log is declared complete: then a quiet end is no gap.
    bounds
        Days of grace.
    """
    if complete_through is not None and complete_through >= cutoff:
        return Examined(note=f"declared complete through {complete_through}")
    if through is None:
        return Examined({f"no row up to {cutoff}": 0})
    late = (cutoff - through).days
    if late <= bounds.freshness_days:
        return Examined()
    return Examined({f"the log ends {through}, {late} days before the cutoff": late})
