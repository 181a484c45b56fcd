"""Which model scores: a table of cases, and the paired difference against plain resampling."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from gosales_assets.models.promotion.champion import Contender, Outcomes, decide
from gosales_assets.models.promotion.promotion import (
    Judged,
    Pin,
    judge_models,
    pinned,
    promotion_row,
)
from gosales_assets.models.training.training import train_model
from gosales_checks.contracts.contract import judge
from gosales_checks.contracts.models import KEPT, PROMOTED, PROMOTION
from gosales_checks.measures.paired import auc_difference
from gosales_checks.measures.ranking import tie_breaker
from gosales_resources.dates import shift_months
from gosales_resources.settings.promotion import PromotionSettings
from tests.worlds.training import SETTINGS as TRAINING_SETTINGS
from tests.worlds.training import C, matrix, noise, train

T = dt.date(2023, 12, 31)
OLDER, LATER = dt.date(2023, 9, 30), dt.date(2024, 3, 31)
SETTINGS = PromotionSettings(margin_auc=0.02)
N = 4000


@pytest.fixture(scope="module")
def world() -> tuple[Outcomes, np.ndarray, np.ndarray]:
    """Outcomes, their true logits, and noise to spoil a ranking with."""
    draw = np.random.default_rng(5)
    truth, noise = draw.normal(-2, 1.2, N), draw.normal(size=N)
    label = (draw.random(N) < expit(truth)).astype(float)
    ties = tie_breaker([f"c{i}" for i in range(N)])
    return Outcomes(T, label, draw.random(N) < 0.7, ties), truth, noise


def new(rank) -> Contender:
    return Contender(C, "new", rank)


def old(rank, cutoff: dt.date = T) -> Contender:
    return Contender(cutoff, f"old@{cutoff}", rank)


# Challenger and champion as multiples of noise on the truth; None ranks nobody.
@pytest.mark.parametrize(
    ("challenger", "champion", "decision"),
    [(0, 0, PROMOTED), (0, 2, PROMOTED), (0.3, 0, PROMOTED), (2, 0, KEPT), (None, 0, KEPT),
     (None, 30, PROMOTED), (0, None, PROMOTED)],
    ids=["equal", "better", "a little worse", "much worse", "new is noise", "both are noise",
         "old is noise"],
)  # fmt: skip
def test_the_challenger_scores_unless_it_is_worse_beyond_the_interval(
    world, challenger, champion, decision
):
    outcomes, truth, noise = world
    ranks = [None if k is None else truth + k * noise for k in (challenger, champion)]
    found = decide(new(ranks[0]), [old(ranks[1])], outcomes, SETTINGS)
    assert found.decision == decision
    assert found.scoring.model_id == ("new" if decision == PROMOTED else f"old@{T}")
    assert found.comparison is not None
    assert found.comparison.judged_slice == "whitespace"
    white = outcomes.is_whitespace
    y = outcomes.label[white]
    areas = (found.comparison.auc_challenger, found.comparison.auc_champion)
    for rank, area in zip(ranks, areas, strict=True):
        scores = np.zeros(y.size) if rank is None else rank[white]
        assert area == pytest.approx(roc_auc_score(y, scores))


def test_a_margin_decides_what_is_tolerated(world):
    outcomes, truth, noise = world
    worse, strict = new(truth + 0.8 * noise), PromotionSettings(margin_auc=0.0)
    assert decide(worse, [old(truth)], outcomes, strict).decision == KEPT
    lenient = PromotionSettings(margin_auc=0.2)
    assert decide(worse, [old(truth)], outcomes, lenient).decision == PROMOTED


def test_the_best_of_several_champions_is_the_one_to_beat(world):
    outcomes, truth, noise = world
    spoilt, good = old(truth + 2 * noise), old(truth, OLDER)
    found = decide(new(truth + 2 * noise), [spoilt, good], outcomes, SETTINGS)
    assert (found.decision, found.scoring.cutoff) == (KEPT, OLDER)


def test_without_champion_or_outcome_the_new_model_scores(world):
    outcomes, truth, _ = world
    assert decide(new(truth), [], outcomes, SETTINGS).decision == PROMOTED
    assert decide(new(truth), [old(truth)], None, SETTINGS).decision == PROMOTED
    nobody = Outcomes(T, np.zeros(N), outcomes.is_whitespace, outcomes.ties)
    assert decide(new(truth), [old(truth)], nobody, SETTINGS).decision == PROMOTED


def test_a_blocked_challenger_never_scores(world):
    outcomes, truth, noise = world
    for seen in (outcomes, None):
        found = decide(new(truth), [old(truth + noise)], seen, SETTINGS, blocked="check failed")
        assert (found.decision, found.scoring.cutoff, found.reason) == (KEPT, T, "check failed")
    with pytest.raises(ValueError, match="check failed"):
        decide(new(truth), [], outcomes, SETTINGS, blocked="check failed")


def test_few_buyers_on_the_whitespace_are_judged_with_the_others(world):
    outcomes, truth, _ = world
    white = np.cumsum(outcomes.label) <= 10
    few = Outcomes(T, outcomes.label, white, outcomes.ties)
    found = decide(new(truth), [old(truth)], few, SETTINGS).comparison
    assert found is not None
    assert found.judged_slice == "all"


def won_pairs(y: np.ndarray, scores: np.ndarray) -> float:
    """Count pairs of a buyer and another: scikit-learn's AUC takes a hundred times as long."""
    margins = scores[y == 1][:, None] - scores[y == 0]
    return float((margins > 0).mean() + (margins == 0).mean() / 2)


