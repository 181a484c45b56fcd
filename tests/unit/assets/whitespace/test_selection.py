"""Seats of a list by each mode, and the figures that are known when it is made."""

import datetime as dt

import polars as pl
import pytest

from gosales_assets.whitespace.metrics import measure_list
from gosales_assets.whitespace.selection import select
from gosales_checks.contracts.models import FITTED
from gosales_checks.contracts.whitespace import LIST_METRICS, MEASURES
from gosales_resources.settings.capacity import CapacitySettings
from gosales_resources.settings.whitespace import WhitespaceSettings

C = dt.date(2024, 6, 30)
MODES = ["all", "top_percent", "per_rep", "hybrid", "optimal"]


def listed(n: int, unranked: tuple[int, ...] = ()) -> pl.DataFrame:
    """Return a list of n rows in order; the reps have every second row."""
    at = range(1, n + 1)
    ranked = [place for place in at if place not in unranked]
    return pl.DataFrame(
        {
            "place": list(at),
            "rank": [ranked.index(place) + 1 if place in ranked else None for place in at],
            "customer_id": [f"c{place:02}" for place in at],
            "division": ["cam" if place % 3 else "pdm" for place in at],
            "segment": ["warm" if place % 4 else "cold" for place in at],
            "rep": ["Ann" if place % 2 else "Bo" for place in at],
            "model_status": [FITTED if place in ranked else "prior" for place in at],
            "grade": ["A" if place in ranked else None for place in at],
            "score": [1 - place / 100 for place in at],
            "p_icp": [0.5 - place / 100 for place in at],
            "ev": [float(place) for place in at],
        },
        schema_overrides={"place": pl.Int64, "rank": pl.Int64, "rep": pl.String,
                          "grade": pl.String, "ev": pl.Float64, "customer_id": pl.String,
                          "division": pl.String, "segment": pl.String, "score": pl.Float64,
                          "model_status": pl.String, "p_icp": pl.Float64},
    )  # fmt: skip


def signals(of: pl.DataFrame) -> pl.DataFrame:
    return of.select(
        "customer_id", "division", "segment",
        is_eligible=pl.lit(value=True), ineligible_reason=pl.lit(None, pl.String),
        mb_lift_max=pl.when(pl.col("place") == 1).then(2.0),
        als_source=pl.lit(None, pl.String),
        rfm_score=pl.col("place") / 100,
    )  # fmt: skip


def measured(of: pl.DataFrame, **settings) -> dict[tuple[str, str], float | None]:
    given = WhitespaceSettings(**settings)
    chosen = select(of, given.capacity)
    table = measure_list(chosen.rows, signals(of), ["open_deal"], chosen.figures, C, given)
    LIST_METRICS.schema.validate(table)
    return {(m, item): value for m, item, value in table.select("measure", "item", "value").rows()}


@pytest.mark.parametrize("mode", MODES)
def test_what_is_not_ranked_is_never_selected(mode):
    chosen = select(listed(40, unranked=(1, 2, 3)), CapacitySettings(mode=mode)).rows
    assert chosen.filter("is_selected")["rank"].null_count() == 0
    assert chosen["is_selected"].any()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("of", [listed(0), listed(5, unranked=(1, 2, 3, 4, 5))],
                         ids=["empty", "noise"])  # fmt: skip
def test_nothing_to_rank_selects_nothing_and_is_measured(mode, of):
    assert not select(of, CapacitySettings(mode=mode)).rows["is_selected"].any()
    found = measured(of, capacity=CapacitySettings(mode=mode))
    assert found["candidates", "ranked"] == 0
    assert found["grade_from_score", "A"] is None


def test_each_book_has_its_seats():
    chosen = select(listed(40), CapacitySettings(mode="per_rep", per_rep=3)).rows
    assert chosen.filter("is_selected")["place"].to_list() == [1, 2, 3, 4, 5, 6]
    assert chosen.filter("is_selected", rep="Ann")["seat"].to_list() == [1, 2, 3]


def test_the_most_valuable_are_selected_where_value_is_asked_for():
    found = measured(listed(10), capacity=CapacitySettings(mode="optimal", per_rep=2))
    assert found["optimal_value", ""] == 10 + 9 + 8 + 7
    assert found["next_seat_value", "Bo"] == 6
    assert found["next_seat_value", "Ann"] == 5


def test_figures_of_a_list():
    found = measured(listed(20), capacity=CapacitySettings(top_percent=50))
    assert {measure for measure, _ in found} <= set(MEASURES)
    assert found["gate_off", "open_deal"] == 1
    assert found["coverage_frac", "lift"] == 1 / 20
    assert found["selected", "pdm"] == 3
    assert found["selected_frac", "cam"] == pytest.approx(0.7)
    assert found["share_above_max", "cam"] == 1
    top = sum(0.5 - place / 100 for place in (1, 2))
    whole = sum(0.5 - place / 100 for place in range(1, 21))
    assert found["expected_wins_frac", "10 %"] == pytest.approx(top / whole)
    # By recency, frequency and money the last ones come first.
    assert found["rfm_overlap_frac", "20 %"] == 0
    assert found["grade_from_score", "A"] == pytest.approx(0.8)
