"""Models: what is fitted on what, the prior where nothing is learnt, calibration, bundles."""

import json
import random
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from gosales_assets.models.bundle.bundle import describe_bundle, load_bundle
from gosales_assets.models.bundle.model import DivisionModel
from gosales_assets.models.calibration.calibrator import (
    ISOTONIC,
    NONE,
    PLATT,
    Calibrator,
    HeldOut,
    fit_calibrator,
)
from gosales_assets.models.rows.folds import BY_TIME, make_folds
from gosales_assets.models.rows.matrix import build_matrix
from gosales_assets.models.rows.preparation import fit_preparation
from gosales_assets.models.scoring.scoring import score
from gosales_assets.models.training.selection import Judgement, choose
from gosales_checks.contracts.models import FITTED, PRIOR
from gosales_checks.measures.ranking import auc
from gosales_resources.dates import shift_months
from gosales_resources.errors import BundleError, ContractError
from gosales_resources.settings.models import ModelSettings
from tests.worlds.training import (
    OUTCOME,
    SETTINGS,
    TRAINING,
    C,
    customers,
    features,
    matrix,
    noise,
    train,
)


@pytest.fixture(scope="module")
def trained() -> DivisionModel:
    return train(matrix())


@pytest.fixture(scope="module")
def fresh() -> pl.DataFrame:
    return customers(C, 3000, seed=1)


def test_a_model_comes_close_to_the_true_probabilities_on_new_customers(fresh):
    model = train(matrix(3000))
    assert model.card.status == FITTED
    scores = score(load_bundle(model.to_files()), features(fresh))
    y, p = fresh["label"].to_numpy(), scores["p_icp"].to_numpy()
    assert auc(y, p) > auc(y, fresh["p_true"].to_numpy()) - 0.02
    truth = fresh["p_true"].to_numpy()
    assert np.abs(p - truth).mean() < 0.25 * np.abs(truth.mean() - truth).mean()
    white = fresh["is_whitespace"].to_numpy()
    assert auc(y[white], p[white]) > 0.7


def test_the_level_is_that_of_the_newest_training_cutoff_where_the_rate_moved():
    rates = (-3.5, -3.0, -2.2, -1.2)
    parts = [matrix(2500, [c], rate=rate) for c, rate in zip(TRAINING, rates, strict=True)]
    bundle = load_bundle(train(pl.concat(parts)).to_files())
    # Others of the newest training cutoff's rate: the final fit has seen it, fits of folds have not.
    fresh = customers(C, 6000, seed=7, rate=rates[-1])
    p, white = score(bundle, features(fresh))["p_icp"].to_numpy(), fresh["is_whitespace"].to_numpy()
    label = fresh["label"].to_numpy()
    for part in (white, ~white):
        rate = label[part].mean()
        assert abs(p[part].mean() - rate) < 3 * np.sqrt(2 * rate * (1 - rate) / part.sum())


def test_every_customer_is_scored_once_and_in_order(trained, fresh):
    shuffled = fresh.sample(fraction=1.0, shuffle=True, seed=3)
    bundle = load_bundle(trained.to_files())
    first, second = score(bundle, features(fresh)), score(bundle, features(shuffled))
    assert first.equals(second)
    assert first["customer_id"].to_list() == sorted(fresh["customer_id"])


def test_a_bundle_gives_back_the_same_probabilities_to_the_bit(trained, fresh):
    files = trained.to_files()
    first = score(load_bundle(files), features(fresh))
    again = score(load_bundle({n: bytes(b) for n, b in files.items()}), features(fresh))
    assert first.equals(again)
    assert train(matrix()).to_files() == files


def test_training_does_not_depend_on_the_order_of_rows(trained):
    cutoffs = [(m := matrix()).filter(pl.col("cutoff") == c) for c in TRAINING]
    pairs = []
    for table in random.Random(3).sample(cutoffs, len(cutoffs)):
        mixed = table.sample(fraction=1.0, shuffle=True, seed=5)
        outcome = mixed.select("customer_id", *OUTCOME)
        pairs.append((mixed.drop(OUTCOME).lazy(), outcome.lazy()))
    assert train(build_matrix(pairs)).to_files() == trained.to_files()
    assert m.height


def test_no_training_cutoff_is_a_prior_without_a_rate():
    card = train(pl.DataFrame()).card
    assert (card.status, card.prior) == (PRIOR, None)
    assert "no training cutoff" in card.reason


