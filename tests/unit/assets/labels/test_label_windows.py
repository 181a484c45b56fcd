"""The label window: from the day after the cutoff to its last day, widened where it has too few buyers."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosales_resources.dates import shift_months
from gosales_resources.partitions.maturity import mature_labels
from gosales_resources.settings.labels import LabelSettings
from tests.worlds.labels import END, C, build, label, lines


@pytest.mark.parametrize(
    ("day", "expected"),
    [(C, 0), (dt.date(2024, 7, 1), 1), (END, 1), (dt.date(2025, 1, 1), 0)],
    ids=["the cutoff day is history", "the day after", "the last day", "the day after the end"],
)
def test_the_window_opens_after_the_cutoff_and_closes_on_its_last_day(day, expected):
    assert label(lines(("a", day, 10.0)))["label"] == expected


def test_a_window_that_the_data_does_not_cover_is_censored():
    assert label(lines(), through=END - dt.timedelta(1))["is_censored"]
    assert not label(lines(), through=END)["is_censored"]
    assert label(lines(), through=None)["is_censored"]


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (dt.date(2024, 6, 30), 6, dt.date(2024, 12, 31)),
        (dt.date(2023, 8, 31), 6, dt.date(2024, 2, 29)),
        (dt.date(2024, 2, 29), -12, dt.date(2023, 2, 28)),
        (dt.date(2024, 1, 15), 1, dt.date(2024, 2, 15)),
    ],
)
def test_a_month_end_stays_a_month_end(day, months, expected):
    assert shift_months(day, months) == expected


@pytest.mark.parametrize(
    ("cutoff", "day", "expected"),
    [
        ("2023-08-31", "2024-02-29", 1),
        ("2023-08-31", "2024-03-01", 0),
        ("2022-08-31", "2023-02-28", 1),
        ("2022-08-31", "2023-03-01", 0),
        ("2024-02-29", "2024-08-31", 1),
        ("2024-02-29", "2024-02-29", 0),
        ("2023-06-30", "2023-12-31", 1),
        ("2023-12-31", "2024-06-30", 1),
        ("2023-12-31", "2024-07-01", 0),
    ],
)
def test_six_months_after_a_month_end_end_on_a_month_end(cutoff, day, expected):
    facts = lines(("a", dt.date.fromisoformat(day), 10.0))
    found = label(facts, cutoff=dt.date.fromisoformat(cutoff))
    assert (found["label"], found["first_purchase_date"] is not None) == (expected, bool(expected))


WIDER = LabelSettings(min_positive_target=2, max_window_months=12)


def bought(*after: int) -> pl.LazyFrame:
    """One customer each, its only purchase so many months (and a day) after the cutoff."""
    days = [shift_months(C, months) + dt.timedelta(1) for months in after]
    return lines(*((f"{n}", day, 10.0) for n, day in enumerate(days)))


def months_of(facts: pl.LazyFrame, settings: LabelSettings = WIDER, **options) -> tuple:
    """Label three customers; return window, positives, whether censored."""
    customers = pl.LazyFrame({"customer_id": ["0", "1", "2"], "is_buyer": [True] * 3})
    made = build(facts, customers, settings, **options)
    (row,) = made.select("window_months", "window_end", "is_censored").unique().rows()
    assert row[1] == shift_months(C, row[0])
    return row[0], int(made["label"].sum()), row[2]


@pytest.mark.parametrize(
    ("after", "months", "positives"),
    [((1, 2, 3), 6, 3), ((1, 7, 8), 9, 3), ((1, 10), 12, 2), ((1,), 12, 1), ((1, 12), 12, 1)],
    ids=["enough at once", "enough after one step", "after two", "never", "only past the widest"],
)
def test_a_window_is_widened_by_three_months_until_it_has_enough(after, months, positives):
    assert months_of(bought(*after)) == (months, positives, False)


def test_a_window_is_not_widened_unless_asked_or_beyond_its_bound():
    assert months_of(bought(1, 7), LabelSettings()) == (6, 1, False)
    bound = LabelSettings(min_positive_target=2, max_window_months=8)
    assert months_of(bought(1, 7), bound) == (6, 1, False)


def test_a_window_is_widened_no_further_than_the_data_can_tell_and_is_then_censored():
    through = shift_months(C, 7)
    # Too few in six months, and nine are not over: it is the nine that are waited for.
    assert months_of(bought(1, 6), through=through) == (9, 2, True)
    assert months_of(bought(1, 2), through=through) == (6, 2, False)
    assert months_of(bought(1, 2), through=shift_months(C, 5))[::2] == (6, True)


@given(
    purchases=st.lists(st.integers(0, 540), max_size=9),
    noise=st.lists(st.integers(0, 540), max_size=9),
    months=st.sampled_from([6, 9, 12]),
)
def test_whether_a_window_had_ended_by_a_day_depends_on_nothing_after_it(purchases, noise, months):
    # The day a model is made: what happens later may change which window is taken in the end,
    # never whether it was over by then, nor the labels if it was.
    day = shift_months(C, months)

    def made(offsets: list[int]) -> pl.DataFrame:
        days = [C + dt.timedelta(1 + n) for n in offsets]
        facts = lines(*((f"{n % 5}", d, 10.0) for n, d in enumerate(days)))
        known = pl.LazyFrame({"customer_id": [str(n) for n in range(5)], "is_buyer": [True] * 5})
        return build(facts, known, WIDER)

    length = (day - C).days
    before = [n for n in purchases if n < length]
    tables = [made(before), made([*before, *(n for n in noise if n >= length)])]
    if tables[0]["window_end"][0] <= day:
        assert tables[0].equals(tables[1])
    mature = [mature_labels({C: t.lazy()}, day).used for t in tables]
    assert mature[0] == mature[1]
