"""Intervals from resampled customers, and all that is reported of one list."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss

from gosales_checks.measures.calibration import brier
from gosales_checks.measures.corp import corp
from gosales_checks.measures.intervals import (
    bootstrap_intervals,
    draws_made,
    interval_of,
    resample_weights,
)
from gosales_checks.measures.sample import Sample
from gosales_checks.measures.summary import MEASURES, evaluate
from tests.unit.checks.measures.scored import CASES, sample_of, scored


def test_every_draw_is_a_sample_of_as_many_customers():
    weights = np.concatenate(list(resample_weights(1000, 7, seed=1)))
    assert weights.shape == (7, 1000)
    assert (weights.sum(axis=1) == 1000).all()
    again = np.concatenate(list(resample_weights(1000, 7, seed=1)))
    assert np.array_equal(weights, again)


@given(st.integers(1, 10**8), st.integers(50, 2000))
def test_a_large_list_gets_fewer_draws_and_never_too_few(n, draws):
    made = draws_made(n, draws)
    assert min(draws, 200) <= made <= draws


def test_the_interval_of_a_rate_is_the_one_of_the_normal_approximation():
    y = np.array([1.0] * 200 + [0.0] * 800)
    sample = Sample(y, np.full(1000, 0.2), np.arange(1000))
    found = bootstrap_intervals(sample, ["base_rate"], draws=2000, seed=3)["base_rate"]
    half = norm.ppf(0.975) * math.sqrt(0.2 * 0.8 / 1000)
    assert found.low == pytest.approx(0.2 - half, abs=0.003)
    assert found.high == pytest.approx(0.2 + half, abs=0.003)


def test_intervals_of_auc_hold_the_truth_about_as_often_as_they_say():
    # Binormal scores one standard deviation apart: the AUC is Phi(1 / sqrt 2).
    truth, held = norm.cdf(1 / math.sqrt(2)), 0
    for seed in range(100):
        draw = np.random.default_rng(seed)
        y = (draw.random(300) < 0.3).astype(float)
        sample = Sample(y, norm.cdf(draw.normal(y, 1.0)), np.arange(300))
        found = bootstrap_intervals(sample, ["auc"], draws=200, seed=seed)["auc"]
        held += found.low <= truth <= found.high
    assert 88 <= held <= 99


def test_rows_of_one_customer_are_drawn_together():
    # The same 300 customers, each row four times: four times the rows say no more.
    y, p, ties, _ = scored(300, 6)
    four = [np.tile(values, 4) for values in (y, p, ties)]
    lists = [Sample(y, p, ties), Sample(*four, customer=four[2]), Sample(*four)]
    once, together, apart = (
        bootstrap_intervals(one, ["auc", "brier"], draws=400, seed=5) for one in lists
    )
    for name in ("auc", "brier"):
        width = {k: r[name].high - r[name].low for k, r in enumerate((once, together, apart))}
        assert together[name].value == pytest.approx(once[name].value)
        assert width[1] == pytest.approx(width[0], rel=0.2)
        assert width[2] < 0.7 * width[0]


def test_a_measure_without_a_name_is_refused_with_those_that_have_one():
    with pytest.raises(ValueError, match=r"found gini; legal are base_rate, auc"):
        bootstrap_intervals(sample_of(CASES["small"]), ["gini"], draws=50, seed=1)


@pytest.mark.parametrize(
    ("value", "undefined", "wanted"),
    [(math.nan, 0, [math.nan] * 3), (0.5, 50, [0.5, math.nan, math.nan])],
    ids=["on the sample", "on half of the resamples"],
)
def test_an_undefined_measure_has_no_interval(value, undefined, wanted):
    drawn = np.r_[np.full(undefined, math.nan), np.linspace(0, 1, 100 - undefined)]
    found = interval_of(value, drawn)
    assert [found.value, found.low, found.high] == pytest.approx(wanted, nan_ok=True)


@given(st.floats(0, 1), st.lists(st.floats(0, 1), min_size=3))
def test_a_reflected_interval_holds_its_value_and_nothing_below_zero(value, drawn):
    found = interval_of(value, np.array(drawn), reflected=True)
    assert 0.0 <= found.low <= found.value <= found.high


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_the_corp_parts_are_the_brier_score_taken_apart(case):
    y, p, _, _ = case
    parts = corp(y, p)
    whole = parts.miscalibration - parts.discrimination + parts.uncertainty
    assert whole == pytest.approx(brier_score_loss(y, p), rel=1e-12)
    # The recalibration is the isotonic regression of scikit-learn.
    fitted = IsotonicRegression().fit_transform(p, y)
    assert brier(y, p) - parts.miscalibration == pytest.approx(brier_score_loss(y, fitted))
    # A monotone change of the probabilities changes what is miscalibrated and nothing else.
    bent = corp(y, p**2)
    assert bent.discrimination == pytest.approx(parts.discrimination, abs=1e-12)
    assert bent.miscalibration > parts.miscalibration


def test_an_undefined_measure_is_nan_and_never_a_number():
    nobody = Sample(np.zeros(20), np.full(20, 0.1), np.arange(20))
    rows = {r.measure: r for r in evaluate(nobody, draws=50, seed=1)}
    assert math.isnan(rows["auc"].value)
    assert math.isnan(rows["lift_10"].value)
    assert rows["brier"].value == pytest.approx(0.01)
    none = Sample(np.empty(0), np.empty(0), np.empty(0, dtype=int))
    empty = evaluate(none, draws=50, seed=1)
    assert empty[0].value == 0
    assert all(math.isnan(r.value) for r in empty[2:])


def test_all_measures_are_reported_in_one_order():
    found = evaluate(sample_of(CASES["small"]), draws=50, seed=1)
    assert tuple(row.measure for row in found) == MEASURES


def test_without_values_no_revenue_lift_is_reported():
    found = evaluate(Sample(*CASES["small"][:3]), draws=50, seed=1)
    assert [m for m in MEASURES if not m.startswith("revenue")] == [r.measure for r in found]


def test_row_order_does_not_show_in_a_single_bit():
    case = CASES["tied"]
    order = np.random.default_rng(8).permutation(len(case[0]))
    first = evaluate(sample_of(case), draws=60, seed=2)
    second = evaluate(sample_of(tuple(column[order] for column in case)), draws=60, seed=2)
    assert repr(first) == repr(second)
