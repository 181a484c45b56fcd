"""Badges, charts and tables of models, of what lists brought, of drift and of data."""

import datetime as dt
import json

import polars as pl
import pytest

from gosales.pages.charts import ACCENT, Chart, heat_map, months
from gosales.pages.viewers import Viewer
from gosales.pages.views.brought import (
    ORDERS,
    is_censored,
    order_chart,
    order_rows,
    over_time,
    part_rows,
    together,
    tops_of,
)
from gosales.pages.views.data import (
    finding_rows,
    gate_rows,
    name_coverage,
    reject_reasons,
    signal_coverage,
    state_rows,
)
from gosales.pages.views.drift import MEASURES, highlights, shift_map
from gosales.pages.views.models import (
    BADGES,
    badges_of,
    decision_rows,
    driver_chart,
    gains_chart,
    measured_slice,
    reliability_chart,
)
from gosales_checks.contracts.drift import DRIFT_MEASURES
from gosales_checks.contracts.validation import ORDERS as LEGAL_ORDERS
from gosales_resources.delivery.alert import Failed

DAY = dt.date(2024, 6, 30)
EVERYBODY = Viewer("all", sees_all=True)


def drift_of(*rows: tuple) -> pl.DataFrame:
    columns = ["measure", "slice", "item", "value", "is_alarm", "status"]
    frame = pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)
    return frame.with_columns(
        division=pl.lit("cad"), threshold=pl.lit(0.1), null_high=pl.lit(0.2),
        usual=pl.lit(None, pl.Float64), value=pl.col("value").cast(pl.Float64),
    )  # fmt: skip


def measured(**bins: list[float]) -> pl.DataFrame:
    rows = [
        {"slice": "all", "measure": name, "bin": n, "value": v, "low": v - 0.1, "high": v + 0.1}
        for name, values in bins.items()
        for n, v in enumerate(values, start=1)
    ]
    return pl.DataFrame(rows)


def test_a_badge_is_of_who_never_bought_where_that_is_known_and_says_its_null():
    drift = drift_of(
        ("cal_mae", "all", "", 0.05, False, "ok"), ("cal_mae", "whitespace", "", 0.3, True, "ok"),
        ("value_psi", "all", "", 0.05, False, "ok"),
        ("value_psi", "whitespace", "", None, False, "empty"),
    )  # fmt: skip
    calibration, value, ks = badges_of(drift)
    assert (calibration.state, calibration.value) == ("alarm", 0.3)
    assert calibration.words == "0.300 (alarm from 0.1; chance alone up to 0.200)"
    assert (value.state, value.value, value.because) == ("good", 0.05, "all customers")
    assert (ks.state, ks.words) == ("unknown", "not known: not measured")


def test_a_figure_that_is_not_known_says_why():
    (badge, *_) = badges_of(drift_of(("cal_mae", "all", "", None, False, "censored")))
    assert (badge.state, badge.words) == ("unknown", "not known: censored")


def test_badges_and_maps_have_the_measures_of_drift():
    assert set(BADGES) <= set(DRIFT_MEASURES)
    assert set(MEASURES) == set(DRIFT_MEASURES)


def test_stated_and_observed_are_put_side_by_side_by_bin():
    measures = measured(calibration_stated=[0.1, 0.4], calibration_observed=[0.2, 0.3],
                        gain_capture=[0.7, 1.0])  # fmt: skip
    assert measured_slice(measures) == "all"
    assert reliability_chart(measures, "all").rows.select("stated", "value").rows() == [
        (0.1, 0.2),
        (0.4, 0.3),
    ]
    assert gains_chart(measures, "all").rows.rows() == [(0.0, 0.0), (0.1, 0.7), (0.2, 1.0)]
    assert measured_slice(measures.filter(pl.col("measure") != "gain_capture")) is None


