"""What has moved since training: drawn worlds with and without a shift."""

import dataclasses
import datetime as dt

import numpy as np
import polars as pl
import pytest

from gosales_assets.models.bundle.held_out import SCHEMA
from gosales_assets.models.drift.drift import Trained, build_drift
from gosales_assets.models.drift.reference import (
    reference_inputs,
    reference_scores,
    usual_distance,
    usual_index,
    usual_shift,
)
from gosales_checks.contracts.contract import judge
from gosales_checks.contracts.drift import DRIFT
from gosales_checks.verdicts.drift import judge_drift
from gosales_resources.settings.validation import ValidationSettings

CUTOFFS = [dt.date(2023, 3, 31), dt.date(2023, 6, 30), dt.date(2023, 9, 30)]
C, N = dt.date(2024, 6, 30), 1500
FEATURES = [f"x{i}" for i in range(20)]
SETTINGS = ValidationSettings()


def inputs(seed, **moved):
    rng = np.random.default_rng(seed)
    table = {name: rng.poisson(1.5, N) * rng.random(N) for name in FEATURES}
    return pl.DataFrame({"customer_id": [f"c{i:05}" for i in range(N)]} | table | moved)


def probabilities(seed):
    return np.random.default_rng(seed).beta(1, 9, N)


def trained(seed=1):
    p = probabilities(seed)
    label = (np.random.default_rng(seed + 100).random(N) < p).astype(np.int8)
    held = {"cutoff": [dt.date(2023, 6, 30)] * N, "ties": np.arange(N, dtype=np.uint64),
            "is_whitespace": np.arange(N) % 4 > 0, "label": label,
            "net_value_window": label * 100.0, "margin": p, "p": p}  # fmt: skip
    held_out = pl.DataFrame(held).select(pl.col(n).cast(t) for n, t in SCHEMA.items())
    return Trained(known_inputs(seed), known_scores(p, held_out), held_out)


def known_scores(p, held_out):
    days = pl.Series("cutoff", [CUTOFFS[i % 3] for i in range(len(p))])
    return reference_scores(p, days, held_out["is_whitespace"].to_numpy())


def known_inputs(seed, **moved):
    days = pl.Series("cutoff", [CUTOFFS[i % 3] for i in range(N)])
    return reference_inputs(inputs(seed, **moved).with_columns(days), FEATURES)


def measured(features=None, p=None, label=None, censored=False, told=None, value=100.0):
    p = probabilities(2) if p is None else p
    drawn = (np.random.default_rng(3).random(N) < p).astype(np.int8)
    label = drawn if label is None else label
    rows = pl.DataFrame(
        {"customer_id": [f"c{i:05}" for i in range(N)], "division": "pdm", "cutoff": C,
         "is_whitespace": np.arange(N) % 4 > 0, "p_icp": p, "conditional_value": value,
         "label": label, "net_value_window": label * 100.0, "is_censored": censored}
    ).lazy()  # fmt: skip
    features = inputs(4) if features is None else features
    return build_drift(told or trained(), features.lazy(), rows, rows, rows, SETTINGS)


def alarms(drift):
    return drift.filter("is_alarm").select("measure", "slice", "item").rows()


def test_a_quiet_world_has_a_figure_for_everything_and_no_alarm():
    drift = measured()
    assert set(drift["status"]) == {"ok"}
    assert drift.height == 20 + 2 * 4
    assert alarms(drift) == []
    assert judge(DRIFT, drift).passed


@pytest.mark.parametrize(
    "column",
    [np.zeros(N), np.full(N, np.nan), np.random.default_rng(4).poisson(1.5, N) * 5.0],
    ids=["all zero", "all missing", "five-fold"],
)
def test_a_feature_that_moved_is_named_alone(column):
    drift = measured(inputs(4, x7=column))
    assert alarms(drift) == [("feature_psi", "all", "x7")]


def test_a_rare_value_that_rose_five_fold_is_named():
    rng = np.random.default_rng(6)
    rare = np.where(rng.random(N) < 0.05, rng.lognormal(3, 0.5, N), 0.0)
    before = dataclasses.replace(trained(), inputs=known_inputs(1, x7=rare))
    assert alarms(measured(inputs(4, x7=rare), told=before)) == []
    many = np.where(rng.random(N) < 0.25, rng.lognormal(3, 0.5, N), 0.0)
    assert alarms(measured(inputs(4, x7=many), told=before)) == [("feature_psi", "all", "x7")]


def test_probabilities_that_moved_are_named():
    drift = measured(p=np.minimum(2.5 * probabilities(2), 0.99))
    assert ("score_ks", "all", "") in alarms(drift)


def test_a_rate_that_doubled_is_named_with_its_calibration():
    label = (np.random.default_rng(3).random(N) < 2.2 * probabilities(2)).astype(np.int8)
    drift = measured(label=label)
    assert {m for m, _, _ in alarms(drift)} == {"prior_shift", "cal_mae"}


def test_money_from_the_wrong_end_is_named():
    p = probabilities(2)
    label = (p < np.quantile(p, 0.1)).astype(np.int8)
    assert ("value_psi", "all", "") in alarms(measured(label=label))