def test_the_paired_interval_is_that_of_drawing_customers_one_by_one():
    draw = np.random.default_rng(7)
    truth = draw.normal(-1, 1.2, 400)
    y = (draw.random(400) < expit(truth)).astype(float)
    first, second = truth + draw.normal(size=400), np.round(truth + draw.normal(size=400), 1)
    found = auc_difference(y, first, second, np.arange(400), draws=2000, seed=3)
    plain = []
    for _ in range(2000):
        rows = draw.integers(0, 400, 400)
        if 0 < y[rows].sum() < 400:
            plain.append(won_pairs(y[rows], first[rows]) - won_pairs(y[rows], second[rows]))
    assert found.value == pytest.approx(roc_auc_score(y, first) - roc_auc_score(y, second))
    low, high = np.quantile(plain, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.008)


def test_the_paired_interval_does_not_depend_on_the_order_of_rows(world):
    outcomes, truth, noise = world
    mixed = np.random.default_rng(1).permutation(N)
    columns = (outcomes.label, truth, truth + noise, outcomes.ties)
    first = auc_difference(*columns, draws=60, seed=2)
    assert auc_difference(*(c[mixed] for c in columns), draws=60, seed=2) == first


@pytest.fixture(scope="module")
def bundles() -> dict[dt.date, dict[str, bytes]]:
    """A model of C, one of half a year before, and one of a division whose features changed."""
    earlier = [shift_months(c, -6) for c in matrix()["cutoff"].unique().sort()]
    champion = train_model(
        matrix(cutoffs=earlier),
        cutoff=T,
        division="pdm",
        window_months=6,
        settings=TRAINING_SETTINGS,
    )
    other = matrix(cutoffs=earlier).drop("attr__all__industry__asof")
    foreign = train_model(
        other, cutoff=OLDER, division="pdm", window_months=6, settings=TRAINING_SETTINGS
    )
    return {C: train(matrix()).to_files(), T: champion.to_files(), OLDER: foreign.to_files()}


def judged() -> Judged:
    table = matrix().filter(pl.col("cutoff") == T)
    return Judged(T, table.drop("label", "net_value_window").lazy(), table.lazy())


def test_bundles_are_compared_on_the_same_customers_and_written_as_a_row(bundles):
    found = judge_models(bundles[C], {T: bundles[T], OLDER: bundles[OLDER]}, judged(), SETTINGS)
    assert found.champion is not None
    assert found.comparison is not None
    # The model that was trained on other features is no champion, whatever it is worth.
    assert found.champion.cutoff == T
    assert found.comparison.judged_at == T
    assert min(found.comparison.auc_challenger, found.comparison.auc_champion) > 0.6
    row = promotion_row("pdm", C, found.scoring.model_id, found, None)
    assert judge(PROMOTION, row).passed
    pin = Pin(T, "the reps asked")
    by_hand = promotion_row("pdm", C, found.scoring.model_id, pinned(found, pin, "old"), pin)
    assert judge(PROMOTION, by_hand).passed
    assert by_hand["model_id"].item() == "old"
    assert "the reps asked" in by_hand["reason"].item()
    assert by_hand["auc_challenger"].item() == found.comparison.auc_challenger


@pytest.fixture(scope="module")
def later(bundles) -> dict[dt.date, dict[str, bytes]]:
    """The model of T, and one of the quarter after it: it has seen what happened after T."""
    made = train_model(
        matrix(), cutoff=LATER, division="pdm", window_months=6, settings=TRAINING_SETTINGS
    )
    return {T: bundles[T], LATER: made.to_files()}


def test_a_model_made_after_the_outcomes_is_no_contender_on_them(bundles, later):
    both = judge_models(bundles[C], later, judged(), SETTINGS)
    alone = judge_models(bundles[C], {T: bundles[T]}, judged(), SETTINGS)
    assert (both.reason, both.comparison) == (alone.reason, alone.comparison)
    only_later = judge_models(bundles[C], {LATER: later[LATER]}, judged(), SETTINGS)
    assert (only_later.decision, only_later.comparison) == (PROMOTED, None)
    assert only_later.reason == "no outcome to compare on yet"


def test_a_blocked_challenger_falls_back_on_a_model_that_could_not_be_compared(bundles, later):
    found = judge_models(bundles[C], {LATER: later[LATER]}, judged(), SETTINGS, "check failed")
    assert (found.decision, found.scoring.cutoff) == (KEPT, LATER)


def test_a_noise_challenger_does_not_unseat_a_model_that_ranks(bundles):
    found = judge_models(train(noise()).to_files(), {T: bundles[T]}, judged(), SETTINGS)
    assert found.decision == KEPT
    assert found.comparison is not None
    assert found.comparison.auc_challenger == 0.5


def test_the_decision_does_not_depend_on_the_order_of_rows(bundles):
    first = judge_models(bundles[C], {T: bundles[T]}, judged(), SETTINGS)
    shuffled = Judged(
        T,
        judged().features.collect().sample(fraction=1.0, shuffle=True, seed=1).lazy(),
        judged().labels.collect().sample(fraction=1.0, shuffle=True, seed=2).lazy(),
    )
    again = judge_models(bundles[C], {T: bundles[T]}, shuffled, SETTINGS)
    assert (again.reason, again.comparison) == (first.reason, first.comparison)
