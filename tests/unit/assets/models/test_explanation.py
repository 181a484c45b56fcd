"""What is said of a model: contributions add up, measures are those of scikit-learn, cards read."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from gosales_assets.models.bundle.bundle import load_bundle, read_report
from gosales_assets.models.bundle.card import in_words, write_card
from gosales_assets.models.bundle.held_out import read_held_out
from gosales_assets.models.learners.linear import Linear
from gosales_assets.models.rows.model_inputs import ModelInputs
from gosales_assets.models.scoring.contributions import by_feature
from gosales_assets.models.scoring.drivers import explain_sample, sample_customers
from gosales_assets.models.training.evaluation import evaluate_training
from gosales_checks.contracts.contract import conform, judge
from gosales_checks.contracts.explanations import (
    MODEL_CARD,
    MODEL_DRIVERS,
    MODEL_EVALUATION,
    MODEL_SHAP_SAMPLE,
)
from gosales_checks.verdicts.guardrails import (
    judge_chance,
    judge_leaks,
    judge_outcomes,
    judge_overfit,
)
from gosales_resources.settings.explanation import ExplanationSettings
from gosales_resources.settings.models import ModelSettings
from tests.worlds.training import C, customers, features, matrix, noise, train

SETTINGS = ExplanationSettings(bootstrap_draws=50)
KINDS = {
    "regression": ModelSettings(tree_rounds=10, linear_strengths=[0.1], learning_rates=[1e-6]),
    "trees": ModelSettings(tree_rounds=40, linear_strengths=[1e-9]),
}


@pytest.fixture(scope="module", params=KINDS)
def files(request) -> dict[str, bytes]:
    return train(matrix(), KINDS[request.param]).to_files()


@pytest.fixture(scope="module")
def fresh() -> pl.DataFrame:
    return features(customers(C, 400, seed=1)).sort("customer_id").collect()


def test_contributions_and_their_base_are_the_margin(files, fresh):
    bundle = load_bundle(files)
    assert bundle.preparation is not None
    rows = ModelInputs.of(bundle.preparation, fresh)
    white = fresh["is_whitespace"].to_numpy()
    found, margin = bundle.contributions(rows, white), bundle.margin(rows, white)
    assert found.margin == pytest.approx(margin, abs=1e-9)
    names, summed = by_feature(bundle.preparation, found.by_input)
    assert set(names) == {column.source for column in bundle.preparation.columns}
    assert summed.sum(axis=1) + found.base == pytest.approx(margin, abs=1e-9)


def test_an_input_that_does_not_count_contributes_nothing(files, fresh):
    # Moving a column moves its own contribution in a regression, and no other.
    bundle = load_bundle(files)
    assert bundle.preparation is not None
    linear = [m for m in bundle.members if isinstance(m, Linear) and m.weights.any()][:1]
    if not linear:
        pytest.skip("interactions of trees move others")
    bundle = replace(bundle, members=linear, shares=[(1.0, 1.0)])
    rows = ModelInputs.of(bundle.preparation, fresh)
    moved, at = rows.raw.copy(), np.flatnonzero(linear[0].weights)[0]
    moved[:, at] += 0.1
    white = fresh["is_whitespace"].to_numpy()
    change = bundle.contributions(replace(rows, raw=moved), white).by_input
    change = change - bundle.contributions(rows, white).by_input
    assert np.abs(change[:, at]).max() > 0
    assert np.abs(np.delete(change, at, axis=1)).max() == 0


def test_drivers_are_ranked_and_name_what_makes_customers_buy(files, fresh):
    drivers, singles = explain_sample(load_bundle(files), fresh, shown=7)
    assert judge(MODEL_DRIVERS, conform(MODEL_DRIVERS, drivers.lazy()).collect()).passed
    assert judge(MODEL_SHAP_SAMPLE, conform(MODEL_SHAP_SAMPLE, singles.lazy()).collect()).passed
    # The strongest cause in the drawn customers is their eagerness, which gross profit shows.
    first = drivers.row(0, named=True)
    assert first["feature"] == "rfm__all__gp_sum__12m"
    assert first["direction"] > 0.5
    assert drivers["shap_frac"].sum() == pytest.approx(1.0)
    assert "constant__all__x__asof" in drivers.filter(status="dropped")["input"]
    assert singles["customer_id"].n_unique() == 7
    sums = singles.group_by("customer_id").agg(
        pl.col("contribution").sum() + pl.col("base").first() - pl.col("margin").first()
    )
    assert sums["contribution"].abs().max() < 1e-9  # type: ignore[operator]


def test_the_sample_does_not_depend_on_the_order_of_customers(fresh):
    mixed = fresh.sample(fraction=1.0, shuffle=True, seed=2)
    first, second = (sample_customers(t.lazy(), 50) for t in (fresh, mixed))
    assert first.equals(second)
    assert first.height == 50


def test_a_training_is_measured_on_its_held_out_rows_as_scikit_learn_would(files):
    held = read_held_out(files)
    table = evaluate_training(load_bundle(files).card, held, SETTINGS)
    assert judge(MODEL_EVALUATION, table).passed
    for part, rows in (("all", held), ("whitespace", held.filter("is_whitespace"))):
        found = dict(table.filter(slice=part, bin=0).select("measure", "value").rows())
        y, p = rows["label"].to_numpy(), rows["p"].to_numpy()
        assert found["auc"] == pytest.approx(roc_auc_score(y, p), abs=0.003)
        assert found["brier"] == pytest.approx(brier_score_loss(y, p))
        whole = found["brier_miscalibration"] - found["brier_discrimination"]
        assert whole + found["brier_uncertainty"] == pytest.approx(found["brier"])
        gained = table.filter(slice=part, measure="gain_rate")
        assert gained["positives"].sum() == y.sum()
        top = table.filter(slice=part, measure="threshold_p", bin=10)
        assert top["n"].item() == -(-y.size // 10)
        assert (p >= top["value"].item()).sum() >= top["n"].item()


def test_a_model_that_was_never_tried_is_measured_as_nothing():
    made = train(pl.DataFrame())
    table = evaluate_training(made.card, read_held_out(made.to_files()), SETTINGS)
    assert table["status"].to_list() == ["no_predictions"] * 2
    assert judge(MODEL_EVALUATION, table).passed
    drivers, singles = explain_sample(load_bundle(made.to_files()), pl.DataFrame(), 5)
    assert drivers.is_empty()
    assert singles.is_empty()


def card_of(made) -> str:
    files = made.to_files()
    bundle = load_bundle(files)
    sample = features(customers(C, 200, seed=1)).collect()
    evaluation = evaluate_training(bundle.card, read_held_out(files), SETTINGS)
    drivers, _ = explain_sample(bundle, sample, 5)
    report = read_report(files)["report"]
    row = write_card(bundle.card, bundle.model_id, report, evaluation, drivers)
    assert judge(MODEL_CARD, row).passed
    return row["card"].item()


def test_the_card_says_what_the_model_is_worth_in_figures():
    text = card_of(train(matrix()))
    assert "times as often as the average" in text
    assert "rfm: gp sum, over all divisions, 12m" in text
    assert "pdm@2024-06-30#" in text


def test_the_card_of_noise_says_that_it_is_noise_and_still_shows_the_figures():
    text = card_of(train(noise()))
    assert "No ranking: cannot be ranked better than by chance" in text
    assert "| AUC" in text
    assert "times as often" not in text


@pytest.mark.parametrize(
    ("rows", "said"),
    [(pl.DataFrame(), "no training cutoff yet"), (matrix(100, rate=-8.0), "20 needed")],
    ids=["no cutoff", "few"],
)
def test_the_card_without_a_model_says_why(rows, said):
    assert f"No ranking: {said}" in card_of(train(rows)) or said in card_of(train(rows))


def test_a_feature_is_said_in_words():
    assert in_words("attr__all__industry__asof=Aero") == "attr: industry, over all divisions = Aero"


def content_of(made) -> dict:
    return read_report(made.to_files())


def test_noise_fails_the_check_that_it_ranks():
    found = judge_chance(content_of(train(noise()))["card"]).findings
    assert "cannot be ranked better than by chance" in next(iter(found))
    assert not judge_chance(content_of(train(matrix()))["card"]).findings


def test_too_few_buyers_fail_a_check_and_no_history_yet_does_not():
    few = judge_outcomes(content_of(train(matrix(100, rate=-8.0)))["card"]).findings
    assert "20 needed" in next(iter(few))
    none = judge_outcomes(content_of(train(pl.DataFrame()))["card"])
    assert (none.findings, bool(none.note)) == ({}, True)


def test_a_leak_fails_a_check_by_name():
    leaky = matrix().with_columns(peek__all__x__asof=pl.col("label") * 1.0)
    found = judge_leaks(content_of(train(leaky))["preparation"]["dropped"]).findings
    assert "peek__all__x__asof was dropped" in next(iter(found))
    assert not judge_leaks(content_of(train(matrix()))["preparation"]["dropped"]).findings


def test_a_winner_that_remembers_its_training_rows_fails_a_check():
    card = {"fallback": None, "winner": "blend(lightgbm=trees, logistic_regression=line)"}
    tried = [
        {"name": "trees", "train_auc": 0.95, "auc": 0.70},
        {"name": "line", "train_auc": 0.75, "auc": 0.72},
        {"name": "others", "train_auc": 1.0, "auc": 0.5},
        {"name": card["winner"], "train_auc": None, "auc": 0.72},
    ]
    assert list(judge_overfit(card, tried, 0.15).findings) == [
        "trees: training AUC is 0.250 above validation AUC, 0.15 tolerated"
    ]
    assert not judge_overfit(card, tried, 0.3).findings
