"""The order of the list: score, ties, blocks at the base rate, cooldown, grades, parts."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from gosales_assets.whitespace.rank import rank_candidates
from gosales_checks.contracts.models import FITTED
from gosales_checks.contracts.whitespace import SIGNALS
from gosales_resources.settings.whitespace import WhitespaceSettings

NAMES = {"cam": "CAM", "pdm": "PDM"}
COLUMNS = {
    "cutoff": dt.date(2024, 6, 30), "drivers": None,
    "division": "cam", "segment": "warm", "is_eligible": True, "is_cooling": False, "p_icp": 0.2,
    "p_low": None, "p_high": None, "p_icp_pct": 0.5, "mb_lift_max": None, "als_similarity": None,
    "als_source": None,
    "conditional_value": None, "ev": None, "model_status": FITTED, "reason": "Bought before",
    "wallet": None, "wallet_basis": None,
}  # fmt: skip
TYPES = {
    "drivers": pl.String,
    "als_source": pl.String,
    "wallet": pl.Float64,
    "wallet_basis": pl.String,
    **dict.fromkeys(
        ("p_icp", "p_low", "p_high", "mb_lift_max", "als_similarity", "conditional_value", "ev"),
        pl.Float64,
    ),
}


def signals(*rows: dict) -> pl.LazyFrame:
    """Return signals; customers are numbered unless a row says who it is."""
    filled = [{"customer_id": f"c{at}", **COLUMNS, **row} for at, row in enumerate(rows)]
    return pl.DataFrame(filled, schema_overrides=TYPES).lazy()


def ranked(of: pl.LazyFrame, ownership: dict | None = None, **settings) -> pl.DataFrame:
    ids = of.select("customer_id").unique().collect()["customer_id"]
    attributes = ["customer_name", "industry", "region", "territory"]
    customers = pl.LazyFrame({"customer_id": ids}).with_columns(
        *(pl.lit(None, pl.String).alias(name) for name in attributes), rep=pl.lit("of the log")
    )
    books = pl.LazyFrame(
        ownership or {"customer_id": [], "rep": [], "is_active": []},
        schema={"customer_id": pl.String, "rep": pl.String, "is_active": pl.Boolean},
    )
    return rank_candidates(of, customers, books, WhitespaceSettings(**settings), NAMES)


def order(frame: pl.DataFrame) -> list[str]:
    return frame.sort("place")["customer_id"].to_list()


def test_wins_is_the_order_of_probabilities_over_all_divisions():
    found = ranked(signals({"p_icp": 0.1}, {"p_icp": 0.3, "division": "pdm"}, {"p_icp": 0.2}))
    assert order(found) == ["c1", "c2", "c0"]
    assert found["rank"].to_list() == [1, 2, 3]


def test_value_is_the_order_of_expected_values():
    rows = signals({"ev": 10.0, "p_icp": 0.9}, {"ev": 30.0, "p_icp": 0.1}, {"ev": 20.0})
    assert order(ranked(rows, order="value")) == ["c1", "c2", "c0"]


def test_within_the_division_the_best_of_each_come_first():
    rows = signals(
        {"p_icp": 0.9, "p_icp_pct": 0.75}, {"p_icp": 0.8, "p_icp_pct": 0.25},
        {"p_icp": 0.1, "p_icp_pct": 0.75, "division": "pdm"},
        {"p_icp": 0.05, "p_icp_pct": 0.25, "division": "pdm"},
    )  # fmt: skip
    assert order(ranked(rows, normalisation="percentile")) == ["c0", "c2", "c1", "c3"]
    assert order(ranked(rows)) == ["c0", "c1", "c2", "c3"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"ev": 2.0}, {"ev": 1.0}),
        ({"ev": 1.0}, {"ev": None}),
        ({"customer_id": "a"}, {"customer_id": "b"}),
        ({"customer_id": "a"}, {"customer_id": "a", "division": "pdm"}),
    ],
    ids=["by value", "a value is better than none", "by customer", "by division"],
)
def test_ties_are_broken_by_value_customer_and_division(first, second):
    for rows in ((first, second), (second, first)):
        top = ranked(signals(*rows)).row(0, named=True)
        assert all(top[name] == value for name, value in first.items())


def test_a_division_at_its_base_rate_stands_as_a_block_where_its_rate_puts_it():
    block = [{"model_status": "prior", "p_icp": 0.2, "ev": ev, "division": "pdm"}
             for ev in (1.0, 2.0)]  # fmt: skip
    found = ranked(signals({"p_icp": 0.3}, *block, {"p_icp": 0.2}, {"p_icp": 0.1}))
    assert order(found) == ["c0", "c3", "c2", "c1", "c4"], "after the ranked of the same rate"
    assert found["rank"].to_list() == [1, 2, None, None, 3]
    assert found["grade"].is_null().to_list() == [False, False, True, True, False]
    assert found["nba_reason"][2].startswith("Base rate of the division, no ranking")


def test_by_value_a_block_is_not_torn_apart():
    block = [{"model_status": "prior", "ev": ev, "division": "pdm"} for ev in (1.0, 50.0, 99.0)]
    others = [{"ev": ev} for ev in (100.0, 60.0, 40.0, 2.0)]
    found = ranked(signals(*block, *others), order="value")
    at = found.filter(pl.col("rank").is_null())["place"].to_list()
    assert at == list(range(at[0], at[0] + 3))
    assert found.filter(pl.col("rank").is_null())["score"].n_unique() == 1


def test_on_noise_alone_nothing_is_ranked():
    rows = signals(*({"model_status": "prior"} for _ in range(5)))
    found = ranked(rows)
    assert found["rank"].null_count() == found["grade"].null_count() == found.height == 5


def test_what_was_surfaced_without_action_falls_behind():
    rows = signals(*({"p_icp": 0.5 - at / 50, "is_cooling": at == 0} for at in range(10)))
    # 0.95 of the first becomes 0.7125: behind 0.85 and 0.75, before 0.65.
    assert order(ranked(rows))[:4] == ["c1", "c2", "c0", "c3"]
    assert order(ranked(rows, cooldown_factor=1.0))[:4] == ["c0", "c1", "c2", "c3"]


def test_a_wide_interval_costs_the_grade():
    sure = [{"p_icp": 0.5 + at / 100, "p_low": 0.45 + at / 100} for at in range(19)]
    found = ranked(signals(*sure, {"customer_id": "wide", "p_icp": 0.708, "p_low": 0.2}))
    wide = found.filter(pl.col("customer_id") == "wide").row(0, named=True)
    assert (wide["rank"], wide["grade_p_icp"], wide["grade"]) == (1, "A", "F")


def test_grades_are_places_among_the_ranked():
    found = ranked(signals(*({"p_icp": at / 100, "p_low": at / 200} for at in range(1, 101))))
    counts = dict(found["grade"].value_counts().iter_rows())
    assert counts == {"A": 10, "B": 20, "C": 30, "D": 25, "F": 15}


def test_the_owner_of_the_book_calls():
    ownership = {"customer_id": ["c0", "c1"], "rep": ["Ann", "Bo"], "is_active": [True, False]}
    found = ranked(signals({}, {}), ownership).sort("customer_id")
    assert found["rep"].to_list() == ["Ann", "of the log"]


def test_rare_signals_weigh_less_and_the_rest_more():
    rows = signals(*({"mb_lift_max": 2.0 if at == 0 else None} for at in range(10)))
    found = ranked(rows, order="blend", weight_p_icp=0.5, weight_lift=0.5, weight_als=0.0,
                   weight_ev=0.0, coverage_floor=0.2)  # fmt: skip
    # One in ten has it, half of the floor: half the weight, then both are brought to 1.
    top = found.row(0, named=True)
    assert top["lift_part"] == pytest.approx(0.25 / 0.75 * top["lift_norm"])
    assert top["p_icp_part"] == pytest.approx(0.5 / 0.75 * top["p_icp_norm"])


def test_without_past_buyers_the_weight_of_the_value_goes_to_the_probability():
    found = ranked(signals({"ev": None, "p_icp": 0.4}, {"ev": 5.0}), order="value")
    alone = found.filter(pl.col("ev").is_null()).row(0, named=True)
    assert alone["score"] == alone["p_icp_norm"] > 0


WORLDS = st.lists(
    st.tuples(
        st.integers(1, 40), st.sampled_from(["cam", "pdm"]), st.booleans(), st.integers(0, 3)
    ),
    min_size=1,
    max_size=30,
)  # fmt: skip
ORDERS = st.sampled_from(["wins", "value", "blend"])


def world(drawn) -> pl.LazyFrame:
    prior = {"cam": 0.11, "pdm": 0.22}
    return signals(
        *(
            {
                "p_icp": prior[division] if division == "pdm" and not fitted else p / 50,
                "division": division,
                "model_status": FITTED if division == "cam" or fitted else "prior",
                "ev": None if worth == 0 else p / 50 * worth,
                "mb_lift_max": None if worth == 1 else float(worth),
                "p_low": p / 100,
            }
            for p, division, _, worth in drawn
            for fitted in [drawn[0][2]]
        )
    )


@settings(max_examples=20)
@given(WORLDS, ORDERS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(drawn, by, random):
    rows = world(drawn).collect()
    at = list(range(rows.height))
    random.shuffle(at)
    shuffled = rows[at].lazy()
    assert_frame_equal(ranked(rows.lazy(), order=by), ranked(shuffled, order=by))


@settings(max_examples=20)
@given(WORLDS, ORDERS)
def test_places_are_those_of_a_plain_sort_by_every_key(drawn, by):
    rows = ranked(world(drawn), order=by).rows(named=True)
    keys = [
        (
            -row["score"],
            row["model_status"] != FITTED,
            "" if row["model_status"] == FITTED else row["division"],
            -row["p_icp"],
            row["ev"] is None,
            -(row["ev"] or 0.0),
            row["customer_id"],
            row["division"],
        )
        for row in rows
    ]
    assert keys == sorted(keys)


@settings(max_examples=20)
@given(WORLDS, ORDERS)
def test_parts_add_up_to_the_score(drawn, by):
    found = ranked(world(drawn), order=by)
    parts = [found[f"{name}_part"].to_numpy() for name in SIGNALS]
    whole = sum(parts[1:], parts[0]) * found["cooldown_factor"].to_numpy()
    assert np.array_equal(whole, found["score"].to_numpy())


@settings(max_examples=20)
@given(WORLDS)
def test_a_higher_probability_never_lowers_a_rank(drawn):
    rows = world([(p, "cam", True, worth) for p, _, _, worth in drawn]).collect()
    before = ranked(rows.lazy()).filter(pl.col("customer_id") == "c0")["rank"].item()
    raised = pl.when(pl.col("customer_id") == "c0").then(pl.col("p_icp") + 0.05).otherwise("p_icp")
    after = ranked(rows.lazy().with_columns(p_icp=raised))
    assert after.filter(pl.col("customer_id") == "c0")["rank"].item() <= before


@settings(max_examples=20)
@given(WORLDS, ORDERS, st.integers(2, 1_000))
def test_money_in_another_unit_changes_no_rank(drawn, by, factor):
    rows = world(drawn)
    scaled = rows.with_columns(pl.col("ev", "conditional_value") * factor)
    assert order(ranked(rows, order=by)) == order(ranked(scaled, order=by))
