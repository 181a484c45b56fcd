"""What chance alone may pass for: no more than it is said to, however many candidates there are."""

import numpy as np
import pytest

from gosales_assets.models.training.chance import NOMINAL, nothing_learnt

CANDIDATES, CUSTOMERS, FOLDS = 12, 400, 3
FOLD = np.repeat(np.arange(FOLDS), CUSTOMERS)
CUSTOMER = np.tile(np.arange(CUSTOMERS), FOLDS)


def drawn(seed: int, rate: float = 0.1) -> tuple[np.ndarray, list[np.ndarray]]:
    """Draw labels that keep from fold to fold, and candidates that are alike and know nothing."""
    draw = np.random.default_rng(seed)
    buys = draw.random(CUSTOMERS) < rate
    label = np.concatenate(
        [np.where(draw.random(CUSTOMERS) < 0.8, buys, False) for _ in range(FOLDS)]
    )
    common = np.tile(draw.normal(size=CUSTOMERS), FOLDS)
    scores = [common + draw.normal(size=label.size) for _ in range(CANDIDATES)]
    return label.astype(float), scores


def best_of(label: np.ndarray, scores: list[np.ndarray]) -> np.ndarray:
    """Take the candidate with the largest difference between buyers and others, as a search does."""
    return max(scores, key=lambda one: one[label > 0].mean() - one[label == 0].mean())


def as_p(score: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(2 - score))


def test_the_best_of_many_that_know_nothing_passes_no_more_often_than_it_may():
    tried = 200
    passed = 0
    for seed in range(tried):
        label, scores = drawn(seed)
        passed += (
            nothing_learnt(label, as_p(best_of(label, scores)), scores, FOLD, CUSTOMER) is None
        )
    # Two standard errors of a share of 200.
    assert passed / tried <= NOMINAL + 2 * np.sqrt(NOMINAL * (1 - NOMINAL) / tried)


@pytest.mark.parametrize("rate", [0.03, 0.5, 0.95])
def test_who_knows_something_passes_in_rare_and_in_nearly_common_divisions(rate):
    draw = np.random.default_rng(5)
    eager = np.tile(draw.normal(size=CUSTOMERS), FOLDS)
    p = 1 / (1 + np.exp(-(np.log(rate / (1 - rate)) + 1.5 * eager)))
    label = (draw.random(p.size) < p).astype(float)
    assert nothing_learnt(label, p, [p], FOLD, CUSTOMER) is None


def test_rows_of_one_customer_are_no_independent_evidence():
    # One fold, said five times over: what is not certain by it is not certain by five of it.
    draw = np.random.default_rng(2)
    label = (draw.random(CUSTOMERS) < 0.1).astype(float)
    score = draw.normal(size=CUSTOMERS) + 0.25 * label
    once = nothing_learnt(label, as_p(score), [score], np.zeros(CUSTOMERS), CUSTOMER[:CUSTOMERS])
    again = nothing_learnt(
        np.tile(label, 5),
        as_p(np.tile(score, 5)),
        [np.tile(score, 5)],
        np.repeat(np.arange(5), CUSTOMERS),
        np.tile(CUSTOMER[:CUSTOMERS], 5),
    )
    assert once is not None
    assert again == once


def test_what_the_newest_fold_does_not_bear_out_does_not_pass():
    draw = np.random.default_rng(3)
    label = (draw.random(CUSTOMERS * FOLDS) < 0.3).astype(float)
    score = draw.normal(size=label.size) + np.where(FOLD == FOLDS - 1, -0.3, 1.5) * label
    assert "on the newest fold" in str(nothing_learnt(label, as_p(score), [score], FOLD, CUSTOMER))


def test_probabilities_that_hardly_differ_tell_nobody_from_anybody():
    draw = np.random.default_rng(1)
    label = (draw.random(CUSTOMERS * FOLDS) < 0.95).astype(float)
    p = 0.95 + 0.001 * (label + draw.normal(size=label.size))
    assert "hardly differ" in str(nothing_learnt(label, p, [p], FOLD, CUSTOMER))


def test_one_class_alone_says_nothing():
    label = np.zeros(FOLD.size)
    assert "both classes" in str(nothing_learnt(label, label, [label], FOLD, CUSTOMER))
