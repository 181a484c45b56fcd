"""Past lists against what came: counted again row by row, without the measures' code."""

import datetime as dt
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from gosales_assets.validation.backtest import RANDOM, replay
from gosales_assets.validation.list_validation import top_of_list, tops_of, validate_list
from gosales_assets.validation.worked_list import worked_rows
from gosales_checks.contracts.validation import LIST_VALIDATION
from gosales_resources.settings.validation import ValidationSettings

C = dt.date(2024, 6, 30)
SETTINGS = ValidationSettings(list_draws=50)
DIVISIONS = ("cam", "pdm")


class World:
    """Eighty customers, two divisions, some of them gated; outcomes follow p."""

    def __init__(self, seed: int = 3, *, censored: tuple[str, ...] = ()) -> None:
        rng = np.random.default_rng(seed)
        n = 80
        ids = [f"c{at:03}" for at in range(n)]
        signals, labels = [], []
        for division in DIVISIONS:
            p = np.sort(rng.uniform(0.01, 0.6, n))[rng.permutation(n)]
            gated = rng.random(n) < 0.2
            signals.append(
                pl.DataFrame(
                    {
                        "customer_id": ids,
                        "division": division,
                        "is_whitespace": ~gated,
                        "ineligible_reason": [None if not g else "owned" for g in gated],
                        "p_icp": p,
                        "p_icp_pct": [float((p <= one).mean()) for one in p],
                        "ev": p * rng.uniform(10, 1000, n),
                        "rfm_score": rng.random(n),
                        "value_12m": rng.uniform(0, 500, n),
                    },
                    schema_overrides={"ineligible_reason": pl.String},
                )
            )
            won = rng.random(n) < p
            labels.append(
                pl.DataFrame(
                    {
                        "customer_id": ids,
                        "division": division,
                        "label": won.astype(np.int8),
                        "net_value_window": np.where(won, rng.integers(100, 9999, n) / 100, 0.0),
                        "is_censored": division in censored,
                    }
                )
            )
        self.signals, self.labels = pl.concat(signals), pl.concat(labels)
        self.listed = (
            self.signals.filter(pl.col("ineligible_reason").is_null())
            .sort("p_icp", descending=True)
            .select("customer_id", "division", "p_icp", "p_icp_pct", "ev")
            .with_columns(
                place=pl.int_range(1, pl.len() + 1),
                rep=pl.when(pl.col("customer_id") < "c040").then(pl.lit("Ann")),
                is_selected=pl.int_range(pl.len()) < 30,
                rank=pl.int_range(1, pl.len() + 1),
                segment=pl.when(pl.col("customer_id") < "c050")
                .then(pl.lit("warm"))
                .otherwise(pl.lit("cold")),
                industry=pl.when(pl.col("customer_id") < "c030").then(pl.lit("Metal")),
                region=pl.lit("North"),
                territory=pl.lit(None, pl.String),
                division_name=pl.col("division").str.to_uppercase(),
                score_challenger=pl.lit(None, pl.Float64),
            )
        )

    def table(self) -> pl.DataFrame:
        return validate_list(
            self.listed.lazy(), self.signals.lazy(), self.labels.lazy(), C, SETTINGS
        )

    def rows(self) -> pl.DataFrame:
        return worked_rows(self.listed.lazy(), self.signals.lazy(), self.labels.lazy())

    def outcomes(self) -> dict[tuple[str, str], tuple[int, float]]:
        rows = self.labels.select("customer_id", "division", "label", "net_value_window").rows()
        return {(customer, division): (label, value) for customer, division, label, value in rows}


def of(table: pl.DataFrame, **where) -> dict:
    return table.filter(**where).row(0, named=True)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def table(world: World) -> pl.DataFrame:
    return world.table()


KEYS: dict[str, Callable[[dict], float]] = {
    "published": lambda row: -row["place"],
    "p": lambda row: row["p_icp"],
    "ev": lambda row: row["ev"],
    "percentile": lambda row: row["p_icp_pct"],
}


@pytest.mark.parametrize("order", KEYS)
@pytest.mark.parametrize("top", ["25", "5 %", "20 %"])
def test_tops_capture_what_a_count_row_by_row_finds(world, table, order, top):
    came = world.outcomes()
    rows = sorted(world.listed.rows(named=True), key=KEYS[order], reverse=True)
    count = 25 if top == "25" else int(np.ceil(len(rows) * int(top.split()[0]) / 100))
    best = [came[row["customer_id"], row["division"]] for row in rows[:count]]
    wins = of(table, scope="list", order=order, kind="wins", top=top)
    money = of(table, scope="list", order=order, kind="money", top=top)
    assert wins["row_count"] == count
    assert wins["captured"] == pytest.approx(sum(label for label, _ in best))
    assert money["captured"] == pytest.approx(sum(value for _, value in best))
    total = sum(came[row["customer_id"], row["division"]][0] for row in rows)
    assert wins["chance"] == pytest.approx(total * count / len(rows))


