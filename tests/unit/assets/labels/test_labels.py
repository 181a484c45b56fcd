"""Labels: the net value of what was known when the window ended, and the cohorts at the cutoff."""

import datetime as dt

import polars as pl
import pytest

from gosales_resources.settings.labels import LabelSettings
from tests.worlds.labels import build, label, lines


def test_returns_are_netted_and_a_net_of_zero_is_no_purchase():
    bought = ("a", dt.date(2024, 8, 1), 10.0)
    assert label(lines(bought, ("a", dt.date(2024, 9, 1), -4.0)))["net_value_window"] == 6.0
    assert label(lines(bought, ("a", dt.date(2024, 9, 1), -10.0)))["label"] == 0


def test_the_threshold_must_be_exceeded():
    facts = lines(("a", dt.date(2024, 8, 1), 100.0))
    assert label(facts, LabelSettings(gp_min_threshold=100))["label"] == 0
    assert label(facts, LabelSettings(gp_min_threshold=99.99))["label"] == 1


def test_a_posting_after_the_window_was_not_known_when_it_ended():
    late = lines(("a", dt.date(2024, 12, 30), 10.0, "A", dt.date(2025, 1, 3)))
    assert label(late)["label"] == 0


def test_denylisted_skus_are_neither_purchase_nor_ownership():
    facts = lines(
        ("a", dt.date(2024, 3, 1), 5.0, "TRIAL"), ("a", dt.date(2024, 8, 1), 5.0, "TRIAL")
    )
    found = label(facts, LabelSettings(denylist=["TRIAL"]))
    assert (found["label"], found["is_expansion"]) == (0, True)


@pytest.mark.parametrize(
    ("facts", "buyer", "cohort"),
    [
        (lines(), False, "is_new_logo"),
        (lines(), True, "is_expansion"),
        (lines(("a", dt.date(2024, 1, 1), 1.0)), True, "is_renewal_like"),
        (lines(("a", dt.date(2024, 6, 1), 1.0, "A", dt.date(2024, 7, 2))), True, "is_expansion"),
    ],
    ids=["never bought", "bought elsewhere", "bought here", "bought here but not yet known"],
)
def test_each_customer_is_in_the_cohort_of_what_was_known_at_the_cutoff(facts, buyer, cohort):
    found = label(facts, LabelSettings(mode="all"), buyer=buyer)
    cohorts = ("is_new_logo", "is_expansion", "is_renewal_like")
    assert [name for name in cohorts if found[name]] == [cohort]


def test_a_customer_of_returns_only_is_no_buyer_and_owns_nothing():
    facts = lines(("a", dt.date(2024, 1, 1), -5.0), ("a", dt.date(2024, 8, 1), -3.0))
    found = label(facts)
    assert (found["label"], found["net_value_window"]) == (0, -3.0)
    assert found["first_purchase_date"] is None
    assert found["is_expansion"]


def test_a_purchase_that_is_returned_in_the_window_has_a_day_and_no_label():
    facts = lines(("a", dt.date(2024, 8, 1), 3.0), ("a", dt.date(2024, 8, 2), -3.0))
    found = label(facts)
    assert (found["label"], found["first_purchase_date"]) == (0, dt.date(2024, 8, 1))


@pytest.mark.parametrize(
    "settings",
    [LabelSettings(), LabelSettings(min_positive_target=2)],
    ids=["six months", "widened"],
)
def test_a_division_without_a_line_has_a_population_and_no_positive(settings):
    found = label(lines(), settings)
    assert (found["label"], found["net_value_window"], found["is_expansion"]) == (0, 0.0, True)


def test_a_division_that_begins_after_the_cutoff_is_new_to_everybody():
    facts = lines(("a", dt.date(2024, 7, 5), 10.0), ("b", dt.date(2025, 2, 1), 10.0))
    customers = pl.LazyFrame({"customer_id": ["a", "b"], "is_buyer": [True, True]})
    made = build(facts, customers)
    assert made["label"].to_list() == [1, 0]
    assert made["is_expansion"].all()


def test_an_empty_roster_has_no_labels_and_the_columns_of_one():
    nobody = pl.LazyFrame(schema={"customer_id": pl.String, "is_buyer": pl.Boolean})
    someone = pl.LazyFrame({"customer_id": ["a"], "is_buyer": [True]})
    assert build(lines(), nobody).schema == build(lines(), someone).schema
    assert build(lines(), nobody).is_empty()


def test_first_purchases_on_one_day_are_one_day_whatever_the_order_of_lines():
    day = dt.date(2024, 8, 1)
    rows = [("a", day, 3.0, "A"), ("a", day, 3.0, "B"), ("a", day, 3.0, "A")]
    customers = pl.LazyFrame({"customer_id": ["a"], "is_buyer": [True]})
    tables = [build(lines(*order), customers) for order in (rows, rows[::-1])]
    assert tables[0].equals(tables[1])
    assert tables[0]["net_value_window"].to_list() == [9.0]
