"""Row counts and freshness: what warns, what has nothing to compare, and why."""

import datetime as dt
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosales_checks.verdicts.arrivals import Arrival, judge_freshness, judge_row_count
from gosales_resources.dates import cutoffs_between
from gosales_resources.settings.contracts import ContractSettings

BOUNDS = ContractSettings()
QUARTERS = cutoffs_between(dt.date(2020, 12, 31), dt.date(2024, 12, 31), 3)
FIRST, LAST = QUARTERS[0], QUARTERS[-1]


def log(*rows: int) -> dict[dt.date, Arrival]:
    """Arrivals of the newest quarters; the log reaches each cutoff."""
    return {c: Arrival(n, c) for c, n in zip(QUARTERS[-len(rows) :], rows, strict=True)}


def judged(arrivals, cutoff=LAST, complete=None, bounds=BOUNDS):
    return judge_row_count(cutoff, arrivals, FIRST, complete, bounds)


@pytest.mark.parametrize(
    ("newest", "warns"), [(500, True), (501, False), (1000, False), (3000, False), (3001, True)]
)
def test_a_quarter_with_half_or_over_three_times_the_usual_rows_warns(newest, warns):
    assert bool(judged(log(1000, 1000, 900, 1100, newest)).findings) == warns


def test_the_finding_says_how_many_rows_and_what_is_usual():
    (finding,) = judged(log(1000, 1000, 1000, 250)).findings
    assert finding == "250 rows, 0.25 of the median 1,000 of the 3 earlier"


def test_a_weak_season_is_held_against_the_same_season():
    # Fourth quarters sell a third of the others, in every year.
    rows = [900 if c.month != 12 else 300 for c in QUARTERS]
    assert not judged(log(*rows)).findings
    assert judged(log(*rows[:-1], 150)).findings
    assert judged(log(*rows[:-1], 950)).findings


def test_the_first_increment_is_neither_judged_nor_usual():
    history = {FIRST: Arrival(90_000, FIRST)}
    assert "all history" in judged(history, FIRST).note
    few = history | dict.fromkeys(QUARTERS[1:3], Arrival(1000, FIRST))
    assert "2 earlier" in judged(few | {QUARTERS[3]: Arrival(1, QUARTERS[3])}, QUARTERS[3]).note


@pytest.mark.parametrize(
    ("through", "complete", "compared"),
    [
        (dt.date(2024, 11, 5), None, False),
        (dt.date(2024, 12, 23), None, False),
        (dt.date(2024, 12, 24), None, True),
        (dt.date(2024, 11, 5), dt.date(2024, 12, 31), True),
        (dt.date(2024, 11, 5), dt.date(2024, 12, 30), False),
    ],
)
def test_an_increment_the_log_has_not_finished_is_not_compared(through, complete, compared):
    arrivals = log(1000, 1000, 1000, 1000, 10) | {LAST: Arrival(10, through)}
    assert bool(judged(arrivals, complete=complete).findings) == compared


def test_later_rows_show_that_an_increment_is_finished():
    before = QUARTERS[-2]
    arrivals = log(1000, 1000, 1000, 10, 1000) | {before: Arrival(10, dt.date(2024, 7, 9))}
    assert judged(arrivals, before).findings
    del arrivals[LAST]
    assert "does not reach" in judged(arrivals, before).note


@pytest.mark.parametrize(
    ("through", "complete", "fresh"),
    [
        (dt.date(2024, 12, 31), None, True),
        (dt.date(2024, 12, 24), None, True),
        (dt.date(2024, 12, 23), None, False),
        (None, None, False),
        (dt.date(2024, 6, 1), dt.date(2024, 12, 31), True),
        (dt.date(2024, 6, 1), dt.date(2024, 12, 30), False),
    ],
)
def test_a_log_is_fresh_when_it_reaches_the_cutoff_within_a_week(through, complete, fresh):
    assert (not judge_freshness(LAST, through, complete, BOUNDS).findings) == fresh


@given(st.lists(st.integers(1, 10_000), min_size=4, max_size=7), st.integers(2, 50))
def test_only_proportions_matter_and_short_histories_use_the_plain_median(rows, factor):
    found = judged(log(*rows)).findings
    assert bool(found) == bool(judged(log(*(n * factor for n in rows))).findings)
    ratio = rows[-1] / statistics.median(rows[:-1])
    assert bool(found) == (ratio <= 0.5 or ratio > 3)