def test_before_the_window_has_ended_no_outcome_is_looked_at():
    drift = measured(censored=True).filter(pl.col("measure") != "feature_psi")
    known = dict(drift.filter(slice="all").select("measure", "status").rows())
    assert known == {"score_ks": "ok", "prior_shift": "censored", "value_psi": "censored",
                     "cal_mae": "censored"}  # fmt: skip


def test_outcomes_before_the_end_change_nothing():
    ones = np.ones(N, dtype=np.int8)
    assert measured(censored=True).equals(measured(censored=True, label=ones))


def test_without_a_model_nothing_is_held_against_anything():
    known = trained()
    nothing = Trained(known.inputs.clear(), known.scores.clear(), known.held_out.clear())
    drift = measured(told=nothing)
    assert set(drift["status"]) == {"no_reference"}
    assert drift["value"].null_count() == drift.height
    assert judge(DRIFT, drift).passed


def test_few_rows_are_no_alarm_where_chance_shows_as_much():
    label = np.zeros(N, dtype=np.int8)
    label[:3] = 1
    few = trained()
    p, some = few.held_out["p"].head(12).to_numpy(), few.held_out.head(12)
    tiny = Trained(few.inputs.with_columns(customer_count=pl.lit(12)), known_scores(p, some), some)
    assert "score_ks" not in {m for m, _, _ in alarms(measured(told=tiny))}


def test_the_order_of_rows_changes_nothing():
    assert measured(inputs(4)).equals(measured(inputs(4).reverse()))


def test_a_value_that_is_new_at_every_cutoff_is_no_news():
    days = [CUTOFFS[i % 3] for i in range(N)]
    lifts = {day: at + 2.0 for at, day in enumerate(CUTOFFS)}
    before = known_inputs(1, x7=[lifts[day] for day in days])
    told = dataclasses.replace(trained(), inputs=before)
    drift = measured(inputs(4, x7=np.full(N, 9.0)), told=told)
    assert alarms(drift) == []
    found = drift.filter(item="x7").row(0, named=True)
    assert found["usual"] >= found["value"] > 1


def test_a_tenure_that_only_grows_is_no_news_and_one_that_jumps_is():
    days = np.array([CUTOFFS[i % 3].toordinal() for i in range(N)])
    start = CUTOFFS[0].toordinal() - np.random.default_rng(8).integers(0, 1500, N)
    told = dataclasses.replace(trained(), inputs=known_inputs(1, x7=(days - start).astype(float)))
    grown = (C.toordinal() - start).astype(float)
    assert alarms(measured(inputs(4, x7=grown), told=told)) == []
    assert alarms(measured(inputs(4, x7=grown + 6000), told=told)) == [("feature_psi", "all", "x7")]


def test_two_training_cutoffs_are_too_few_to_say_what_is_usual():
    one = pl.select(**usual_shift(CUTOFFS[:2], lambda t: 0.5, 2)).row(0)
    assert one == (None, None, dt.date(2023, 5, 16))


def test_what_is_usual_is_drawn_out_by_the_square_of_the_days():
    found = pl.select(**usual_shift(CUTOFFS, lambda t: 0.1, 2)).row(0, named=True)
    gap = (CUTOFFS[2] - CUTOFFS[0]).days - (CUTOFFS[1] - CUTOFFS[0]).days / 2
    assert found["usual"] == 0.1
    grown = 0.1 * ((C - CUTOFFS[1]).days / gap) ** 2
    assert usual_index(found, C, 0.25) == pytest.approx(2 * grown, rel=0.05)
    distance = pl.select(**usual_shift(CUTOFFS, lambda t: 0.1, 1)).row(0, named=True)
    assert usual_distance(distance, C) == pytest.approx(0.1 * (C - CUTOFFS[1]).days / gap, rel=0.05)


def test_an_input_that_jumps_from_cutoff_to_cutoff_has_to_jump_much_further():
    """A share of one division: in its training cutoffs alone the index is above the threshold."""
    draw = np.random.default_rng(6)
    days = np.array([i % 3 for i in range(N)])
    shares = draw.random(N) * np.array([1.0, 0.9, 0.75])[days]
    told = dataclasses.replace(trained(), inputs=known_inputs(1, x7=shares))
    drift = measured(inputs(4, x7=draw.random(N) * 0.6), told=told)
    found = drift.filter(item="x7").row(0, named=True)
    assert found["value"] > 2 * SETTINGS.psi_max
    assert alarms(drift) == []
    gone = measured(inputs(4, x7=np.zeros(N)), told=told)
    assert alarms(gone) == [("feature_psi", "all", "x7")]


def test_findings_name_shift_threshold_and_chance():
    drift = measured(inputs(4, x7=np.zeros(N)))
    (told,) = judge_drift(drift, "feature_psi")
    assert told.startswith("feature_psi of x7 (all): ")
    assert "threshold 0.25, chance shows up to" in told
    assert judge_drift(drift, "score_ks") == {}


def test_quiet_worlds_alarm_in_less_than_one_in_a_hundred():
    told = trained()
    found = [
        bool(alarms(measured(inputs(50 + s), probabilities(90 + s), told=told))) for s in range(30)
    ]
    assert sum(found) == 0
