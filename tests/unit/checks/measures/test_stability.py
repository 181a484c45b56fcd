"""Stability, distances and their nulls against SciPy, loops and drawn worlds."""

import math

import numpy as np
import pytest
from scipy.stats import false_discovery_control, ks_2samp

from gosales_checks.measures.calibration import weighted_cal_mae
from gosales_checks.measures.resamples import SampleResamples
from gosales_checks.measures.sample import Sample
from gosales_checks.measures.stability import (
    benjamini_hochberg,
    ks_distance,
    ks_null,
    perfect_cal_mae,
    psi,
    psi_null,
    psi_p_value,
    value_psi,
)


def drawn(seed):
    return np.random.default_rng(seed)


def test_psi_is_the_sum_over_bins_of_difference_times_log_ratio():
    before, after = [40, 30, 20, 10, 0], [10, 20, 30, 38, 2]
    total = 0.0
    for a, b in zip(before, after, strict=True):
        p, q = (a + 0.5) / (100 + 2.5), (b + 0.5) / (100 + 2.5)
        total += (q - p) * math.log(q / p)
    assert psi(np.array(before), np.array(after)) == pytest.approx(total, rel=1e-12)


def test_psi_is_symmetric_when_both_have_as_many_rows():
    a, b = np.array([5, 10, 85]), np.array([20, 30, 50])
    assert psi(a, b) == pytest.approx(psi(b, a), rel=1e-12)


@pytest.mark.parametrize("empty", [([0, 0], [1, 2]), ([1, 2], [0, 0])], ids=["before", "after"])
def test_psi_of_nothing_is_not_a_number(empty):
    assert math.isnan(psi(*map(np.array, empty)))


@pytest.mark.parametrize(("n", "m", "bins"), [(2000, 500, 10), (5000, 5000, 4), (400, 300, 10)])
def test_without_a_shift_one_index_in_a_hundred_is_beyond_its_null(n, m, bins):
    rng, rates = drawn(1), np.full(bins, 1 / bins)
    found = [
        psi(a, b)
        for a, b in zip(
            rng.multinomial(n, rates, size=4000), rng.multinomial(m, rates, size=4000), strict=True
        )
    ]
    assert 0.005 <= np.mean(np.array(found) > psi_null(n, m, bins)) <= 0.015


def test_chance_of_an_index_at_its_null_is_one_in_a_hundred():
    assert psi_p_value(psi_null(700, 300, 8), 700, 300, 8) == pytest.approx(0.01)


@pytest.mark.parametrize("ties", [False, True])
def test_the_distance_is_that_of_scipy(ties):
    a, b = drawn(2).normal(size=300), drawn(3).normal(0.3, size=200)
    if ties:
        a, b = a.round(1), b.round(1)
    assert ks_distance(a, b) == pytest.approx(ks_2samp(a, b).statistic, abs=1e-12)


def test_distance_to_nothing_is_not_a_number():
    assert math.isnan(ks_distance(np.empty(0), np.ones(3)))


@pytest.mark.parametrize("levels", [3, 20, None], ids=["three values", "twenty", "no ties"])
def test_without_a_shift_one_distance_in_a_hundred_is_beyond_its_null(levels):
    rng, beyond = drawn(4), 0
    for seed in range(400):
        a, b = rng.random(300), rng.random(200)
        if levels:
            a, b = np.floor(a * levels), np.floor(b * levels)
        beyond += ks_distance(a, b) > ks_null(a, b, seed=seed)
    assert beyond <= 12


def test_ties_make_chance_smaller():
    a, b = drawn(5).random(500), drawn(6).random(500)
    tied = ks_null(np.floor(a * 3), np.floor(b * 3), seed=1)
    assert tied < ks_null(a, b, seed=1)


def test_adjusted_p_values_are_those_of_scipy():
    p = drawn(7).random(50) ** 3
    assert benjamini_hochberg(p) == pytest.approx(false_discovery_control(p), rel=1e-12)


def test_a_perfect_model_stays_below_its_null():
    p = drawn(8).beta(1, 12, size=600)
    ties, null = np.arange(600, dtype=np.uint64), perfect_cal_mae(p, np.arange(600), seed=1)
    rng, errors = drawn(9), []
    for _ in range(400):
        sample = Sample((rng.random(600) < p).astype(float), p, ties)
        errors.append(float(weighted_cal_mae(SampleResamples(sample))[0]))
    assert np.mean(np.array(errors) > null) <= 0.03
    assert np.mean(np.array(errors) > 0.7 * null) >= 0.02


def test_money_that_falls_as_expected_stays_below_its_null():
    rng, beyond = drawn(10), 0
    for _ in range(300):
        p, value = rng.beta(1, 9, size=1500), rng.lognormal(6, 0.8, size=1500)
        won = (rng.random(1500) < p) * value * rng.lognormal(-0.125, 0.5, size=1500)
        found, null = value_psi(p * value, won, np.arange(1500))
        beyond += found > null
    assert beyond <= 9


def test_money_from_where_none_was_expected_is_beyond_its_null():
    expected = np.linspace(0.1, 100, 1000)
    won = np.where(np.arange(1000) < 300, 50.0, 0.0)
    found, null = value_psi(expected, won, np.arange(1000))
    assert found > 0.25
    assert found > null


def test_money_without_a_purchase_is_no_figure():
    assert all(map(math.isnan, value_psi(np.ones(5), np.zeros(5), np.arange(5))))
