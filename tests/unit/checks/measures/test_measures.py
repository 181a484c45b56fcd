"""Measures: against scikit-learn, against plain counting, and over resamples."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from gosales_checks.measures.calibration import (
    brier,
    cal_mae,
    calibration_bins,
    cox_slope_intercept,
    ece,
    log_loss,
)
from gosales_checks.measures.corp import corp
from gosales_checks.measures.intervals import bootstrap_intervals, draws_made, resample_weights
from gosales_checks.measures.ranking import (
    auc,
    gains,
    lift_at,
    pr_auc,
    revenue_lift_at,
    tie_breaker,
    top_count,
)
from gosales_checks.measures.summary import MEASURES, evaluate
from gosales_checks.measures.weighted import STATISTICS, Resamples, Sample


def scored(n: int = 400, seed: int = 0, levels: int | None = None) -> tuple[np.ndarray, ...]:
    """Draw outcomes, their stated probabilities (tied when `levels`), ties and values."""
    draw = np.random.default_rng(seed)
    p = draw.beta(1, 5, n)
    if levels:
        p = np.round(p * levels) / levels
    y = (draw.random(n) < p).astype(float)
    return y, np.clip(p, 0.001, 0.999), draw.permutation(n), y * draw.integers(1, 900, n)


CASES = [scored(), scored(seed=1, levels=8), scored(57, 2), scored(400, 3, 3)]


@pytest.mark.parametrize("case", CASES)
def test_measures_agree_with_scikit_learn(case):
    y, p, _, _ = case
    assert auc(y, p) == pytest.approx(roc_auc_score(y, p), rel=1e-12)
    assert pr_auc(y, p) == pytest.approx(average_precision_score(y, p), rel=1e-12)
    assert brier(y, p) == pytest.approx(brier_score_loss(y, p), rel=1e-12)
    assert log_loss(y, p) == pytest.approx(sklearn_log_loss(y, p), rel=1e-12)


def test_lift_counts_the_top_and_rounds_its_size_up():
    y = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    score = np.linspace(1, 0, 11)
    assert top_count(11, 0.1) == 2
    assert lift_at(y, score, np.arange(11), 0.1) == pytest.approx(1.0 / (2 / 11))
    value = np.array([0.0, 300, 100, 0, 0, 0, 0, 0, 0, 0, 0])
    assert revenue_lift_at(value, score, np.arange(11), 0.1) == pytest.approx(0.75 * 11 / 2)


def test_a_tenth_of_thirty_is_three():
    # 0.1 * 30 is a little more than 3 in binary.
    assert top_count(30, 0.1) == 3


def test_equal_scores_are_ranked_by_the_customer_and_not_by_their_place():
    ids = [f"c{i}" for i in range(60)]
    y, score = np.array([1.0] * 30 + [0.0] * 30), np.full(60, 0.5)
    found = set()
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(60)
        ties = tie_breaker([ids[i] for i in order])
        found.add(lift_at(y[order], score[order], ties, 0.2))
    assert len(found) == 1
    # The order of ids is no luck of the buyers, who come first in it.
    assert found.pop() < 2.0


def test_gains_add_up_to_everyone():
    y, p, ties, _ = CASES[0]
    table = gains(y, p, ties)
    assert table["n"].sum() == len(y)
    assert table["positives"].sum() == y.sum()
    assert table["capture"][-1] == pytest.approx(1.0)
    assert table["lift"][0] == pytest.approx(lift_at(y, p, ties, 0.1))


def test_calibration_error_of_stated_bins_is_what_it_is_by_hand():
    y = np.array([0, 1, 1, 1])
    p = np.array([0.2, 0.3, 0.6, 0.9])
    # Two bins of two: stated .25 against .5, stated .75 against 1.
    assert cal_mae(y, p, np.arange(4), bins=2) == pytest.approx(0.25)
    # Widths of .5: the same rows here.
    assert ece(y, p, bins=2) == pytest.approx(0.25)
    table = calibration_bins(y, p, np.arange(4), bins=2)
    assert table["observed_rate"].tolist() == [0.5, 1.0]


def test_calibration_error_sees_an_overconfident_model():
    y, p, ties, _ = scored(5000, 4)
    assert cal_mae(y, p, ties) < 0.02
    assert cal_mae(y, np.clip(p * 2, 0, 0.99), ties) > 0.1


def test_cox_slope_is_an_unpenalised_logistic_regression_on_the_logit():
    y, p, _, _ = scored(3000, 5)
    x = np.log(p / (1 - p))[:, None]
    fit = LogisticRegression(C=np.inf, tol=1e-10).fit(x, y)
    slope, intercept = cox_slope_intercept(y, p)
    assert slope == pytest.approx(fit.coef_[0, 0], rel=1e-4)
    assert intercept == pytest.approx(fit.intercept_[0], abs=1e-3)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", [n for n in STATISTICS if not n.startswith("cox")])
def test_a_weighted_measure_is_the_measure_of_the_repeated_rows(case, name):
    y, p, ties, value = case
    weights = next(resample_weights(len(y), 3, seed=9))
    sample = Sample(y, p, ties, value=value)
    order = np.lexsort((ties, -p))
    # A weight belongs to a row of the sample's own order.
    assert np.array_equal(sample.p, p[order])
    found = STATISTICS[name](Resamples(sample, weights))
    for row, got in zip(weights.astype(int), found, strict=True):
        again = np.repeat(order, row)
        repeated = (y[again], p[again], np.arange(len(again)))
        wanted = {
            "base_rate": lambda y, p, t: y.mean(),
            "auc": lambda y, p, t: auc(y, p),
            "pr_auc": lambda y, p, t: pr_auc(y, p),
            "brier": lambda y, p, t: brier(y, p),
            "log_loss": lambda y, p, t: log_loss(y, p),
            "lift_5": lambda y, p, t: lift_at(y, p, t, 0.05),
            "lift_10": lambda y, p, t: lift_at(y, p, t, 0.10),
            "lift_20": lambda y, p, t: lift_at(y, p, t, 0.20),
            **{
                f"revenue_lift_{k}": lambda y, p, t, v=value[again], k=k: revenue_lift_at(
                    v, p, t, k / 100
                )
                for k in (5, 10, 20)
            },
            "cal_mae": cal_mae,
            "ece": lambda y, p, t: ece(y, p),
        }[name](*repeated)
        assert got == pytest.approx(wanted, rel=1e-9), name


def test_every_draw_is_a_sample_of_as_many_customers():
    blocks = list(resample_weights(1000, 7, seed=1))
    weights = np.concatenate(blocks)
    assert weights.shape == (7, 1000)
    assert (weights.sum(axis=1) == 1000).all()
    again = np.concatenate(list(resample_weights(1000, 7, seed=1)))
    assert np.array_equal(weights, again)


def test_the_interval_of_a_rate_is_the_one_of_the_normal_approximation():
    y = np.array([1.0] * 200 + [0.0] * 800)
    found = bootstrap_intervals(
        y, np.full(1000, 0.2), np.arange(1000), draws=2000, seed=3, measures=["base_rate"]
    )["base_rate"]
    half = norm.ppf(0.975) * math.sqrt(0.2 * 0.8 / 1000)
    assert found.low == pytest.approx(0.2 - half, abs=0.003)
    assert found.high == pytest.approx(0.2 + half, abs=0.003)


def test_intervals_of_auc_hold_the_truth_about_as_often_as_they_say():
    # Binormal scores one standard deviation apart: the AUC is Phi(1 / sqrt 2).
    truth, held = norm.cdf(1 / math.sqrt(2)), 0
    for seed in range(100):
        draw = np.random.default_rng(seed)
        y = (draw.random(300) < 0.3).astype(float)
        score = norm.cdf(draw.normal(y, 1.0))
        found = bootstrap_intervals(
            y, score, np.arange(300), draws=200, seed=seed, measures=["auc"]
        )["auc"]
        held += found.low <= truth <= found.high
    assert 88 <= held <= 99


def test_rows_of_one_customer_are_drawn_together():
    # The same 300 customers, each row four times: four times the rows say no more.
    y, p, ties, _ = scored(300, 6)
    options = {"draws": 400, "seed": 5, "measures": ["auc", "brier"]}
    once = bootstrap_intervals(y, p, ties, **options)
    four = [np.tile(values, 4) for values in (y, p, ties)]
    together = bootstrap_intervals(*four, **options, customer=four[2])
    apart = bootstrap_intervals(*four, **options)
    for name in ("auc", "brier"):
        width = {k: r[name].high - r[name].low for k, r in enumerate((once, together, apart))}
        assert together[name].value == pytest.approx(once[name].value)
        assert width[1] == pytest.approx(width[0], rel=0.2)
        assert width[2] < 0.7 * width[0]


@pytest.mark.parametrize("case", CASES)
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
    rows = {
        r.measure: r
        for r in evaluate(np.zeros(20), np.full(20, 0.1), np.arange(20), draws=50, seed=1)
    }
    assert math.isnan(rows["auc"].value)
    assert math.isnan(rows["lift_10"].value)
    assert rows["brier"].value == pytest.approx(0.01)
    empty = evaluate(np.empty(0), np.empty(0), np.empty(0, dtype=int), draws=50, seed=1)
    assert empty[0].value == 0
    assert all(math.isnan(r.value) for r in empty[2:])


def test_all_measures_are_reported_in_one_order():
    y, p, ties, value = CASES[2]
    assert tuple(r.measure for r in evaluate(y, p, ties, draws=50, seed=1, value=value)) == MEASURES


@given(st.integers(1, 10**8), st.integers(50, 2000))
def test_a_large_list_gets_fewer_draws_and_never_too_few(n, draws):
    made = draws_made(n, draws)
    assert min(draws, 200) <= made <= draws


def test_row_order_does_not_show_in_a_single_bit():
    y, p, ties, value = CASES[1]
    order = np.random.default_rng(8).permutation(len(y))
    first = evaluate(y, p, ties, draws=60, seed=2, value=value)
    second = evaluate(y[order], p[order], ties[order], draws=60, seed=2, value=value[order])
    assert repr(first) == repr(second)
