"""Movement of a list: causes that add up, are the mean over all orders, and are nothing without a change."""

from itertools import permutations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from gosales_assets.whitespace.movement_ranks import SWITCHES
from gosales_assets.whitespace.movement_words import _sentence
from gosales_assets.whitespace.shapley import shares_of_moves
from gosales_assets.whitespace.stability import measure_stability
from gosales_checks.contracts.contract import conform, judge
from gosales_checks.contracts.movement import CAUSES, LIST_MOVEMENT, LIST_STABILITY
from gosales_resources.settings.whitespace import WhitespaceSettings
from tests.worlds.movement import NOW, THEN, WORDS, Quarters, draw_quarters, rank

KEY = ["customer_id", "division"]
BLEND = {"order": "blend", "segment_min_rows": 5, "coverage_by_segment": True}
ORDERS = [
    ({}, {}),
    ({}, {"order": "value"}),
    ({"normalisation": "percentile"}, {}),
    (BLEND, {"order": "blend", "normalisation": "percentile", "cooldown_factor": 0.2}),
]


def of_cause(moved: pl.DataFrame, cause: str) -> pl.Series:
    return moved[f"{cause}_ranks"].drop_nulls()


@pytest.mark.parametrize(("then", "now"), ORDERS, ids=["alike", "value", "within", "blend"])
@pytest.mark.parametrize("restated", [0.0, 0.5])
def test_causes_add_up_to_the_rank_and_leave_nothing_unexplained(then, now, restated):
    settings = WhitespaceSettings(**then), WhitespaceSettings(**now)
    quarters = draw_quarters(200, then=settings[0], now=settings[1], restated=restated)
    moved = quarters.moved()
    assert judge(LIST_MOVEMENT, conform(LIST_MOVEMENT, moved.lazy()).collect()).violations == {}
    assert moved["ranks_up"].drop_nulls().len() > 150
    assert set(of_cause(moved, "unexplained")) == {0}
    ranks = {
        side: quarters.list_of(side).rows.drop_nulls("rank").select(*KEY, pl.col("rank"))
        for side in ("then", "now")
    }
    both = ranks["then"].join(ranks["now"], on=KEY, suffix="_now").sort(KEY)
    assert both.select(pl.col("rank") - pl.col("rank_now")).to_series().to_list() == (
        moved.filter(status="compared")["ranks_up"].to_list()
    )


def test_causes_are_the_mean_over_all_orders_of_the_switches():
    value = WhitespaceSettings(order="value", cooldown_factor=0.5)
    quarters = draw_quarters(12, seed=3, now=value)
    moved = quarters.moved().filter(status="compared")
    ranks = {
        on: ranked_with(quarters, set(on))
        .join(moved.select(KEY), on=KEY, how="semi")
        .sort(KEY)["rank"]
        for size in range(7)
        for on in combinations_of(size)
    }
    sums = {name: np.zeros(moved.height) for name in SWITCHES}
    for order in permutations(SWITCHES):
        for at, name in enumerate(order):
            before, after = (tuple(sorted(order[: at + step])) for step in (0, 1))
            sums[name] += (ranks[before] - ranks[after]).to_numpy()
    for name in SWITCHES:
        assert np.abs(moved[f"{name}_ranks"].to_numpy() - sums[name] / 720).max() < 1, name
    assert any(sums[name].any() for name in SWITCHES)


def combinations_of(size: int) -> set[tuple[str, ...]]:
    return {tuple(sorted(order[:size])) for order in permutations(SWITCHES)}


def ranked_with(quarters: Quarters, on: set[str]) -> pl.DataFrame:
    """Rank a mixture of two quarters with the function that makes lists."""
    side = {name: "now" if name in on else "then" for name in SWITCHES}
    keys = pl.concat([quarters.then, quarters.now]).select(KEY).unique()
    both = keys.join(quarters.then, on=KEY, how="left").join(
        quarters.now, on=KEY, how="left", suffix="_now"
    )
    both = both.join(quarters.changes, on=KEY, how="left", suffix="_changes")
    found = pl.DataFrame(
        [mixed(row, side) for row in both.to_dicts()], schema=quarters.then.schema, strict=False
    )
    settings = quarters.settings_now if side["order"] == "now" else quarters.settings_then
    return rank(found, settings).drop_nulls("rank")


