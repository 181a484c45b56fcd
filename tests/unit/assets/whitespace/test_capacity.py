"""Seats by rules that follow the order of the list."""

from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gosales_assets.whitespace.capacity import (
    division_shares,
    largest_remainder,
    select_candidates,
    selection_counts,
)
from gosales_resources.settings.capacity import CapacitySettings

SCHEMA = {
    "place": pl.Int64,
    "customer_id": pl.String,
    "division": pl.String,
    "segment": pl.String,
    "rep": pl.String,
    "ev_cents": pl.Int64,
    "is_ranked": pl.Boolean,
}
ROWS = st.lists(
    st.tuples(
        st.integers(0, 7),
        st.sampled_from("xyz"),
        st.sampled_from(["warm", "cold", "prospect"]),
        st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ),
    max_size=40,
)


def frame(rows) -> pl.DataFrame:
    """Rows in their order: account number (its rep is its rest by 3, 0 is nobody), division, segment, odds."""
    return pl.DataFrame(
        [
            (i + 1, f"c{c}", d, s, f"r{c % 3}" if c % 3 else None, 100, odds > 0)
            for i, (c, d, s, odds) in enumerate(rows)
        ],
        SCHEMA,
        orient="row",
    )


def places(rows: pl.DataFrame, **given_) -> set[int]:
    chosen = select_candidates(rows, CapacitySettings(**given_))
    return set(chosen.filter("is_selected")["place"].to_list())


def listed(divisions: str, **columns) -> pl.DataFrame:
    rows = frame([(i, d, "warm", 1) for i, d in enumerate(divisions)])
    return rows.with_columns(**{k: pl.Series(v, dtype=SCHEMA[k]) for k, v in columns.items()})


def test_top_percent_counts_all_candidates_and_takes_the_ranked():
    rows = listed("x" * 20, is_ranked=[False] * 3 + [True] * 17)
    assert places(rows, top_percent=10) == {4, 5}


def test_per_rep_takes_the_first_of_each_book_and_counts_rows_of_nobody():
    rows = listed("x" * 6, rep=["A", None, "A", "A", "B", "B"])
    chosen = select_candidates(rows, CapacitySettings(mode="per_rep", per_rep=2))
    assert chosen["seat"].to_list() == [1, None, 2, None, 1, 2]
    assert selection_counts(chosen)["ranked_without_rep"] == 1


def test_hybrid_takes_divisions_in_turn_and_the_last_round_by_place():
    rows = listed("xxxxyyzx")
    # Rounds: 1 5 7, then 2 6, then 3, then 4.
    assert places(rows, mode="hybrid", seats=4) == {1, 5, 7, 2}
    assert places(rows, mode="hybrid", seats=6) == {1, 5, 7, 2, 6, 3}


def test_seats_that_a_segment_leaves_go_to_the_other():
    rows = listed("x" * 10, segment=["cold"] * 4 + ["warm"] * 2 + ["prospect"] * 4)
    # Of 5 seats 4 are dealt to warm, of which there are 2.
    found = places(rows, top_percent=50, segment_allocation=True)
    assert found == {5, 6, 1, 2, 3}


def test_segments_are_dealt_within_each_book():
    rows = listed("x" * 8, rep=list("AABABBBA"), segment=["cold", "cold", *["warm"] * 6])
    found = places(rows, mode="per_rep", per_rep=2, segment_allocation=True, warm_share=0.5,
                   cold_share=0.5)  # fmt: skip
    assert found == {1, 4, 3, 5}


def test_an_account_gets_its_first_offers_only():
    rows = listed("xyzxyz", customer_id=["a", "a", "a", "b", "b", "c"])
    assert places(rows, mode="all", offers_per_account=2) == {1, 2, 4, 5, 6}


def test_seats_are_numbered_by_place_in_each_book():
    rows = listed("x" * 5, rep=["A", "B", "A", None, None])
    chosen = select_candidates(rows, CapacitySettings(mode="all"))
    assert chosen["seat"].to_list() == [1, 1, 2, 1, 2]


def test_places_taken_twice_are_refused():
    with pytest.raises(ValueError, match="legal is each number once"):
        select_candidates(listed("xx", place=[1, 1]), CapacitySettings())


@pytest.mark.parametrize("mode", ["all", "top_percent", "per_rep", "hybrid"])
def test_an_empty_list_gives_an_empty_selection(mode):
    chosen = select_candidates(frame([]), CapacitySettings(mode=mode))
    assert chosen.is_empty()
    assert chosen.columns[-2:] == ["is_selected", "seat"]
    assert division_shares(chosen, CapacitySettings(mode=mode)).is_empty()


