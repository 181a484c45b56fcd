"""Each measure: against scikit-learn, SciPy or counting by hand, with weights and without."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression

from gosales_checks.measures.calibration import brier, calibration_bins, weighted_cal_mae, wilson
from gosales_checks.measures.cox import cox_slope_intercept
from gosales_checks.measures.ordering import top_count
from gosales_checks.measures.ranking import (
    auc,
    gains,
    lift_at,
    tie_breaker,
    weighted_auc,
    weighted_lift,
    weighted_revenue_lift,
)
from gosales_checks.measures.registry import STATISTICS
from gosales_checks.measures.resamples import Resamples, SampleResamples, cut, sums_between
from gosales_checks.measures.sample import Ranking, Sample
from tests.unit.checks.measures.scored import (
    CASES,
    by_definition,
    lift,
    newton_step,
    sample_of,
    scored,
)

COUNTED = [name for name in STATISTICS if not name.startswith("cox")]
each_case = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))


def lists(rows: int = 12) -> st.SearchStrategy[list[tuple[int, float, int, int]]]:
    """Return small lists of outcome, probability, value and weight, most of them tied."""
    row = st.tuples(
        st.integers(0, 1),
        st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]),
        st.integers(-5, 9),
        st.integers(0, 3),
    )
    return st.lists(row, min_size=1, max_size=rows).filter(lambda some: any(r[3] for r in some))


@each_case
@pytest.mark.parametrize("name", COUNTED)
def test_a_row_of_ones_gives_the_measure_by_its_definition(case, name):
    found = STATISTICS[name](SampleResamples(sample_of(case)))
    assert found == pytest.approx([by_definition(*case)[name]], rel=1e-12)


@given(lists(), st.randoms(use_true_random=False))
def test_whole_weights_are_repeated_rows(rows, random):
    y, p, value, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    ties = np.array(random.sample(range(99), len(rows)))
    order = np.lexsort((ties, -p))
    drawn = SampleResamples(Sample(y, p, ties, value=value), weight[order][None, :])
    again = np.repeat(np.arange(len(rows)), weight.astype(int))
    wanted = by_definition(y[again], p[again], ties[again], value[again])
    found = {name: float(STATISTICS[name](drawn)[0]) for name in COUNTED}
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12, nan_ok=True)


@each_case
def test_a_block_of_resamples_is_each_of_them_alone(case):
    sample = sample_of(case)
    weights = np.random.default_rng(4).integers(0, 4, (5, len(sample))).astype(float)
    for measure in STATISTICS.values():
        together = measure(SampleResamples(sample, weights))
        alone = [measure(SampleResamples(sample, row[None, :]))[0] for row in weights]
        assert together == pytest.approx(alone, rel=1e-12)


@each_case
def test_row_order_does_not_show_in_a_single_bit(case):
    mixed = np.random.default_rng(8).permutation(len(case[0]))
    weights = np.random.default_rng(9).integers(1, 4, (2, len(case[0]))).astype(float)
    first, second = sample_of(case), sample_of(tuple(column[mixed] for column in case))
    for name, measure in STATISTICS.items():
        for drawn in (None, weights):
            found = measure(SampleResamples(first, drawn))
            assert found.tobytes() == measure(SampleResamples(second, drawn)).tobytes(), name


@each_case
def test_a_monotone_change_of_the_score_changes_no_ranking_measure(case):
    for name in ("auc", "pr_auc", "lift_5", "lift_10", "revenue_lift_20"):
        bent = STATISTICS[name](SampleResamples(sample_of(case, score=np.exp(5 * case[1]))))
        assert bent == STATISTICS[name](SampleResamples(sample_of(case)))


@each_case
def test_the_measures_of_one_list_are_the_weighted_ones_of_a_row_of_ones(case):
    y, p, ties, _ = case
    drawn = SampleResamples(sample_of(case))
    # Rows of one probability in another order, and other roundings of the same counts.
    assert brier(y, p) == pytest.approx(STATISTICS["brier"](drawn)[0], rel=1e-14)
    assert auc(y, p) == pytest.approx(STATISTICS["auc"](drawn)[0], rel=1e-15)
    lifts = [STATISTICS[f"lift_{k}"](drawn)[0] for k in (5, 10, 20)]
    assert [lift_at(y, p, ties, k / 100) for k in (5, 10, 20)] == pytest.approx(lifts, rel=1e-15)


@each_case
def test_the_auc_of_one_list_is_the_share_of_pairs_won(case):
    y, p, _, _ = case
    sold, unsold = p[y == 1][:, None], p[y == 0][None, :]
    won = np.count_nonzero(sold > unsold) + np.count_nonzero(sold == unsold) / 2
    assert auc(y, p) == won / (len(sold) * unsold.shape[1])


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-9, 9)), min_size=1, max_size=9),
    st.integers(0, 30),
    st.integers(0, 30),
)
def test_a_row_drawn_more_than_once_is_cut_where_its_repeats_would_be(rows, one, other):
    weights, terms = (np.array([column], dtype=float) for column in zip(*rows, strict=True))
    n = int(weights.sum())
    start, end = sorted((min(one, n), min(other, n)))
    above = np.concatenate([[[0]], np.cumsum(weights, axis=1)], axis=1).astype(np.int32)
    cuts = cut(above, np.array([[start, end]]))
    found = sums_between(weights * terms, terms[0], cuts[:-1], cuts[1:])
    repeated = np.repeat(terms[0], weights[0].astype(int))
    assert found.tolist() == [[repeated[start:end].sum()]]


def test_lift_counts_the_top_and_rounds_its_size_up():
    y = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    score, value = np.linspace(1, 0, 11), np.array([0.0, 300, 100, 0, 0, 0, 0, 0, 0, 0, 0])
    assert top_count(11, 0.1) == 2
    assert lift_at(y, score, np.arange(11), 0.1) == pytest.approx(1.0 / (2 / 11))
    once = Resamples(Ranking(y, score, np.arange(11), value=value))
    assert weighted_revenue_lift(once, top=1) == pytest.approx([0.75 * 11 / 2])


def test_a_tenth_of_thirty_is_three():
    # 0.1 * 30 is a little more than 3 in binary.
    assert top_count(30, 0.1) == 3


@pytest.mark.parametrize("frac", [0.01, 0.33, 1.0])
def test_lift_can_be_asked_of_any_top(frac):
    y, p, ties, _ = CASES["tied"]
    wanted = lift(y[np.lexsort((ties, -p))].tolist(), round(100 * frac))
    assert lift_at(y, p, ties, frac) == pytest.approx(wanted)
    once = Resamples(Ranking(y, p, ties), fracs=(0.5, frac))
    assert weighted_lift(once, top=1) == pytest.approx([wanted])


@pytest.mark.parametrize("frac", [0.0, -0.1, 1.1])
def test_a_top_of_no_rows_or_more_than_all_is_an_error(frac):
    with pytest.raises(ValueError, match="legal is above 0 and at most 1"):
        lift_at(np.array([1.0, 0.0]), np.array([0.3, 0.2]), np.arange(2), frac)


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


@pytest.mark.parametrize("y", [[], [0.0, 0.0], [1.0, 1.0]], ids=["empty", "no buyer", "all buy"])
def test_what_one_class_cannot_tell_is_nan(y):
    y, p = np.array(y), np.full(len(y), 0.3)
    assert math.isnan(auc(y, p))
    assert math.isnan(lift_at(y, p, np.arange(len(y)), 0.5)) == (not y.any())
    assert math.isnan(brier(y, p)) == (len(y) == 0)


def test_resamples_without_a_buyer_have_no_auc_and_the_others_have():
    weights = np.array([[0.0, 2.0, 1.0], [1.0, 1.0, 1.0]])
    ranking = Ranking(np.array([1, 0, 0]), np.array([0.9, 0.5, 0.1]))
    assert np.isnan(weighted_auc(Resamples(ranking, weights))).tolist() == [True, False]


def test_a_scored_list_that_is_none_is_refused_with_all_its_faults():
    with pytest.raises(ValueError, match="other than 0 and 1; 1 scores null or infinite"):
        auc(np.array([0, 2]), np.array([0.1, np.nan]))
    with pytest.raises(ValueError, match="1 values outside 0 to 1"):
        brier(np.array([0, 1]), np.array([0.1, 1.5]))


def test_gains_add_up_to_everyone():
    y, p, ties, _ = CASES["distinct"]
    table = gains(y, p, ties)
    assert table["n"].sum() == len(y)
    assert table["positives"].sum() == y.sum()
    assert table["capture"][-1] == pytest.approx(1.0)
    assert table["rate"][0] / y.mean() == pytest.approx(lift_at(y, p, ties, 0.1))


def test_calibration_error_of_stated_bins_is_what_it_is_by_hand():
    y = np.repeat([0, 1, 1, 1], 5)
    p = np.repeat([0.2, 0.3, 0.6, 0.9], 5)
    table = calibration_bins(y, p, np.arange(20), bins=2)
    assert table["observed_rate"].tolist() == [0.5, 1.0]
    assert table["mean_p"] == pytest.approx([0.25, 0.75])
    # Widths of .1: |0 - .2|, |1 - .3|, |1 - .6|, |1 - .9|.
    once = SampleResamples(Sample(y, p, np.arange(20)))
    assert STATISTICS["ece"](once) == pytest.approx([(0.2 + 0.7 + 0.4 + 0.1) / 4])


def test_the_bins_of_the_table_and_of_the_calibration_error_are_the_same():
    y, p, ties, _ = CASES["mostly tied"]
    table = calibration_bins(y, p, ties)
    error = np.abs(table["mean_p"] - table["observed_rate"]) @ table["n"] / len(y)
    once = SampleResamples(Sample(y, p, ties))
    assert weighted_cal_mae(once) == pytest.approx([error], rel=1e-12)


def test_calibration_error_sees_an_overconfident_model():
    y, p, ties, _ = scored(5000, 4)
    assert weighted_cal_mae(SampleResamples(Sample(y, p, ties)))[0] < 0.02
    overconfident = Sample(y, np.clip(p * 2, 0, 0.99), ties)
    assert weighted_cal_mae(SampleResamples(overconfident))[0] > 0.1


@pytest.mark.parametrize(("k", "n"), [(0, 7), (3, 10), (250, 1000), (5, 5)])
def test_wilson_intervals_are_those_of_scipy(k, n):
    low, high = wilson(np.array([k / n]), np.array([n]))
    wanted = binomtest(k, n).proportion_ci(method="wilson")
    assert (low[0], high[0]) == pytest.approx((wanted.low, wanted.high), abs=1e-12)


def test_cox_slope_is_an_unpenalised_logistic_regression_on_the_logit():
    y, p, _, _ = scored(3000, 5)
    x = np.log(p / (1 - p))[:, None]
    fit = LogisticRegression(C=np.inf, tol=1e-10).fit(x, y)
    slope, intercept = cox_slope_intercept(y, p)
    assert slope == pytest.approx(fit.coef_[0, 0], rel=1e-4)
    assert intercept == pytest.approx(fit.intercept_[0], abs=1e-3)


@each_case
def test_the_cox_line_of_a_resample_is_a_newton_step_on_its_repeated_rows(case):
    y, p, ties, _ = case
    order = np.lexsort((ties, -p))
    weights = np.random.default_rng(3).integers(0, 3, (2, len(y))).astype(float)
    drawn = SampleResamples(sample_of(case), weights)
    found = [STATISTICS[f"cox_{part}"](drawn) for part in ("slope", "intercept")]
    for at, row in enumerate(weights.astype(int)):
        again = np.repeat(order, row)
        wanted = newton_step(y[again], p[again], *cox_slope_intercept(y, p))
        assert [one[at] for one in found] == pytest.approx(wanted, rel=1e-8)


@each_case
def test_the_cox_line_of_a_row_of_ones_is_the_fit(case):
    drawn = SampleResamples(sample_of(case))
    found = [STATISTICS[f"cox_{part}"](drawn)[0] for part in ("slope", "intercept")]
    assert found == pytest.approx(cox_slope_intercept(*case[:2]), rel=1e-9)


@pytest.mark.parametrize("p", [[0.1, 0.2, 0.7, 0.9], [0.3, 0.3, 0.3, 0.3], [0.9, 0.8, 0.2, 0.1]])
def test_a_probability_that_separates_the_classes_has_no_cox_line(p):
    y = np.array([0, 0, 1, 1])
    assert all(math.isnan(part) for part in cox_slope_intercept(y, np.array(p)))
    drawn = SampleResamples(Sample(y, np.array(p), np.arange(4)))
    assert np.isnan(STATISTICS["cox_slope"](drawn)).all()