def test_too_few_buyers_give_the_base_rate_of_the_newest_cutoff(fresh):
    rows = matrix(100, rate=-8.0)
    model = train(rows)
    newest = rows.filter(pl.col("cutoff") == TRAINING[-1])["label"]
    assert model.card.status == PRIOR
    assert "needed" in model.card.reason
    assert model.card.prior == pytest.approx((newest.sum() + 1) / (newest.len() + 2))
    scores = score(load_bundle(model.to_files()), features(fresh))
    assert scores["p_icp"].unique().to_list() == [model.card.prior]
    assert scores["margin"].null_count() == scores.height


def test_a_division_that_is_noise_gets_no_confident_list():
    model = train(noise())
    assert model.card.status == PRIOR
    assert "by chance in" in model.card.reason


def test_a_feature_that_is_the_answer_is_dropped_and_said(trained):
    rows = matrix()
    leaky = rows.with_columns(peek__all__x__asof=pl.col("label") * 1.0)
    model = train(leaky)
    assert any("peek__all__x__asof" in text for text in model.warnings)
    assert model.preparation is not None
    assert "peek__all__x__asof" not in [c.name for c in model.preparation.columns]
    assert trained.preparation is not None
    assert trained.preparation.dropped["constant__all__x__asof"] == "constant in training"


def test_a_twin_of_an_earlier_feature_is_dropped():
    rows = matrix().with_columns(twin__all__x__asof=pl.col("cross__all__bought_pdm__asof") * 2)
    dropped = fit_preparation(rows, SETTINGS).dropped
    assert dropped["twin__all__x__asof"] == "twin of cross__all__bought_pdm__asof"


def test_caps_and_levels_come_from_the_training_rows():
    rows = matrix()
    prepared = fit_preparation(rows, SETTINGS)
    cap = next(c.cap for c in prepared.columns if c.name == "rfm__all__gp_sum__12m")
    assert cap == pytest.approx(np.quantile(rows["rfm__all__gp_sum__12m"], 0.99))
    unseen = rows.head(1).with_columns(attr__all__industry__asof=pl.lit("Space"))
    names = [c.name for c in prepared.columns]
    raw = dict(zip(names, prepared.raw(unseen)[0], strict=True))
    industries = {n: v for n, v in raw.items() if n.startswith("attr__all__industry")}
    assert sum(industries.values()) == 0 or industries.get("attr__all__industry__asof=other") == 1


def test_a_fold_is_fitted_on_cutoffs_whose_label_windows_had_ended():
    rows = matrix()
    folds = make_folds(rows, SETTINGS)
    assert folds.scheme == BY_TIME
    at = rows["cutoff"].to_list()
    for fold in folds.folds:
        (judged,) = {at[i] for i in fold.valid}
        assert all(shift_months(at[i], 6) <= judged for i in fold.train)
        assert not set(fold.train) & set(fold.valid)
    assert folds.folds[-1].newest


def test_without_time_to_split_no_customer_is_on_both_sides():
    rows = matrix(cutoffs=TRAINING[-2:])
    folds = make_folds(rows, SETTINGS)
    assert folds.scheme.startswith("by customer")
    who = rows["customer_id"].to_list()
    for fold in folds.folds:
        assert not {who[i] for i in fold.train} & {who[i] for i in fold.valid}