def test_an_order_by_p_is_not_ahead_of_p_and_is_of_worse_orders(table):
    same = of(table, scope="list", order="p", kind="wins", top="20 %")
    worse = of(table, scope="list", order="last_year", kind="wins", top="20 %")
    assert same["below_published"] == same["below_low"] == same["below_high"] == 0
    assert worse["below_low"] > 0


def test_each_rep_is_told_what_its_calls_brought(world, table):
    came = world.outcomes()
    mine = [row for row in world.listed.rows(named=True) if row["rep"] == "Ann"]
    called = [row for row in mine if row["is_selected"]]
    found = of(table, scope="rep", item="Ann", kind="wins")
    assert found["row_count"] == len(called)
    assert found["captured"] == sum(came[r["customer_id"], r["division"]][0] for r in called)
    assert found["total"] == sum(came[r["customer_id"], r["division"]][0] for r in mine)
    assert of(table, scope="rep", item="no rep", kind="wins")["row_count"] == 30 - len(called)


def test_what_a_gate_kept_off_is_told_in_wins_and_money(world, table):
    came = world.outcomes()
    gated = world.signals.filter(pl.col("ineligible_reason") == "owned").rows(named=True)
    values = [came[row["customer_id"], row["division"]][1] for row in gated]
    assert of(table, scope="gate", item="owned", kind="wins")["row_count"] == len(gated)
    money = of(table, scope="gate", item="owned", kind="money")
    assert money["captured"] == pytest.approx(sum(values))


def test_it_keeps_its_contract(table):
    LIST_VALIDATION.schema.validate(table)


def test_divisions_whose_window_is_open_are_left_out():
    half = World(censored=("pdm",))
    assert set(half.rows()["division"]) == {"cam"}
    none = World(censored=DIVISIONS).table()
    assert none["status"].to_list() == ["censored"]
    assert none["captured"].null_count() == 1


def test_an_empty_list_says_so(world):
    table = validate_list(
        world.listed.head(0).lazy(), world.signals.lazy(), world.labels.lazy(), C, SETTINGS
    )
    assert table["status"].to_list() == ["empty"]
    assert top_of_list(table, 300) is None


def test_the_longest_counted_top_is_what_a_person_is_told(table):
    assert top_of_list(table, 300)["top"] == "100"
    assert list(tops_of(60)) == ["25", "5 %", "10 %", "20 %"]


def test_a_replay_is_the_mean_of_its_lists(world):
    lists = [world.rows(), World(8).rows()]
    table = replay(lists, draws=50, seed=1)
    alone = [replay([rows], draws=50, seed=1) for rows in lists]
    for order in KEYS:
        both, *each = (
            of(one, kind="wins", top="10 %", order=order)["share"] for one in (table, *alone)
        )
        assert both == pytest.approx(np.mean(each))
    random = of(table, kind="wins", top="10 %", order=RANDOM)
    assert random["captured"] == random["chance"] > 0


def test_rows_in_another_order_replay_to_the_same_figures(world):
    rows = world.rows()
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=5)
    assert replay([rows], draws=50, seed=1).equals(replay([shuffled], draws=50, seed=1))


def challenged() -> World:
    """Return a list whose challenger does not see the rows of one division."""
    world = World()
    seen = pl.when(pl.col("division") == "cam").then(1.0 - pl.col("p_icp"))
    world.listed = world.listed.with_columns(score_challenger=seen)
    return world


def test_a_list_without_a_challenger_has_no_row_of_its_order():
    assert "challenger" not in set(World().table()["order"])


def test_the_challengers_order_is_measured_and_what_it_does_not_score_comes_last():
    world = challenged()
    found = world.table().filter(order="challenger", kind="wins", top="25").row(0, named=True)
    rows = world.rows().sort("score_challenger", descending=True, nulls_last=True)
    assert found["captured"] == pytest.approx(rows["label"].head(25).sum())
    assert set(rows["division"].head(25)) == {"cam"}


def test_orders_of_several_lists_are_those_that_all_of_them_have():
    both = [challenged().rows(), World(4).rows()]
    assert "challenger" in set(replay(both[:1], draws=50, seed=1)["order"])
    assert "challenger" not in set(replay(both, draws=50, seed=1)["order"])
