"""Other ways to work a list, against dealing seats by hand."""

import math

import numpy as np
import polars as pl
import pytest

from gosales_assets.validation.scenarios import part_rows, scenario_rows, scenarios
from gosales_resources.settings.validation import ValidationSettings

SETTINGS = ValidationSettings(list_draws=200)


def worked(n=120, seed=5, unranked=15):
    rng = np.random.default_rng(seed)
    label = (rng.random(n) < 0.3).astype(np.int8)
    return pl.DataFrame(
        {
            "customer_id": [f"c{i // 2:03}" for i in range(n)],
            "place": np.arange(1, n + 1),
            "rank": [i + 1 if i < n - unranked else None for i in range(n)],
            "division": rng.choice(["a", "b", "c"], n, p=[0.7, 0.2, 0.1]),
            "division_name": "D",
            "rep": rng.choice(["Ann", "Bo", None], n),
            "segment": rng.choice(["warm", "cold"], n),
            "industry": rng.choice(["Metal", None], n),
            "region": "North",
            "territory": pl.Series([None] * n, dtype=pl.String),
            "label": label,
            "cents": label * rng.integers(100, 90_000, n),
        }
    )


def by_hand(rows, scenario):
    """Deal seats one by one."""
    taken, count, of = set(), {}, rows.to_dicts()
    ranked = [row for row in of if row["rank"] is not None]
    if scenario.endswith("per rep"):
        most = int(scenario.split()[0])
        for row in ranked:
            if row["rep"] and count.get(row["rep"], 0) < most:
                count[row["rep"]] = count.get(row["rep"], 0) + 1
                taken.add(row["place"])
        return taken
    seats = math.ceil(len(of) * int(scenario.split(" %")[0]) / 100)
    if "apart" in scenario:
        warm = round(0.7 * seats)
        for segment, most in (("warm", warm), ("cold", seats - warm)):
            taken |= {r["place"] for r in [r for r in ranked if r["segment"] == segment][:most]}
        return taken
    queues = {d: [r for r in ranked if r["division"] == d] for d in "abc"}
    turn = 0
    while len(taken) < seats:
        heads = sorted(q[turn]["place"] for q in queues.values() if len(q) > turn)
        taken |= set(heads[: seats - len(taken)])
        turn += 1
    return taken


@pytest.mark.parametrize("seed", range(4))
def test_seats_are_those_that_dealing_by_hand_gives(seed):
    rows = worked(seed=seed)
    found = scenarios(rows)
    assert len(found) >= 8
    for name, is_in in found.items():
        assert set(rows["place"].filter(is_in)) == by_hand(rows, name), name


def test_what_a_scenario_captured_is_counted_from_its_rows():
    rows = worked()
    found = {(r["item"], r["kind"]): r for r in scenario_rows(rows, SETTINGS)}
    inside = rows.filter(pl.col("place").is_in(list(by_hand(rows, "10 per rep"))))
    wins, money = found["10 per rep", "wins"], found["10 per rep", "money"]
    assert (wins["row_count"], wins["captured"]) == (inside.height, inside["label"].sum())
    assert money["captured"] == pytest.approx(inside["cents"].sum() / 100)
    assert money["total"] == pytest.approx(rows["cents"].sum() / 100)
    assert wins["low"] <= wins["share"] <= wins["high"]


def test_parts_of_the_customers_add_up_to_the_top_of_the_list():
    rows = worked()
    found = [r for r in part_rows(rows) if r["scope"] == "segment" and r["kind"] == "wins"]
    assert sum(r["row_count"] for r in found) == 12
    assert sum(r["captured"] for r in found) == rows.head(12)["label"].sum()
    assert sum(r["total"] for r in found) == rows["label"].sum()


def test_customers_without_a_value_are_in_no_part():
    found = list(part_rows(worked()))
    assert {r["item"] for r in found if r["scope"] == "industry"} == {"Metal"}
    assert not [r for r in found if r["scope"] == "territory"]


def test_without_reps_there_is_no_book_to_deal():
    rows = worked().with_columns(rep=pl.lit(None, pl.String))
    assert not [name for name in scenarios(rows) if name.endswith("per rep")]


def test_where_nothing_is_ranked_nothing_is_selected():
    assert scenarios(worked(unranked=120)) == {}


def test_without_a_win_there_is_a_count_and_no_share():
    rows = worked().with_columns(label=pl.lit(0, pl.Int8), cents=pl.lit(0, pl.Int64))
    one = next(iter(scenario_rows(rows, SETTINGS)))
    assert one["captured"] == 0
    assert math.isnan(one["share"])
