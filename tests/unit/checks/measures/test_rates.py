"""Probabilities moved to a rate, and intervals held against rates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.special import logit as logit_of

from gosales_assets.models.calibration.band import Band, Sampling
from gosales_checks.measures.rates import at_level, holds, moved_to_rate

probabilities = st.lists(st.floats(0.001, 0.999), min_size=1, max_size=20)


@given(probabilities, st.floats(0.001, 0.999))
def test_the_moved_mean_is_the_rate_and_all_odds_changed_by_one_factor(p, rate):
    moved = moved_to_rate(np.array(p), rate)
    assert moved.mean() == pytest.approx(rate, abs=1e-9)
    assert np.ptp(logit_of(moved) - logit_of(np.array(p))) < 1e-6


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_division_in_which_all_did_the_same_is_moved_to_it(rate):
    assert moved_to_rate(np.array([0.2, 0.9]), rate).tolist() == [rate, rate]


@pytest.mark.parametrize("wanted", [0.8, 0.9, 0.95])
def test_an_interval_of_another_level_is_the_one_the_model_would_have_given(wanted):
    sampling = Sampling(intercept=0.01, cross=0.002, slope=0.004)
    band = Band(sampling, sampling, misfit=0.02, shift=0.05, whitespace_level_shift=0.05)
    p, white = np.array([0.01, 0.3, 0.8]), np.ones(3)
    ends, other = band.interval(p, white, 0.9), band.interval(p, white, wanted)
    for end, right in zip(ends, other, strict=True):
        assert at_level(p, end, 0.9, wanted) == pytest.approx(right, rel=1e-9)


def shares_held(level: float, *, widened: bool) -> float:
    """Let true logits miss the stated ones as the interval says, and then draw outcomes."""
    draw, n, sigma, held = np.random.default_rng(11), 80, 0.3, 0
    p = np.full(n, 0.25)
    ends = (expit(logit_of(0.25) + sign * 1.6448536 * sigma) for sign in (-1, 1))
    low, high = (at_level(p, np.full(n, end), 0.9, level) for end in ends)
    for _ in range(2000):
        true = expit(logit_of(0.25) + sigma * draw.normal())
        rate = draw.binomial(n, true) / n
        held += holds(rate, p, low, high, level if widened else None)
    return held / 2000


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_intervals_widened_by_the_noise_of_outcomes_hold_as_often_as_they_say(level):
    assert shares_held(level, widened=True) == pytest.approx(level, abs=0.025)


def test_intervals_that_forget_the_noise_of_outcomes_do_not():
    assert shares_held(0.9, widened=False) < 0.82


def test_a_true_rate_is_held_or_not_without_any_noise():
    p, low, high = np.full(4, 0.2), np.full(4, 0.15), np.full(4, 0.3)
    assert [holds(rate, p, low, high) for rate in (0.14, 0.15, 0.3, 0.31)] == [
        False,
        True,
        True,
        False,
    ]
