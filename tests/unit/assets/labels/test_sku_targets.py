"""Targets that are sets of SKUs: what counts for them, and which are legal."""

import datetime as dt

import polars as pl
import pytest
from pydantic import ValidationError

from gosales_resources.partitions.targets import counts_for, with_sets
from gosales_resources.settings.divisions import DivisionSettings
from tests.worlds.labels import build, lines

SET = DivisionSettings(
    names=["Solid Works", "Simulation"], sku_targets={"Seats and Add-ons": ["Seat", "Sim"]}
)


def test_a_set_of_skus_counts_these_alone_whatever_division_their_lines_are_in():
    later, before = dt.date(2024, 8, 1), dt.date(2024, 2, 1)
    facts = lines(
        ("a", later, 5.0, "Seat"), ("a", later, 7.0, "Sim"), ("a", later, 100.0, "Other"),
        ("b", before, 1.0, "Other"), ("c", before, 1.0, "Sim"),
    ).with_columns(
        division=pl.when(pl.col("sku") == "Seat").then(pl.lit("solid_works"))
        .otherwise(pl.lit("simulation"))
    )  # fmt: skip
    (target,) = set(SET.targets) - set(SET.slugs)
    customers = pl.LazyFrame({"customer_id": ["a", "b", "c"], "is_buyer": [True] * 3})
    made = build(facts.filter(counts_for(target, SET)), customers)
    assert made["net_value_window"].to_list() == [12.0, 0.0, 0.0]
    # Ownership is of these SKUs too: b bought in the same division, but none of them.
    assert made["is_renewal_like"].to_list() == [False, False, True]
    assert made["is_expansion"].to_list() == [True, True, False]


def test_a_line_counts_once_for_its_division_and_once_for_each_set_that_has_its_sku():
    known = DivisionSettings(
        names=["A", "B"], predictor_only=["B"], sku_targets={"one": ["x", "y"], "two": ["y"]}
    )
    rows = pl.LazyFrame(
        {"sku": ["x", "y", "z", "y"], "division": ["a", "b", "b", "a"], "n": [1, 2, 4, 8]}
    )
    made = with_sets(rows, known).collect()
    assert made.columns == ["sku", "division", "n"]
    sums = dict(made.group_by("division").agg(pl.col("n").sum()).rows())
    # y of division b counts in both sets.
    assert sums == {"a": 9, "b": 6, "one": 11, "two": 10}
    for target in known.targets:
        plain = rows.filter(counts_for(target, known)).select(pl.col("n").sum()).collect().item()
        assert plain == sums[target]


@pytest.mark.parametrize(
    ("divisions", "message"),
    [
        ({"names": ["A"], "sku_targets": {"a": ["x"]}}, "distinct"),
        ({"names": ["A"], "sku_targets": {"B": []}}, "at least 1 item"),
        ({"names": ["A"], "predictor_only": ["A"]}, "at least one"),
        ({"names": ["A"], "sku_targets": {"?": ["x"]}}, "no letter, digit or symbol"),
    ],
    ids=["named like a division", "no SKU", "nothing to model", "no key"],
)
def test_a_set_of_skus_that_cannot_be_a_target_is_refused(divisions, message):
    with pytest.raises(ValidationError, match=message):
        DivisionSettings(**divisions)


def test_a_set_of_skus_may_be_the_only_target():
    known = DivisionSettings(names=["A"], predictor_only=["A"], sku_targets={"B": ["x"]})
    assert known.targets == ["b"]
