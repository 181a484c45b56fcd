"""Figures of targets side by side, and what a cutoff comes to over its divisions."""

import datetime as dt

import polars as pl
import pytest

from gosales_assets.platform.pictures import heat_map_of
from gosales_assets.validation.target_metrics import summarise_targets, target_metrics
from gosales_checks.contracts.contract import judge
from gosales_checks.contracts.validation import VALIDATION_SUMMARY

C = dt.date(2024, 6, 30)


def forward(**auc):
    rows = [
        {"cutoff": C, "division": division, "slice": "all", "measure": measure, "bin": at,
         "value": value, "n": 50, "positives": 5, "status": "ok"}
        for division, of_auc in auc.items()
        for measure, at, value in (("auc", 0, of_auc), ("base_rate", 0, 0.1), ("gain_rate", 1, 9.0))
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"value": pl.Float64, "usual": pl.Float64})


def drift(*shifts):
    rows = [
        {"cutoff": C, "division": division, "slice": "all", "measure": measure, "item": item,
         "value": value, "threshold": 0.25, "null_high": 0.1, "usual": None, "is_alarm": alarm}
        for division, measure, item, value, alarm in shifts
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"value": pl.Float64, "usual": pl.Float64})


SHIFTS = drift(
    ("pdm", "feature_psi", "x1", 0.1, False),
    ("pdm", "feature_psi", "x2", 0.4, True),
    ("pdm", "prior_shift", "", -0.7, True),
    ("cam", "feature_psi", "x1", 0.05, False),
    ("cam", "prior_shift", "", 0.2, False),
)


def test_a_target_has_its_measures_its_worst_feature_and_its_alarms():
    row = target_metrics(forward(pdm=0.8, cam=0.7), SHIFTS).filter(division="pdm").to_dicts()[0]
    assert (row["auc"], row["base_rate"], row["feature_psi"]) == (0.8, 0.1, 0.4)
    assert (row["worst_feature"], row["alarm_count"], row["prior_shift"]) == ("x2", 2, -0.7)


def test_the_worst_division_is_the_lowest_of_what_is_good_and_the_furthest_of_what_moved():
    summary = summarise_targets(target_metrics(forward(pdm=0.8, cam=0.7), SHIFTS))
    known = {r["measure"]: (r["mean"], r["worst"], r["worst_division"]) for r in summary.to_dicts()}
    assert known["auc"] == (0.75, 0.7, "cam")
    assert known["prior_shift"] == (pytest.approx(-0.25), -0.7, "pdm")
    assert known["base_rate"] == (pytest.approx(0.1), None, None)
    assert judge(VALIDATION_SUMMARY, summary).passed


def test_what_no_division_has_is_left_out():
    nothing = drift(("pdm", "feature_psi", "", None, False))
    summary = summarise_targets(target_metrics(forward(pdm=None), nothing))
    assert summary["measure"].to_list() == ["base_rate"]


def test_nothing_known_is_an_empty_table_and_no_picture():
    metrics = target_metrics(forward(pdm=0.5).clear(), SHIFTS.clear())
    assert judge(VALIDATION_SUMMARY, summarise_targets(metrics)).passed
    assert heat_map_of(SHIFTS.clear(), "2024-06-30") == {}


def test_the_order_of_rows_changes_nothing():
    both = forward(pdm=0.7, cam=0.7)
    assert summarise_targets(target_metrics(both, SHIFTS)).equals(
        summarise_targets(target_metrics(both.reverse(), SHIFTS.reverse()))
    )


def test_hostile_names_are_escaped_beside_the_picture():
    shifts = SHIFTS.with_columns(division=pl.lit("<img src=x onerror=alert(1)> $x^2$"))
    text = heat_map_of(shifts, "2024 <b>")["plot"].value
    assert "<b>" not in text
