"""Bins of a reference, against counting by hand."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosales_checks.measures.reference_bins import BINS_SCHEMA, count_groups, count_rows, fit_bins

VALUES = st.lists(
    st.one_of(st.none(), st.sampled_from([0.0, 1.0, -3.5]), st.floats(-1e6, 1e6)), max_size=60
)


def counted_by_hand(bins, values):
    """Count by looking at each value and each bin."""
    special = {row["low"] for row in bins if row["kind"] == "special"}
    counts = [0] * len(bins)
    for value in values:
        for at, row in enumerate(bins):
            is_in = {
                "missing": value is None,
                "special": value is not None and value == row["low"],
                "range": value is not None
                and value not in special
                and (row["low"] is None or value > row["low"])
                and (row["high"] is None or value <= row["high"]),
            }[row["kind"]]
            counts[at] += is_in
    return counts


@given(reference=VALUES, now=VALUES)
def test_each_number_is_in_the_one_bin_that_has_it(reference, now):
    bins = fit_bins(pl.DataFrame({"x": pl.Series(reference, dtype=pl.Float64)}), ["x"])
    table = pl.DataFrame({"x": pl.Series(now, dtype=pl.Float64)})
    assert bins["count"].to_list() == counted_by_hand(bins.to_dicts(), reference)
    assert count_rows(bins, table).to_list() == counted_by_hand(bins.to_dicts(), now)
    group = np.arange(len(now)) % 3
    assert count_groups(bins, table, group, 3).tolist() == [
        counted_by_hand(bins.to_dicts(), now[at::3]) for at in range(3)
    ]


def test_tenths_of_the_rest_hold_as_many_rows_each():
    x = np.concatenate([np.zeros(950), np.arange(1, 51)])
    bins = fit_bins(pl.DataFrame({"x": x}), ["x"])
    assert bins.filter(kind="special")["count"].to_list() == [950]
    assert bins.filter(kind="range")["count"].to_list() == [5] * 10


def test_a_value_of_a_twentieth_of_the_rows_is_a_bin_of_its_own():
    x = [7.0] * 6 + [float(i) + 0.5 for i in range(94)]
    special = fit_bins(pl.DataFrame({"x": x}), ["x"]).filter(kind="special")
    assert special.select("low", "count").rows() == [(0.0, 0), (7.0, 6)]


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical, pl.Boolean])
def test_levels_are_counted_and_new_ones_are_others(dtype):
    words = {"a": True, "b": False} if dtype == pl.Boolean else {"a": "a", "b": "b"}
    reference = pl.Series("x", [words["a"]] * 3 + [words["b"], None], dtype=dtype)
    bins = fit_bins(reference.to_frame(), ["x"])
    assert bins["kind"].to_list() == ["missing", "level", "level", "other"]
    assert bins["count"].to_list() == [1, 3, 1, 0]
    if dtype != pl.Boolean:
        now = pl.DataFrame({"x": pl.Series(["a", "new", "new"], dtype=dtype)})
        assert count_rows(bins, now).to_list() == [0, 1, 0, 2]


def test_the_order_of_rows_changes_nothing():
    table = pl.DataFrame({"x": [3.0, None, 0.0, 3.0, 9.0], "y": ["b", "a", None, "b", "c"]})
    assert fit_bins(table, ["x", "y"]).equals(fit_bins(table.reverse(), ["x", "y"]))


def test_without_features_there_is_no_bin():
    assert fit_bins(pl.DataFrame({"x": [1]}), []).schema == BINS_SCHEMA