def mixed(row: dict, side: dict[str, str]) -> dict:
    then = {name: value for name, value in row.items() if not name.endswith("_now")}
    now = {name.removesuffix("_now"): v for name, v in row.items() if name.endswith("_now")}
    known = {"then": row["cutoff"] is not None, "now": row["cutoff_now"] is not None}
    of = {"then": then if known["then"] else now, "now": now if known["now"] else then}
    taken = {
        k: of[side["data"]][k] for k in ("segment", "is_cooling", "mb_lift_max", "als_similarity")
    }
    crossed = "_".join(side[name] for name in ("data", "model", "calibrator"))
    p = row.get(f"p_{crossed}") if known["then"] and known["now"] else None
    taken["p_icp"] = of[side["data"]]["p_icp"] if p is None else p
    value = of[side["value"]]["conditional_value"]
    of_list = now if side["rest"] == "now" else then
    eligible = known[side["rest"]] and bool(of_list["is_eligible"])
    return {
        **{name: row[name] for name in KEY},
        **taken,
        "ev": taken["p_icp"] * value,
        "conditional_value": value,
        "is_eligible": eligible,
        "model_status": of[side["rest"]]["model_status"],
        "p_icp_pct": 0.5,
    }


def test_the_order_of_rows_changes_nothing():
    quarters = draw_quarters(60, restated=0.3)
    assert_frame_equal(quarters.moved(), quarters.shuffled().moved())


def test_where_nothing_has_changed_nothing_has_moved():
    quarters = draw_quarters(60)
    same = Quarters(
        quarters.then, quarters.then, changes_of_nothing(quarters), quarters.settings_then,
        quarters.settings_now,
    )  # fmt: skip
    moved = same.moved()
    assert set(moved.filter(status="compared")["moved"]) == {"same rank"}
    assert all(set(of_cause(moved, cause)) == {0} for cause in CAUSES)


def changes_of_nothing(quarters: Quarters) -> pl.DataFrame:
    crossed = [n for n in quarters.changes.columns if n.startswith(("p_then_", "p_now_"))]
    margins = ["margin_then_then", "margin_then_now", "margin_now_then"]
    return quarters.changes.with_columns(
        *(pl.col("p_then").alias(name) for name in crossed),
        *(pl.col("margin_then").alias(name) for name in margins),
        split=pl.lit("apart"),
    )


@pytest.mark.parametrize(
    ("options", "none", "some"),
    [
        ({"same_model": True}, {"model", "calibrator", "order", "restatement"}, {"data", "rest"}),
        ({}, {"order", "restatement"}, {"model", "calibrator"}),
        ({"restated": 0.5}, {"order"}, {"restatement"}),
        ({"now": WhitespaceSettings(order="value")}, {"restatement"}, {"order", "value"}),
    ],
    ids=["same model", "another model", "restated", "another order"],
)
def test_what_did_not_change_moved_nothing_and_what_did_moved_something(options, none, some):
    moved = draw_quarters(80, **options).moved()
    assert {c for c in none if of_cause(moved, c).abs().sum() > 0} == set()
    assert {c for c in some if of_cause(moved, c).abs().sum() == 0} == set()


def test_where_data_and_model_cannot_be_told_apart_the_data_has_it_all():
    quarters = draw_quarters(80)
    joint = quarters.changes.with_columns(split=pl.lit("together"))
    found = Quarters(
        quarters.then, quarters.now, joint, quarters.settings_then, quarters.settings_now
    )
    moved = found.moved()
    assert set(moved["split"].drop_nulls()) == {"together"}
    assert set(of_cause(moved, "model")) == set(of_cause(moved, "calibrator")) == {0}
    assert moved["ranks_up"].to_list() == quarters.moved()["ranks_up"].to_list()


def test_rows_of_one_list_alone_say_why():
    quarters = draw_quarters(60)
    moved = quarters.moved()
    for row in moved.filter(pl.col("status") != "compared").to_dicts():
        number = int(row["customer_id"][1:])
        expected = {
            "new_customer": number >= 60,
            "gone": number < 6,
            "gate_then": row["gate"] == "open_deal" and row["rank_then"] is None,
            "gate_now": row["gate"] == "open_deal" and row["rank_now"] is None,
            "not_ranked": row["division"] == "services",
        }
        assert expected[row["status"]], row
    assert set(moved["status"]) == {
        "compared", "new_customer", "gone", "gate_then", "gate_now", "not_ranked",
    }  # fmt: skip
    assert "off the list: open deal" in moved["moved"].to_list()


