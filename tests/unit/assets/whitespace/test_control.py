"""Arms of the list's experiment: who is drawn, with what chance, and that no book's load changes."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from pydantic import ValidationError

from gosales_assets.whitespace.capacity import select_candidates
from gosales_assets.whitespace.control import are_controls, assign_arms, unit_hash
from gosales_resources.settings.capacity import CapacitySettings
from gosales_resources.settings.experiment import ExperimentSettings

SEATED = "is_selected"
START, LIST = dt.date(2024, 3, 31), dt.date(2024, 6, 30)


def selection(n: int = 600, seed: int = 1, **capacity) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    account = draw.integers(0, n // 2, n)
    frame = pl.DataFrame(
        {
            "place": np.arange(1, n + 1),
            "customer_id": [f"c{a}" for a in account],
            "family": [f"f{a // 2}" for a in account],
            "division": draw.choice(["x", "y", "z"], n),
            "segment": ["warm"] * n,
            "rep": [f"r{a % 5}" if a % 5 else None for a in account],
            "is_ranked": draw.random(n) < 0.95,
        }
    )
    return select_candidates(frame, CapacitySettings(**({"top_percent": 30} | capacity)))


def drawn(
    frame: pl.DataFrame,
    control: float = 0.2,
    explore: float = 0.0,
    cutoff: dt.date = LIST,
    capacity: CapacitySettings | None = None,
    **other,
) -> pl.DataFrame:
    settings = ExperimentSettings(
        control_share=control, explore_share=explore, **({"start": START} | other)
    )
    return assign_arms(frame, settings, cutoff, "family", capacity)


def families(frame: pl.DataFrame, arm: str) -> set[str]:
    return set(frame.filter(pl.col("arm") == arm)["family"].to_list())


def loads(frame: pl.DataFrame) -> dict:
    return dict(frame.group_by("rep").agg(pl.col(SEATED).sum()).rows())


SHARES = [(0.2, 0.0), (0.0, 0.1), (0.3, 0.2)]


@pytest.mark.parametrize(("control", "explore"), SHARES)
@given(seed=st.integers(0, 1000))
@profile(max_examples=20)
def test_no_books_load_changes(control, explore, seed):
    before = selection(seed=seed)
    after = drawn(before, control, explore)
    assert loads(after) == loads(before)
    assert after.filter(SEATED)["seat"].is_not_null().all()
    assert after.filter(SEATED).select("rep", "seat").is_unique().all()


@pytest.mark.parametrize(
    "settings",
    [
        ExperimentSettings(),
        ExperimentSettings(control_share=0.2, start=dt.date(2024, 9, 30)),
    ],
    ids=["off", "before its first list"],
)
def test_nothing_changes_where_there_is_no_experiment(settings):
    before = selection()
    after = assign_arms(before, settings, LIST, "family")
    assert after.select(before.columns).equals(before)
    assert all(after[name].null_count() == after.height for name in after.columns[-4:])


def test_no_row_of_a_control_family_has_a_seat():
    after = drawn(selection(), 0.2, 0.2)
    assert families(after, "control")
    assert families(after, "passed")
    left_alone = families(after, "control") | families(after, "passed")
    assert not after.filter(pl.col("family").is_in(list(left_alone)))[SEATED].any()
    # Those without a seat anyway too: they are controls of the next list.
    every = after["family"].unique()
    settings = ExperimentSettings(control_share=0.2, start=START)
    controls = every.filter(are_controls(every, settings, START.isoformat())).to_list()
    assert left_alone < set(controls)
    assert not after.filter(pl.col("family").is_in(controls))[SEATED].any()


def test_seats_of_controls_go_to_the_next_of_the_book():
    before = selection()
    after = drawn(before)
    controls = families(after, "control")
    for rep in before["rep"].unique():
        book = before.filter(pl.col("rep").eq_missing(pl.lit(rep)), "is_ranked")
        passed = families(after, "passed")
        open_rows = book.filter(~pl.col("family").is_in(list(controls | passed)))
        kept = open_rows.filter(SEATED)["place"].to_list()
        following = open_rows.filter(~pl.col(SEATED))["place"].to_list()
        expected = sorted(kept + following[: book[SEATED].sum() - len(kept)])
        own = after.filter(pl.col("rep").eq_missing(pl.lit(rep)), SEATED)
        assert own["place"].to_list() == expected
        refilled = own.filter(pl.col("arm") == "refill")["place"].to_list()
        assert refilled == [place for place in expected if place not in kept]


def test_refilled_seats_keep_offers_per_account():
    before = selection(mode="hybrid", seats=150, offers_per_account=1)
    capacity = CapacitySettings(offers_per_account=1)
    after = drawn(before, capacity=capacity)
    assert after.filter(SEATED)["customer_id"].is_unique().all()


def test_refilled_seats_keep_caps_of_divisions():
    capacity = CapacitySettings(mode="optimal", division_cap={"x": 60})
    before = selection()
    used = before.filter(SEATED, division="x").height
    after = drawn(before, capacity=capacity.model_copy(update={"division_cap": {"x": used}}))
    assert after.filter(SEATED, division="x").height <= used


def test_a_family_is_control_by_salt_epoch_and_itself_alone():
    # Other lists, orders, shares of exploration: whoever is in both has the same arm.
    one, other = drawn(selection(seed=1)), drawn(selection(900, seed=2), 0.2, 0.1)
    controls, treated = families(one, "control"), families(one, "treated")
    assert not controls & (families(other, "treated") | families(other, "refill"))
    assert not treated & families(other, "control")
    assert controls & families(other, "control")
    assert treated & families(other, "treated")


def test_a_larger_share_of_controls_keeps_those_that_were():
    before = selection()
    assert families(drawn(before, 0.1), "control") < families(drawn(before, 0.3), "control")


def test_each_family_is_control_with_the_share_whatever_its_name():
    settings = ExperimentSettings(control_share=0.2, start=START)
    names = pl.Series([f"{k:06d}" for k in range(40_000)])
    # Five standard errors of a share of 0.2.
    assert abs(are_controls(names, settings, "2024-03-31").mean() - 0.2) < 0.01


def test_the_draw_is_anew_after_the_months_of_an_epoch():
    before = selection()
    one = families(drawn(before, cutoff=dt.date(2024, 12, 31)), "control")
    assert one == families(drawn(before, cutoff=START), "control")
    assert one != families(drawn(before, cutoff=dt.date(2025, 3, 31)), "control")


@pytest.mark.slow
def test_each_family_has_the_chance_that_is_told():
    before = selection(60)
    counts = {}
    for k in range(600):
        after = drawn(before, 0.0, 0.2, salt=f"s{k}")
        for family in families(after, "explore"):
            counts[family] = counts.get(family, 0) + 1
    explored = after.filter(pl.col("arm") == "explore").select("family", "arm_probability").rows()
    assert explored
    # Five standard errors of 600 draws.
    assert all(abs(counts[f] / 600 - p) < 0.105 for f, p in explored)


def test_another_epoch_or_salt_draws_others():
    before = selection()
    one = families(drawn(before), "control")
    assert one != families(drawn(before, epoch_months=3), "control")
    assert one != families(drawn(before, salt="other"), "control")


def test_the_order_of_rows_changes_nothing():
    before = selection()
    shuffled = before.sample(fraction=1.0, shuffle=True, seed=3)
    assert drawn(before, 0.2, 0.1).equals(drawn(shuffled, 0.2, 0.1))


def test_explorers_had_no_seat_and_the_last_of_their_book_made_room():
    before = selection()
    after = drawn(before, 0.0, 0.1)
    explored = after.filter(pl.col("arm") == "explore")
    seated = set(before.filter(SEATED)["family"].to_list())
    assert explored.height > 10
    assert not set(explored["family"].to_list()) & seated
    lost = before.filter(SEATED).join(after.filter(SEATED), on="place", how="anti")
    last = (
        after.filter(SEATED, pl.col("arm") != "explore").group_by("rep").agg(pl.col("place").max())
    )
    beside = lost.join(last, on="rep", nulls_equal=True)
    assert (beside["place"] > beside["place_right"]).all()


def test_where_parts_of_a_hash_end_counts():
    assert unit_hash("s", "ab", "c") != unit_hash("s", "a", "bc")
    values = np.array([unit_hash("s", str(k)) for k in range(4000)])
    assert abs(values.mean() - 0.5) < 0.02
    assert abs(values.std() - 12**-0.5) < 0.02


def test_a_draw_without_a_first_list_is_refused():
    with pytest.raises(ValidationError, match="an experiment has a first list"):
        ExperimentSettings(control_share=0.1)