def held_out(n: int = 20_000, seed: int = 0, wave: float = 0.0) -> tuple[HeldOut, np.ndarray]:
    """Draw margins that are twice too bold, in two folds, the newest with a higher base rate."""
    draw = np.random.default_rng(seed)
    logit = draw.normal(-1.5, 1.0, n)
    fold = (np.arange(n) >= n // 2).astype(int)
    white = draw.random(n) < 0.5
    p = expit(logit + 0.7 * fold - 0.5 * white * fold + wave * np.sin(3 * logit))
    y = (draw.random(n) < p).astype(float)
    held = HeldOut(
        margin=2 * logit,
        label=y,
        is_whitespace=white,
        fold=fold,
        newest=fold == 1,
        row=np.arange(n),
    )
    return held, p


def test_platt_finds_the_slope_and_follows_the_newest_base_rate_in_both_slices():
    held, p = held_out()
    found = fit_calibrator(held, ModelSettings(isotonic_min_positives=10**9))
    assert found.method == PLATT
    assert found.slope == pytest.approx(0.5, abs=0.03)
    stated = found.probability(held.margin, held.is_whitespace)
    for rows in (held.newest & held.is_whitespace, held.newest & ~held.is_whitespace):
        # Drawn to the level of all cutoffs by as much as one buyer says.
        assert abs(stated[rows].sum() - held.label[rows].sum()) < 1
        assert np.abs(stated - p)[rows].mean() < 0.02


def test_isotonic_wins_where_the_margin_is_bent_and_never_turns_the_ranking():
    held, _ = held_out(wave=1.5)
    found = fit_calibrator(held, ModelSettings(isotonic_min_positives=50))
    assert found.method == ISOTONIC
    line = np.linspace(-8, 8, 200)
    stated = found.probability(line, np.zeros(200))
    assert (np.diff(stated) > 0).all()
    assert 0 < stated.min() < stated.max() < 1


def test_too_few_positives_leave_the_margin_as_it_is():
    held, _ = held_out(40)
    few = replace(held, label=np.zeros(40))
    assert fit_calibrator(few, SETTINGS).method == NONE


def test_a_margin_that_ranks_the_wrong_way_is_not_turned_round():
    held, _ = held_out()
    turned = replace(held, margin=-held.margin)
    assert fit_calibrator(turned, ModelSettings(isotonic_min_positives=10**9)).slope == 0.0


def test_a_calibrator_survives_being_written():
    held, _ = held_out(4000)
    found = fit_calibrator(held, ModelSettings(isotonic_min_positives=50))
    assert Calibrator.from_json(json.loads(json.dumps(found.to_json()))) == found


def judged(lift: float, error: float, brier: float, noise: float = 0.0) -> Judgement:
    errors = np.full(100, brier) + noise * np.resize([1.0, -1.0], 100)
    return Judgement(lift=lift, lift_se=error, auc=0.7, errors=errors)


def test_within_one_standard_error_of_the_lift_the_better_brier_score_wins():
    near, best, far = judged(2.9, 0.2, 0.10), judged(3.0, 0.2, 0.12), judged(2.0, 0.2, 0.05)
    assert choose([best, near, far]) == 1


def test_what_brier_cannot_tell_apart_goes_to_the_preferred_one():
    preferred, best = judged(2.9, 0.2, 0.101, noise=0.1), judged(3.0, 0.2, 0.100)
    assert choose([preferred, best]) == 0
    assert choose([judged(2.9, 0.2, 0.101), best]) == 1


def test_an_undefined_lift_never_wins_over_a_known_one():
    assert choose([judged(np.nan, np.nan, 0.01), judged(1.0, 0.1, 0.2)]) == 1


def test_features_that_do_not_fit_the_model_are_named(trained, fresh):
    bundle = load_bundle(trained.to_files())
    wrong = features(fresh).drop("rfm__all__gp_sum__12m").with_columns(
        new__all__x__asof=pl.lit(1.0),
        recency__all__days__asof=pl.col("recency__all__days__asof").cast(pl.String),
    )  # fmt: skip
    with pytest.raises(BundleError) as error:
        score(bundle, wrong)
    for text in ("rfm__all__gp_sum__12m is missing", "new__all__x__asof is unknown", "String, not"):
        assert text in str(error.value)


def test_scores_of_another_division_are_refused(trained, fresh):
    other = features(fresh).with_columns(division=pl.lit("cam"))
    with pytest.raises(BundleError, match="another division"):
        score(load_bundle(trained.to_files()), other)


def test_the_card_is_one_row_of_the_contract(trained):
    row = describe_bundle(trained.to_files())
    assert row.height == 1
    assert row["training_cutoff_count"][0] == 4
    assert row["positive_count"][0] == matrix()["label"].sum()


def test_features_and_labels_of_different_customers_do_not_make_a_matrix():
    table = matrix(cutoffs=TRAINING[:1])
    outcome = table.select("customer_id", *OUTCOME)
    with pytest.raises(ContractError, match="in common"):
        build_matrix([(table.drop(OUTCOME).lazy(), outcome.head(9).lazy())])


def test_a_large_company_is_learnt_from_the_same_customers_at_every_cutoff():
    tables = [matrix(cutoffs=[c]) for c in TRAINING[:2]]
    pairs = [
        (t.drop(OUTCOME).lazy(), t.select("customer_id", *OUTCOME).reverse().lazy()) for t in tables
    ]
    whole, some = build_matrix(pairs), build_matrix(pairs, most=1000)
    assert 800 < some.height < 1200 < whole.height
    first, second = (set(part["customer_id"]) for part in some.partition_by("cutoff"))
    assert first == second
    assert some.equals(whole.filter(pl.col("customer_id").is_in(list(first))))
    assert build_matrix(pairs, most=whole.height).equals(whole)
