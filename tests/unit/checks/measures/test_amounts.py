"""Measures of predicted amounts, beside loops that say the same."""

import numpy as np
import pytest

from gosales_checks.measures.amounts import decile_ratios, normalised_gini


def drawn(n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(2)
    actual = np.exp(draw.normal(size=n))
    return np.round(actual * np.exp(draw.normal(size=n)), 1), actual, draw.integers(0, 4, n) * 1.0


def test_tenths_are_those_of_sorted_rows():
    predicted, actual, _ = drawn()
    order = sorted(range(400), key=lambda i: (predicted[i], i))
    tenths = [order[40 * k : 40 * k + 40] for k in range(10)]
    plain = [sum(predicted[i] for i in one) / sum(actual[i] for i in one) for one in tenths]
    assert decile_ratios(predicted, actual, np.ones(400), np.arange(400)) == pytest.approx(plain)


def test_a_weight_is_so_many_rows():
    predicted, actual, weights = drawn()
    rows = np.repeat(np.arange(400), weights.astype(int))
    weighted = normalised_gini(predicted, actual, weights)
    repeated = normalised_gini(predicted[rows], actual[rows], np.ones(rows.size))
    assert weighted == pytest.approx(repeated)


def test_gini_is_the_share_of_pairs_weighed_by_their_difference():
    predicted, actual, _ = (x[:80] for x in drawn())
    sign = np.sign(predicted[:, None] - predicted[None, :])
    gap = actual[:, None] - actual[None, :]
    plain = (sign * gap).sum() / np.abs(gap).sum()
    assert normalised_gini(predicted, actual, np.ones(80)) == pytest.approx(plain)


def test_equal_amounts_have_no_order():
    assert np.isnan(normalised_gini(np.arange(3.0), np.ones(3), np.ones(3)))


def test_a_tenth_in_which_nothing_came_has_no_ratio():
    ratios = decile_ratios(np.arange(20.0), np.arange(20.0) // 4, np.ones(20), np.arange(20))
    assert np.isnan(ratios[:2]).all()
    assert np.isfinite(ratios[2:]).all()