def test_drivers_are_drawn_strongest_first_and_two_inputs_of_a_feature_are_one_bar():
    drivers = pl.DataFrame(
        {"feature": ["a", "b", "b", "c"], "shap_rank": [1, 2, 3, None],
         "shap_frac": [0.5, 0.3, 0.3, None], "direction": [0.9, -0.9, 0.0, None]}
    )  # fmt: skip
    chart = driver_chart(drivers, {"a": "Orders <b>"})
    assert chart.rows["fact"].to_list() == ["b", "b", "Orders <b>"]
    assert chart.rows["more"].to_list() == [
        "mixed",
        "more of it: less likely",
        "more of it: likelier",
    ]
    assert chart.spec["encoding"]["y"]["sort"] == ["b", "Orders <b>"]


def test_a_decision_tells_its_interval_and_the_newest_comes_first():
    promotion = pl.DataFrame(
        {"cutoff": [dt.date(2024, 3, 31), DAY], "decision": ["promoted", "kept"],
         "reason": ["first", "ranks better"], "model_id": ["m1", "m1"],
         "auc_challenger": [None, 0.7], "auc_champion": [None, 0.75],
         "difference": [None, -0.05], "difference_low": [None, -0.09], "difference_high": [None, -0.01]}
    )  # fmt: skip
    assert decision_rows(promotion)["difference"].to_list() == ["-0.05 (-0.09 to -0.01)", None]


def validation_of(*rows: tuple) -> pl.DataFrame:
    columns = ["scope", "item", "order", "kind", "top", "captured"]
    frame = pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)
    share = pl.col("captured").cast(pl.Float64) / 10
    return frame.with_columns(
        cutoff=pl.lit(DAY), row_count=pl.lit(3), total=pl.lit(10.0), chance=pl.lit(1.0), share=share,
        low=share - 0.1, high=share + 0.1, below_published=pl.lit(0.0), below_low=pl.lit(-0.1),
        below_high=pl.lit(0.1),
        status=pl.when(pl.col("captured").is_null()).then(pl.lit("censored")).otherwise(pl.lit("ok")),
    )  # fmt: skip


VALIDATION = validation_of(
    ("list", "", "rfm", "wins", "10 %", 2.0), ("list", "", "published", "wins", "10 %", 4.0),
    ("list", "", "published", "money", "10 %", 5.0), ("list", "", "published", "wins", "100", 7.0),
    ("list", "", "published", "wins", "25", 6.0), ("list", "", "published", "wins", "5 %", 6.0),
    ("list", "", "published", "wins", "all", 9.0),
    ("rep", "Ann", "published", "wins", "selected", 1.0),
    ("rep", "Bob", "published", "wins", "selected", 2.0),
    ("gate", "open_deal", "published", "wins", "all", 1.0),
)  # fmt: skip


def test_orders_are_told_published_first_with_their_own_figures():
    rows = order_rows(VALIDATION, "wins", "10 %")
    assert rows.select("order", "captured", "value").rows() == [
        (ORDERS["published"], 4.0, 0.4),
        (ORDERS["rfm"], 2.0, 0.2),
    ]
    assert set(ORDERS) == set(LEGAL_ORDERS)
    chart = order_chart(rows, "wins", "10 %")
    assert chart.spec["layer"][0]["encoding"]["color"]["condition"]["value"] == ACCENT


def test_tops_are_numbers_then_shares_then_the_rest():
    assert tops_of(VALIDATION) == ["25", "100", "5 %", "10 %", "all"]


def test_a_list_whose_window_is_open_is_censored_and_drawn_by_nothing():
    open_one = validation_of(("list", "", "published", "wins", "10 %", None))
    assert is_censored(open_one)
    assert not is_censored(VALIDATION)
    assert over_time(open_one, "wins", "10 %").rows.is_empty()
    assert over_time(VALIDATION, "wins", "10 %").rows["list of"].to_list() == [str(DAY)]


def test_lists_are_added_up_by_order_where_there_are_several():
    later = VALIDATION.with_columns(cutoff=pl.lit(dt.date(2024, 9, 30)), captured=pl.lit(3.0))
    both = pl.concat([VALIDATION, later.filter(pl.col("order") == "published")])
    rows = together(both, "wins", "10 %")
    assert rows.rows() == [
        (ORDERS["published"], 2, 6, 7.0, 2.0, 20.0),
        (ORDERS["rfm"], 1, 3, 2.0, 1.0, 10.0),
    ]
    assert together(VALIDATION, "wins", "10 %").is_empty()


