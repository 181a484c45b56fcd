"""Edges of the purchase families: single purchases, returns, month ends, leap days, ties, nobody."""

import datetime as dt

import pytest

from gosales_assets.features.build import declare_features
from gosales_resources.errors import SettingsError
from gosales_resources.settings.loading import load_settings
from tests.worlds.erp import row, write_world
from tests.worlds.features import C, Line, assert_same, compute
from tests.worlds.features_recount import expected

D = dt.date


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return write_world(tmp_path_factory.mktemp("world"), [row()])


EDGES = {
    "one purchase": (C, [Line("a", D(2024, 5, 1), "i")]),
    "on the cutoff day": (C, [Line("a", C, "i")]),
    "returns only": (C, [Line("a", D(2024, 5, 1), "i", quantity=-1, cents=-700)]),
    "a day after the cutoff": (C, [Line("a", D(2024, 7, 1), "i")]),
    "the leap day as cutoff": (D(2024, 2, 29), [Line("a", D(2024, 2, 29), "i")]),
    "a year before the leap day": (
        D(2024, 2, 29),
        [Line("a", D(2023, 2, 28), "out"), Line("a", D(2023, 3, 1), "in")],
    ),
    "six months from 31 August": (
        D(2024, 8, 31),
        [Line("a", D(2024, 2, 29), "out"), Line("a", D(2024, 3, 1), "in")],
    ),
    "the last day of the offset windows": (C, [Line("a", D(2024, 5, 1), "i")]),
    "the day after it": (C, [Line("a", D(2024, 5, 2), "i")]),
    "the first days of the offset windows": (
        C,
        [Line("a", D(2024, 2, 1), "out"), Line("a", D(2024, 2, 2), "in")],
    ),
    "an offset that ends a month": (
        D(2024, 2, 29),
        [Line("a", D(2023, 12, 31), "in"), Line("a", D(2023, 9, 30), "out")],
    ),
    "two reps alike": (
        C,
        [Line("a", D(2024, 5, 1), "i", rep="Ann"), Line("a", D(2024, 5, 1), "j", rep="Bob")],
    ),
    "one invoice of two reps": (
        C,
        [Line("a", D(2024, 5, 1), "i", rep="Ann"), Line("a", D(2024, 5, 1), "i", rep="Bob")],
    ),
    "no rep and no branch": (C, [Line("a", D(2024, 5, 1), "i", rep=None)]),
    "a sale and its return": (
        C,
        [
            Line("a", D(2024, 5, 1), "i", revenue=3000),
            Line("a", D(2024, 5, 9), "r", quantity=-1, cents=-1000, revenue=-3000),
        ],
    ),
    "revenue of some lines": (
        C,
        [Line("a", D(2024, 5, 1), "i", revenue=4000), Line("a", D(2024, 5, 1), "i", sku="B")],
    ),
    "before 1970": (C, [Line("a", D(1969, 12, 30), "i"), Line("a", D(1970, 1, 2), "j")]),
}


@pytest.mark.parametrize(("cutoff", "lines"), EDGES.values(), ids=EDGES.keys())
def test_an_edge_is_what_a_plain_reading_says(settings, cutoff, lines):
    got = compute(settings, lines, cutoff)["simulation"]["a"]
    for scope in ("all", "div"):
        assert_same(got, expected(lines, cutoff, scope))


def test_the_offset_window_holds_what_stood_sixty_days_before(settings):
    lines = [Line("a", D(2024, 5, 1), "before", cents=100), Line("a", D(2024, 5, 2), "since")]
    got = compute(settings, lines)["simulation"]["a"]
    assert got["offset__all__gp_sum__3m"] == 1.0
    assert got["rfm__all__gp_sum__3m"] == 11.0


def test_a_ratio_to_nothing_is_unknown_and_not_zero(settings):
    got = compute(settings, [Line("a", D(2024, 5, 1), "i")], customers=["nobody"])["simulation"]
    assert got["a"]["delta__all__transactions__12m"] == 1
    assert got["a"]["delta__all__transactions_ratio__12m"] is None
    assert got["nobody"]["delta__all__transactions_ratio__12m"] is None
    assert got["nobody"]["trajectory__all__gp_sum_slope__12m"] == 0.0


def test_margin_is_profit_over_revenue_and_unknown_without_revenue(settings):
    lines = [
        Line("a", D(2024, 5, 1), "i", cents=250, revenue=1000),
        Line("b", D(2024, 5, 1), "j", cents=250),
        Line("c", D(2024, 5, 1), "k", cents=-250, revenue=1000),
    ]
    got = compute(settings, lines)["simulation"]
    assert [got[c]["margin__all__rate__3m"] for c in "abc"] == [0.25, None, -0.25]


def test_who_buys_the_same_every_month_has_no_slope_and_who_starts_late_a_steep_one(settings):
    months = [D(2023 + (at + 6) // 12, (at + 6) % 12 + 1, 5) for at in range(12)]
    steady = [Line("steady", day, f"s{day}") for day in months]
    late = [Line("late", D(2024, 6, 5), f"l{at}") for at in range(12)]
    got = compute(settings, steady + late)["simulation"]
    name = "trajectory__all__transactions_slope__12m"
    assert got["steady"][name] == 0.0
    assert got["late"][name] == pytest.approx(12 * 5.5 / 143)


def test_other_windows_are_other_columns_and_other_numbers(settings):
    features = settings.features.model_copy(
        update={"windows_months": [1], "offset_days": 10, "delta_months": 3, "trajectory_months": 4}
    )
    other = settings.model_copy(update={"features": features})
    got = compute(other, [Line("a", D(2024, 6, 20), "i"), Line("a", D(2024, 6, 21), "j")])
    row = got["simulation"]["a"]
    assert row["offset__all__transactions__1m"] == 1
    assert row["delta__all__transactions__3m"] == 2
    names = {f.name for f in declare_features(other)}
    assert "trajectory__div__gp_sum_std__4m" in names
    assert not any(name.startswith("rfm") and not name.endswith("1m") for name in names)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("windows_months", [12, 3]),
        ("offset_days", 0),
        ("seasonality_months", 18),
        ("trajectory_months", 2),
        ("tenure_bounds_days", [365, 90]),
        ("half_lives_days", [0]),
    ],
)
def test_a_window_out_of_bounds_is_refused_by_name(settings, key, value):
    with pytest.raises(SettingsError, match=f"features.{key}"):
        load_settings(settings.config_file, {"features": {key: value}})