def test_a_division_that_comes_or_goes_is_told():
    quarters = draw_quarters(40)
    without = pl.col("division") != "cam"
    options = quarters.settings_then, quarters.settings_now
    came = Quarters(
        quarters.then.filter(without), quarters.now, quarters.changes.filter(without), *options
    )
    of_cam = came.moved().filter(pl.col("division") == "cam", pl.col("customer_id") < "c000040")
    assert set(of_cam["status"]) == {"new_division"}
    assert set(of_cam["moved"]) == {"new on the list: CAM was no target then"}
    went = Quarters(quarters.then, quarters.now.filter(without), quarters.changes, *options)
    of_cam = went.moved().filter(pl.col("division") == "cam", pl.col("customer_id") >= "c000004")
    assert set(of_cam["status"]) == {"division_gone"}


def test_without_an_earlier_list_every_row_says_so():
    quarters = draw_quarters(40)
    found = quarters.moved(then=None)
    assert set(found["status"]) == {"no_earlier_list"}
    assert found["selection"].null_count() == found.height
    assert judge(LIST_MOVEMENT, conform(LIST_MOVEMENT, found.lazy()).collect()).passed
    assert found.height == quarters.list_of("now").rows.height


def test_who_entered_and_left_the_selection_is_told():
    quarters = draw_quarters(80)
    selected = {
        side: set(quarters.list_of(side).rows.filter("is_selected").select(KEY).rows())
        for side in ("then", "now")
    }
    moved = quarters.moved()
    for name, rows in (
        ("entered", selected["now"] - selected["then"]),
        ("left", selected["then"] - selected["now"]),
        ("stayed", selected["now"] & selected["then"]),
    ):
        assert set(moved.filter(selection=name).select(KEY).rows()) == rows
    entered = moved.filter(status="compared", selection="entered")["moved"]
    assert entered.str.starts_with("selected now, ").all()


def test_hostile_names_and_long_figures_stay_within_the_room(monkeypatch):
    name = "=cmd\u202e|'\n" + "x" * 500
    monkeypatch.setitem(WORDS.names, "cam", name)
    quarters = draw_quarters(40)
    without = pl.col("division") != "cam"
    came = Quarters(
        quarters.then.filter(without), quarters.now, quarters.changes.filter(without),
        quarters.settings_then, quarters.settings_now,
    )  # fmt: skip
    moved = came.moved()["moved"]
    assert moved.str.len_chars().max() <= 140
    assert not moved.str.contains("[\n\u202e]").any()
    moves = [10**9, -(10**9), 10**8]
    far = _sentence("not selected any more, ", "y" * 60, 10**8, [0, 1, 2], moves)
    assert len(far) <= 140
    assert far.startswith("not selected any more, up 100,000,000 ranks: ")


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_those_of_every_order_of_three_switches(seed):
    draw = np.random.default_rng(seed)
    worth = {
        frozenset(on): draw.integers(-50, 50, 7)
        for on in [(), "a", "b", "c", "ab", "ac", "bc", "abc"]
    }
    found = shares_of_moves(["a", "b", "c"], worth.__getitem__)
    total = worth[frozenset("abc")] - worth[frozenset()]
    assert (sum(found.values(), np.zeros(7)) == total).all()
    for name in "abc":
        exact = sum(
            worth[frozenset(order[: order.index(name) + 1])] - worth[frozenset(order[: order.index(name)])]
            for order in permutations("abc")
        ) / 6  # fmt: skip
        assert np.abs(found[name] - exact).max() < 1


def test_a_switch_that_changes_nothing_has_no_share():
    found = shares_of_moves(["a", "idle"], lambda on: np.array([7 if "a" in on else 2]))
    assert {name: moved.tolist() for name, moved in found.items()} == {"a": [5], "idle": [0]}


def test_stability_is_the_share_of_both_heads():
    quarters = draw_quarters(200)
    now, then = quarters.list_of("now"), quarters.list_of("then")
    table = measure_stability(now, then)
    assert judge(LIST_STABILITY, conform(LIST_STABILITY, table.lazy()).collect()).passed
    heads = [
        set(one.rows.drop_nulls("rank").sort("rank").head(25).select(KEY).rows())
        for one in (now, then)
    ]
    first = table.row(0, named=True)
    assert first["jaccard_previous"] == len(heads[0] & heads[1]) / len(heads[0] | heads[1])
    assert first["previous_cutoff"] == THEN
    assert first["cutoff"] == NOW
    assert set(measure_stability(now, now)["jaccard_previous"]) == {1.0}
    assert measure_stability(now, None).is_empty()
