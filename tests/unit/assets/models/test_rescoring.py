"""Models across two cutoffs: what is exchanged is what the models say, and what was published stays."""

import datetime as dt
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from gosales_assets.models.bundle.bundle import load_bundle
from gosales_assets.models.bundle.model import StoredModel
from gosales_assets.models.scoring.rescoring import (
    FROM_SIGNALS,
    PROBABILITIES,
    Scored,
    change_scores,
    cross_scores,
)
from gosales_assets.models.scoring.scoring import score
from gosales_checks.contracts.contract import conform, judge
from gosales_checks.contracts.movement import SCORE_CHANGES
from gosales_checks.contracts.whitespace import WHITESPACE_SIGNALS
from tests.worlds.training import SETTINGS, C, customers, features, matrix, noise, train

LATER = dt.date(2024, 9, 30)


@pytest.fixture(scope="module")
def first() -> StoredModel:
    return load_bundle(train(matrix()).to_files())


@pytest.fixture(scope="module")
def second() -> StoredModel:
    other = train(matrix(seed=9), SETTINGS.model_copy(update={"tree_rounds": 10}))
    return load_bundle(replace(other, card=replace(other.card, cutoff=str(LATER))).to_files())


def scored(model: StoredModel, cutoff: dt.date, seed: int = 1) -> Scored:
    table = features(customers(cutoff, 400, seed=seed))
    return Scored(cutoff, model, table, score(model, table).lazy())


def crossed(then: Scored, now: Scored) -> pl.DataFrame:
    found = cross_scores(then, now)
    assert found is not None
    return found


def p_of(scores: pl.LazyFrame) -> list[float]:
    return scores.sort("customer_id").collect()["p_icp"].to_list()


def test_data_and_model_of_then_are_what_was_published_to_the_bit(first, second):
    then, now = scored(first, C), scored(second, LATER)
    found = crossed(then, now)
    published = then.scores.sort("customer_id").collect()
    assert found["p_then_then_then"].to_list() == published["p_icp"].to_list()
    assert found["margin_then_then"].to_list() == published["margin"].to_list()


def test_the_model_of_then_says_of_the_data_of_now_what_it_would_have_scored(first, second):
    found = crossed(scored(first, C), scored(second, LATER))
    kept = score(first, features(customers(LATER, 400, seed=1))).sort("customer_id")
    assert np.allclose(found["p_now_then_then"], kept["p_icp"], rtol=0, atol=1e-12)
    assert np.allclose(found["margin_now_then"], kept["margin"], rtol=0, atol=1e-12)
    # Its margins by the other calibrator are other probabilities, in the same order of a slice.
    assert (found["p_now_then_now"] - found["p_now_then_then"]).abs().max() > 0
    white = features(customers(LATER, 400, seed=1)).collect().sort("customer_id")["is_whitespace"]
    ranks = found.filter(white).select("p_now_then_then", "p_now_then_now")
    assert ranks["p_now_then_then"].arg_sort().equals(ranks["p_now_then_now"].arg_sort())


def test_a_model_that_went_on_scoring_differs_by_data_alone(first):
    found = crossed(scored(first, C), scored(first, LATER))
    for data in ("then", "now"):
        own = [found[n] for n, (d, *_) in PROBABILITIES.items() if d == data]
        assert all(np.allclose(own[0], one, rtol=0, atol=1e-12) for one in own)
    assert (found["p_now_then_then"] - found["p_then_then_then"]).abs().max() > 0.01


def test_features_that_were_corrected_since_show(first, second):
    then = scored(first, C)
    # What is stored of C now is not what was scored.
    table = features(customers(C, 400, seed=1)).with_columns(pl.col("rfm__all__gp_sum__12m") * 3)
    found = crossed(replace(then, features=table), scored(second, LATER))
    assert found["p_then_then_then"].to_list() == p_of(score(first, table).lazy())
    assert found["p_then_then_then"].to_list() != p_of(then.scores)


def test_other_features_cannot_be_exchanged(first, second):
    now = scored(second, LATER)
    fewer = now.features.drop("recency__all__days__asof")
    assert cross_scores(scored(first, C), replace(now, features=fewer)) is None


def test_a_prior_rate_is_what_it_is_by_either_calibrator(first):
    prior = load_bundle(train(noise()).to_files())
    assert prior.calibrator is None
    found = crossed(scored(prior, C), scored(first, LATER))
    assert set(found["p_now_then_now"]) == set(found["p_then_then_then"]) == {prior.card.prior}
    assert found["margin_then_then"].null_count() == found.height
    # The other model's margins have no calibrator but their own.
    assert found["p_then_now_then"].equals(found["p_then_now_now"])


def signals(of: Scored) -> pl.LazyFrame:
    told = of.scores.collect()
    given = {"is_cooling": pl.lit(value=False), "value_12m": pl.lit(5.0)}
    return told.select(
        (given.get(name, pl.col(name) if name in told.columns else pl.lit(None)))
        .cast(WHITESPACE_SIGNALS.schema.columns()[name].dtype)
        .alias(name)
        for name in ["customer_id", "division", *FROM_SIGNALS]
    ).lazy()


def test_changes_keep_their_contract_and_say_who_cannot_be_split(first, second):
    then, now = scored(first, C), scored(second, LATER)
    now = replace(now, scores=now.scores.filter(pl.col("customer_id") != "c0007"))
    values = then.scores.select("customer_id", conditional_value=pl.lit(9.0))
    table = change_scores(signals(then), values, C, LATER, crossed(then, now))
    kept = conform(SCORE_CHANGES, table.lazy()).collect()
    assert judge(SCORE_CHANGES, kept).violations == {}
    assert kept.filter(split="together")["customer_id"].to_list() == ["c0007"]
    assert set(kept["value_restated"]) == {9.0}
    none = change_scores(signals(then), None, C, LATER, None)
    assert set(none["split"]) == {"together"}
    assert none["p_then"].to_list() == p_of(then.scores)