def test_the_share_of_a_division_above_the_limit_is_told_beside_hybrids():
    rows = listed("xxxxxyy")
    settings = CapacitySettings(mode="hybrid", seats=2)
    even = division_shares(select_candidates(rows, settings), settings)
    assert even["is_above_max"].to_list() == [False, False]
    settings = CapacitySettings(top_percent=50)
    told = division_shares(select_candidates(rows, settings), settings)
    assert told.rows() == [("x", 4, 1.0, 2, 0.5, True), ("y", 0, 0.0, 2, 0.5, False)]


def test_remainders_that_are_equal_go_to_the_larger_weight_then_to_the_first_named():
    assert largest_remainder(5, {"cold": 0.3, "warm": 0.7}) == {"cold": 1, "warm": 4}
    assert largest_remainder(2, {"c": 1, "a": 1, "b": 1}) == {"c": 1, "a": 1, "b": 0}


@given(
    st.integers(0, 500),
    st.dictionaries(st.text("abcde", min_size=1), st.floats(0.01, 5), min_size=1),
)
def test_all_seats_are_dealt_within_one_of_the_share(seats, weights):
    dealt = largest_remainder(seats, weights)
    assert sum(dealt.values()) == seats
    total = sum(weights.values())
    assert all(abs(dealt[k] - seats * w / total) < 1 + 1e-6 for k, w in weights.items())


MODES = [
    {"mode": "per_rep"},
    {"mode": "hybrid"},
    {"mode": "per_rep", "segment_allocation": True},
    {"mode": "hybrid", "segment_allocation": True, "warm_share": 0.5, "cold_share": 0.5},
    {"mode": "hybrid", "offers_per_account": 1},
]
IDS = ["per rep", "hybrid", "per rep by segment", "hybrid by segment", "hybrid, one offer"]


def with_number(mode: dict, seats: int) -> dict:
    return mode | {"per_rep" if mode["mode"] == "per_rep" else "seats": seats}


@pytest.mark.parametrize("mode", MODES, ids=IDS)
@given(rows=ROWS, seats=st.integers(1, 15))
def test_one_more_seat_never_removes_a_chosen_row(mode, rows, seats):
    fewer, more = (places(frame(rows), **with_number(mode, n)) for n in (seats, seats + 1))
    assert fewer <= more


# Where accounts have one offer each, a row that is left out makes room for the account's next.
@pytest.mark.parametrize("mode", MODES[:-1], ids=IDS[:-1])
@given(rows=ROWS, seats=st.integers(1, 15), data=st.data())
def test_removing_an_unchosen_candidate_changes_nothing(mode, rows, seats, data):
    whole = frame(rows)
    chosen = places(whole, **with_number(mode, seats))
    others = sorted(set(whole["place"].to_list()) - chosen)
    if others:
        removed = data.draw(st.sampled_from(others))
        kept = places(whole.filter(pl.col("place") != removed), **with_number(mode, seats))
        assert kept == chosen


@pytest.mark.parametrize("mode", MODES, ids=IDS)
@given(rows=ROWS, seats=st.integers(1, 15), data=st.data())
def test_the_order_of_rows_changes_nothing(mode, rows, seats, data):
    whole = frame(rows)
    order = data.draw(st.permutations(range(whole.height)))
    settings = CapacitySettings(**with_number(mode, seats))
    shuffled = whole[order] if order else whole
    assert select_candidates(whole, settings).equals(select_candidates(shuffled, settings))


@given(rows=ROWS, seats=st.integers(1, 15))
def test_per_rep_is_what_a_loop_over_the_list_gives(rows, seats):
    taken: Counter[str] = Counter()
    expected = set()
    for place, _, _, _, rep, _, is_ranked in frame(rows).rows():
        if is_ranked and rep is not None and taken[rep] < seats:
            taken[rep] += 1
            expected.add(place)
    assert places(frame(rows), mode="per_rep", per_rep=seats) == expected


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"division_cap": {"x": 1}}, "only 'optimal'"),
        ({"mode": "optimal", "division_floor": {"x": 3}, "division_cap": {"X": 2}}, "above its"),
        ({"mode": "optimal", "division_cap": {"x": 3, "X": 2}}, "distinct"),
        ({"warm_share": 0, "cold_share": 0}, "at least one"),
        ({"mode": "all", "segment_allocation": True}, "not in mode"),
        ({"top_percent": 0}, "greater than 0"),
    ],
)
def test_settings_that_cannot_hold_together_are_refused(wrong, said):
    with pytest.raises(ValidationError, match=said):
        CapacitySettings(**wrong)