def test_a_seller_reads_the_own_book_alone():
    ann = Viewer("a@x", sees_all=False, reps=frozenset({"ann"}))
    assert part_rows(VALIDATION, "rep", "wins", EVERYBODY)["item"].to_list() == ["Ann", "Bob"]
    assert part_rows(VALIDATION, "rep", "wins", ann)["item"].to_list() == ["Ann"]
    assert part_rows(VALIDATION, "gate", "wins", EVERYBODY)["item"].to_list() == ["open deal"]
    assert part_rows(VALIDATION, "gate", "wins", ann).is_empty()


def test_the_map_has_the_largest_shift_of_each_measure_in_bounds():
    drift = drift_of(
        ("feature_psi", "all", "a", 0.3, False, "ok"), ("feature_psi", "all", "b", -0.5, True, "ok"),
        ("score_ks", "all", "", None, False, "no_model"),
    )  # fmt: skip
    rows = shift_map(drift, {"cad": "CAD"}).rows
    assert rows.rows() == [("CAD", MEASURES["feature_psi"], pytest.approx(2.5), True)]
    jumpy = drift.with_columns(usual=pl.when(pl.col("item") == "b").then(2.0))
    assert shift_map(jumpy, {}).rows["size"].to_list() == [pytest.approx(1.5)], "0.3 of 0.2"


def test_alarms_are_told_worst_first_in_words():
    drift = drift_of(
        ("feature_psi", "all", "a", 0.3, True, "ok"), ("cal_mae", "whitespace", "", 0.9, True, "ok"),
        ("feature_psi", "all", "b", 5.0, False, "ok"),
    )  # fmt: skip
    told = highlights(drift, {"cad": "CAD"}, {"a": "Orders"})
    assert told["of"].to_list() == ["who never bought", "Orders"]
    assert told["times"].to_list() == [pytest.approx(4.5), pytest.approx(1.5)]


def test_rejects_are_counted_by_reason():
    rejects = pl.LazyFrame({"reason": ["b", "a", "b"]})
    assert reject_reasons(rejects).rows() == [("b", 2), ("a", 1)]


def test_names_signals_and_gates_say_how_far_they_are_known():
    names = name_coverage(
        pl.LazyFrame({"method": ["name", "name", "zip_id"]}), pl.LazyFrame({"reason": ["no_name"]})
    )
    assert names.rows() == [
        ("found", "name", 2),
        ("found", "zip id", 1),
        ("not found", "no name", 1),
    ]
    metrics = pl.DataFrame(
        {"measure": ["coverage_frac", "weight", "weight", "kept_off", "gate_off", "gate_off"],
         "item": ["als", "als", "ev", "owned", "open_deal", "owned"],
         "value": [0.9, 0.1, 0.2, 5.0, 1.0, 0.0]}
    )  # fmt: skip
    assert signal_coverage(metrics).rows() == [("Similarity to owners", 0.9, 0.1)]
    assert gate_rows(metrics).rows() == [("owned", 5), ("open deal", None)]


def test_findings_and_states_are_told_in_tables():
    one = Failed(
        1, 0.0, "labels", "a_check", "2024-06-30|cad", "ERROR", "", "r", "c", "bad", "cure"
    )
    assert finding_rows([one]).rows() == [
        ("stops", "a check", "labels", "2024-06-30|cad", "bad", "cure")
    ]
    assert finding_rows([]).is_empty()
    assert state_rows({("a", "stale"): 2, ("a", "current"): 1}).rows() == [("a", 1, 2, 0)]


@pytest.mark.parametrize(
    "chart",
    [heat_map(pl.DataFrame({"division": ["a"], "measure": ["m"], "size": [1.0], "is_alarm": [True]}), ["m"]),
     months(pl.DataFrame({"month": [DAY], "division": ["a"], "value": [1.0]}), "money, EUR"),
     order_chart(order_rows(VALIDATION, "wins", "10 %"), "wins", "10 %")],
    ids=["heat map", "months", "intervals"],
)  # fmt: skip
def test_a_specification_is_plain_json_and_holds_no_data_of_customers(chart: Chart):
    assert json.loads(json.dumps(chart.spec)) == chart.spec
    assert chart.alt
