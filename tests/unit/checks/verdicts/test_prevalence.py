"""Prevalence: counted by target and cohort, and held against earlier cutoffs; maturity of labels."""

import datetime as dt

import polars as pl
import pytest

from gosales_assets.labels.prevalence import count_prevalence
from gosales_checks.contracts.contract import conform, judge
from gosales_checks.contracts.labels import COHORTS, PREVALENCE
from gosales_checks.verdicts.prevalence import judge_prevalence
from gosales_resources.dates import shift_months
from gosales_resources.partitions.maturity import mature_labels

C = dt.date(2024, 6, 30)


def labels(
    positives: int, n: int = 200, cutoff: dt.date = C, months: int = 6, **same: object
) -> pl.LazyFrame:
    """Label n customers, the first ones positive, in all cohorts in turn."""
    frame = pl.LazyFrame({"customer_id": [f"{i:04d}" for i in range(n)], "at": range(n)})
    cohorts = {name: pl.col("at") % 3 == k for k, name in enumerate(COHORTS)}
    return frame.with_columns(
        label=(pl.col("at") < positives).cast(pl.Int8),
        net_value_window=pl.when(pl.col("at") < positives).then(0.1).otherwise(0.0),
        is_censored=pl.lit(same.get("censored", False)),
        window_months=pl.lit(months, dtype=pl.Int32),
        window_end=pl.lit(shift_months(cutoff, months)),
        **cohorts,
    ).drop("at")


def counted(cutoff: dt.date = C, **targets: pl.LazyFrame) -> pl.DataFrame:
    return conform(PREVALENCE, count_prevalence(cutoff, targets).lazy()).collect()


def test_every_target_is_counted_over_all_and_in_each_cohort():
    found = counted(b=labels(9, 10), a=labels(0, 4), empty=labels(0, 0))
    assert judge(PREVALENCE, found).violations == {}
    rows = found.select("division", "cohort", "population", "positives", "prevalence_frac").rows()
    assert rows == [
        ("a", "all", 4, 0, 0.0), ("a", "is_expansion", 1, 0, 0.0),
        ("a", "is_new_logo", 2, 0, 0.0), ("a", "is_renewal_like", 1, 0, 0.0),
        ("b", "all", 10, 9, 0.9), ("b", "is_expansion", 3, 3, 1.0),
        ("b", "is_new_logo", 4, 3, 0.75), ("b", "is_renewal_like", 3, 3, 1.0),
        ("empty", "all", 0, 0, None), ("empty", "is_expansion", 0, 0, None),
        ("empty", "is_new_logo", 0, 0, None), ("empty", "is_renewal_like", 0, 0, None),
    ]  # fmt: skip
    # Nine times ten cents are ninety, not 0.8999999999999999.
    assert found.filter(division="b", cohort="all")["net_value_window"].to_list() == [0.9]


def test_the_window_of_a_target_is_told_and_is_unknown_without_a_customer():
    found = counted(a=labels(1, 3, months=9), empty=labels(0, 0)).filter(cohort="all")
    columns = ("window_months", "window_end", "is_censored")
    assert found.select(columns).rows() == [(9, dt.date(2025, 3, 31), False), (None, None, None)]


def judged(now: pl.LazyFrame, *earlier: pl.LazyFrame, ratio: float = 3.0):
    days = [shift_months(C, -3 * k) for k in range(len(earlier) + 1)]
    tables = {day: counted(day, x=t) for day, t in zip(days, (now, *earlier), strict=True)}
    return judge_prevalence(C, tables, ratio)


@pytest.mark.parametrize(
    ("now", "is_usual"), [(20, True), (59, True), (90, False), (7, True), (1, False), (0, False)]
)
def test_a_rate_far_from_that_of_earlier_cutoffs_is_told(now, is_usual):
    found = judged(labels(now), labels(18), labels(22)).findings
    assert bool(found) != is_usual
    if found:
        (told,) = found
        assert told.startswith("x: ")
        assert "2 earlier cutoffs" in told


def test_few_customers_prove_nothing():
    # Four of eight against a tenth before: five times as often, and no more than chance allows.
    assert not judged(labels(3, 8), labels(18), labels(22)).findings


def test_windows_that_have_not_ended_or_are_of_another_length_are_not_compared():
    assert judged(labels(90, censored=True), labels(20)).note.startswith("no label window")
    assert judged(labels(90), labels(20, censored=True)).note.startswith("no earlier")
    assert not judged(labels(90), labels(20, months=9)).findings


def test_only_labels_whose_window_had_ended_are_learnt_from_the_newest_first():
    days = [shift_months(C, -3 * k) for k in range(1, 7)]
    tables = {day: labels(1, cutoff=day) for day in days}
    tables[days[2]] = labels(1, cutoff=days[2], months=12)
    tables[days[3]] = labels(0, 0, cutoff=days[3])
    tables[days[4]] = labels(1, cutoff=days[4], censored=True)
    found = mature_labels(tables, C, 2)
    assert found.used == [days[5], days[1]]
    assert found.left_out == {
        days[0]: f"its label window had not ended by {C}",
        days[2]: f"its label window had not ended by {C}",
        days[3]: "nobody was in its population",
        days[4]: "the data does not cover its label window",
    }
    assert mature_labels(tables, C, 1).used == [days[1]]
    assert mature_labels({}, C).used == []
