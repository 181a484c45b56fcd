"""The selection of most expected value: beside every selection there is, and beside another solver."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from seat_cases import by_trying_all, drawn_frame, greedy, worth

from gosales_assets.whitespace import seat_columns
from gosales_assets.whitespace.optimal import Optimum, solve_optimal
from gosales_assets.whitespace.seat_columns import SolverError
from gosales_assets.whitespace.seat_network import Residual, largest_reduced_cost
from gosales_assets.whitespace.seat_problem import UNLIMITED, SeatProblem
from gosales_resources.settings.capacity import CapacitySettings

LIMITS = st.fixed_dictionaries(
    {
        "per_rep": st.integers(1, 3),
        "offers_per_account": st.sampled_from([None, 1, 2]),
        "division_cap": st.dictionaries(st.sampled_from(["d0", "d1"]), st.integers(2, 4)),
        "division_floor": st.dictionaries(st.sampled_from(["d1", "d2"]), st.integers(0, 2)),
    }
)
SMALL = st.builds(
    drawn_frame, st.integers(0, 10**6), st.integers(1, 9), st.sampled_from([0, 1, 4, 10**9])
)
LARGER = st.builds(
    drawn_frame, st.integers(0, 10**6), st.integers(1, 80), st.sampled_from([3, 10**6])
)


def limits_of(given_: dict) -> CapacitySettings:
    return CapacitySettings(mode="optimal", **given_)


def places(found: Optimum) -> set[int]:
    return set(found.rows.filter("is_selected")["place"].to_list())


def money(found: Optimum, limits: CapacitySettings) -> tuple[int, int]:
    return worth(found.rows.filter("is_selected").to_dicts(), limits)


@given(SMALL, LIMITS)
@profile(max_examples=33)
def test_no_other_selection_is_worth_more_and_none_that_is_equal_comes_first(frame, given_):
    limits = limits_of(given_)
    found = solve_optimal(frame, limits)
    chosen, (_, most) = by_trying_all(frame, limits)
    assert places(found) == chosen
    assert found.objective_cents == most


def by_milp(frame: pl.DataFrame, limits: CapacitySettings) -> int:
    """Most value without floors, by branch and bound."""
    caps = [("rep", dict.fromkeys(frame["rep"].unique(), limits.per_rep)),
            ("division", limits.division_cap)]  # fmt: skip
    if limits.offers_per_account:
        caps.append(
            ("customer_id", dict.fromkeys(frame["customer_id"].unique(), limits.offers_per_account))
        )
    rows = [(frame[name] == key).to_numpy() for name, cap in caps for key in cap]
    most = [float(value) for _, cap in caps for value in cap.values()]
    found = milp(
        -frame["ev_cents"].to_numpy().astype(float), integrality=np.ones(frame.height),
        bounds=Bounds(0, 1), constraints=LinearConstraint(np.array(rows, dtype=float), ub=most),
        options={"mip_rel_gap": 0.0},
    )  # fmt: skip
    return -round(found.fun)


@given(LARGER, LIMITS)
@profile(max_examples=13)
def test_branch_and_bound_finds_the_same_value(frame, given_):
    limits = limits_of(given_ | {"division_floor": {}})
    assert solve_optimal(frame, limits).objective_cents == by_milp(frame, limits)


@given(LARGER, LIMITS)
@profile(max_examples=20)
def test_it_is_worth_at_least_floors_first_and_then_the_largest(frame, given_):
    limits = limits_of(given_)
    assert money(solve_optimal(frame, limits), limits) >= greedy(frame, limits)


@given(LARGER, LIMITS, st.data())
@profile(max_examples=13)
def test_the_order_of_rows_changes_nothing(frame, given_, data):
    limits = limits_of(given_)
    order = data.draw(st.permutations(range(frame.height)))
    one, other = solve_optimal(frame, limits), solve_optimal(frame[order], limits)
    assert one.rows.equals(other.rows)
    assert one.reps.equals(other.reps)
    assert (one.proof, one.objective_cents) == (other.proof, other.objective_cents)


@given(LARGER, LIMITS, st.data())
@profile(max_examples=13)
def test_removing_an_unchosen_candidate_changes_nothing(frame, given_, data):
    limits = limits_of(given_)
    chosen = places(solve_optimal(frame, limits))
    others = sorted(set(frame["place"].to_list()) - chosen)
    if others:
        removed = data.draw(st.sampled_from(others))
        assert places(solve_optimal(frame.filter(pl.col("place") != removed), limits)) == chosen


@given(LARGER, LIMITS, st.integers(2, 1000))
@profile(max_examples=13)
def test_money_scaled_scales_the_value_and_keeps_the_choice(frame, given_, factor):
    limits = limits_of(given_)
    one = solve_optimal(frame, limits)
    other = solve_optimal(frame.with_columns(pl.col("ev_cents") * factor), limits)
    assert places(one) == places(other)
    assert other.objective_cents == factor * one.objective_cents


VARIED = {
    "seats of each rep": lambda given_, k: given_ | {"per_rep": k},
    "offers of each account": lambda given_, k: given_ | {"offers_per_account": k},
    "cap of a division": lambda given_, k: given_ | {"division_cap": {"d0": k}},
}


@pytest.mark.parametrize("vary", VARIED.values(), ids=VARIED)
@given(frame=LARGER, given_=LIMITS)
@profile(max_examples=10)
def test_the_value_does_not_fall_with_a_limit_and_gains_less_each_time(vary, frame, given_):
    plain = given_ | {"division_floor": {}}
    values = [solve_optimal(frame, limits_of(vary(plain, k))).objective_cents for k in range(1, 6)]
    gains = np.diff(values)
    assert (gains >= 0).all()
    assert (np.diff(gains) <= 0).all()


def as_problem(frame: pl.DataFrame, seats: list[int], floor: list[int], offers: int) -> SeatProblem:
    codes = {
        name: frame[name].rank("dense").to_numpy().astype(np.int64) - 1
        for name in ("rep", "customer_id", "division")
    }
    count = codes["division"].max() + 1
    return SeatProblem(
        frame["ev_cents"].to_numpy(), codes["rep"], codes["customer_id"], codes["division"],
        np.array(seats[: codes["rep"].max() + 1]), offers, np.array(floor[:count]),
        np.full(count, UNLIMITED),
    )  # fmt: skip


def priced(problem: SeatProblem) -> tuple[int, Residual]:
    """Worth with the price of floors, and the network of the solution."""
    chosen = seat_columns.solve_columns(problem).chosen
    filled = np.minimum(problem.used(chosen)[2], problem.floor).sum()
    return problem.total(chosen) + int(filled) * problem.floor_price, Residual(problem, chosen)


@given(LARGER, st.sampled_from([1, UNLIMITED]), st.integers(0, 3), st.integers(0, 2))
@profile(max_examples=20)
def test_prices_of_seats_are_what_solving_again_gives(frame, offers, floor, rep):
    seats, floors = [2, 3, 1], [0, floor, 0]
    value, residual = priced(as_problem(frame, seats, floors, offers))
    if rep < len(residual.used_rep):
        more, less = ([s + (r == rep) * step for r, s in enumerate(seats)] for step in (1, -1))
        gain = priced(as_problem(frame, more, floors, offers))[0] - value
        loss = value - priced(as_problem(frame, less, floors, offers))[0]
        assert residual.prices().rep[rep] == gain
        assert residual.last_seats()[rep] == loss
        assert loss >= gain


def test_a_floor_that_cannot_be_filled_is_told():
    frame = drawn_frame(1, 30, 1000)
    limits = limits_of({"per_rep": 4, "division_floor": {"d1": 100, "d9": 3}})
    told = solve_optimal(frame, limits).divisions
    unfilled = dict(told.select("division", "unfilled_floor_count").rows())
    assert unfilled == {"d0": 0, "d1": 100 - told.row(1, named=True)["selected_count"], "d2": 0,
                        "d9": 3}  # fmt: skip


def test_rows_without_rank_value_or_rep_are_never_chosen_and_counted():
    frame = drawn_frame(2, 12, 1000).with_columns(
        is_ranked=pl.col("place") != 1,
        ev_cents=pl.when(pl.col("place") != 2).then("ev_cents"),
        rep=pl.when(pl.col("customer_id") != "c1").then("rep"),
    )
    found = solve_optimal(frame, limits_of({"per_rep": 12}))
    able = frame.filter("is_ranked", pl.col("ev_cents").is_not_null(), pl.col("rep").is_not_null())
    assert places(found) == set(able["place"].to_list())
    assert (found.without_value, found.without_rep) == (1, (frame["customer_id"] == "c1").sum())


def test_where_nobody_has_a_rep_the_list_is_one_book():
    frame = drawn_frame(3, 40, 10**6).with_columns(rep=pl.lit(None, dtype=pl.String))
    found = solve_optimal(frame, CapacitySettings(mode="optimal", seats=7))
    largest = frame.sort("ev_cents", descending=True).head(7)["ev_cents"].sum()
    assert found.objective_cents == largest
    assert found.rows["seat"].drop_nulls().to_list() == [1, 2, 3, 4, 5, 6, 7]


def test_gains_are_told_of_the_twenty_reps_whose_last_seat_brings_most():
    frame = drawn_frame(4, 600, 10**6, reps=30)
    reps = solve_optimal(frame, limits_of({"per_rep": 3})).reps
    shown = reps.filter(pl.col("next_seat_cents").is_not_null())
    assert shown.height == 20
    hidden = reps.filter(pl.col("next_seat_cents").is_null())
    assert shown["last_seat_cents"].min() >= hidden["last_seat_cents"].max()


@pytest.mark.parametrize("rows", [0, 5], ids=["no rows", "none ranked"])
def test_a_list_without_candidates_gives_an_empty_selection(rows):
    frame = drawn_frame(5, 5, 10).head(rows).with_columns(is_ranked=False)
    found = solve_optimal(frame, limits_of({"division_floor": {"d1": 2}}))
    assert (found.objective_cents, places(found)) == (0, set())
    assert found.divisions["unfilled_floor_count"].to_list() == [2]


def test_more_rounds_are_solved_until_no_candidate_prices_in():
    # Each rep's best are all of one division, of which few are taken.
    draw = np.random.default_rng(6)
    frame = drawn_frame(6, 4000, 1000, reps=4, divisions=6).with_columns(
        ev_cents=pl.Series(draw.integers(1, 1000, 4000))
        + pl.when(pl.col("division") == "d0").then(10**6).otherwise(0)
    )
    found = solve_optimal(frame, limits_of({"per_rep": 5, "division_cap": {"d0": 3}}))
    assert found.proof.rounds > 1
    assert found.proof.columns < found.proof.candidates
    assert found.proof.largest_reduced_cost_cents <= 0


def test_a_selection_that_is_not_optimal_is_not_proven():
    problem = as_problem(drawn_frame(7, 60, 10**6), [2, 2, 2], [0, 0, 0], 1)
    chosen = seat_columns.solve_columns(problem).chosen
    prices = Residual(problem, chosen).prices()
    worse = chosen.copy()
    worse[np.flatnonzero(chosen)[0]] = False
    with pytest.raises(SolverError, match="not proven"):
        largest_reduced_cost(problem, worse, prices)


def test_an_account_of_two_reps_and_values_too_large_to_be_exact_are_refused():
    frame = drawn_frame(8, 10, 1000)
    twice = pl.concat([frame, frame.with_columns(rep=pl.lit("r9"), place=pl.col("place") + 100)])
    with pytest.raises(ValueError, match="accounts have two"):
        solve_optimal(twice, limits_of({}))
    with pytest.raises(ValueError, match="Count in a larger unit"):
        solve_optimal(frame.with_columns(ev_cents=pl.lit(10**15)), limits_of({}))
