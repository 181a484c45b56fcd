"""Slices of a list by division and the list agree to the row."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from gosales_assets.whitespace.slices import slice_of
from gosales_checks.contracts.contract import judge
from gosales_checks.contracts.list_slices import WHITESPACE_SLICES
from tests.worlds.lists import BASE_RATE, list_of

DIVISIONS = ["cad", "cam", "nobody"]


def slices(listed: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {division: slice_of(listed.lazy(), division) for division in DIVISIONS}


@given(st.lists(st.tuples(st.sampled_from(DIVISIONS[:2]), st.booleans()), min_size=1))
@settings(max_examples=30, deadline=None)
def test_the_slices_put_together_are_the_list(drawn):
    listed = list_of(*({} if is_ranked else BASE_RATE for _, is_ranked in drawn)).with_columns(
        division=pl.Series([division for division, _ in drawn])
    )
    # A list is stored by place; a scan promises no order.
    cut = slices(listed.sample(fraction=1.0, shuffle=True, seed=1))
    whole = pl.concat(cut.values()).sort("place")
    assert_frame_equal(whole.drop("rank_in_division"), listed)
    for division, rows in cut.items():
        assert set(rows["division"]) <= {division}
        order = [r for r in rows.sort("place")["rank_in_division"].to_list() if r is not None]
        assert order == list(range(1, len(order) + 1))


@pytest.mark.parametrize("division", DIVISIONS)
def test_a_slice_keeps_its_contract(division):
    listed = list_of({"division": "cam"}, {"division": "cad"}, BASE_RATE | {"division": "cam"})
    verdict = judge(WHITESPACE_SLICES, slice_of(listed.lazy(), division))
    assert verdict.passed, verdict.violations
