"""Pooling and choosing: what divisions share, who is compared on what, and what is not learnt."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest
from threadpoolctl import threadpool_limits

from gosales_assets.models.bundle.bundle import load_bundle
from gosales_assets.models.bundle.model import DivisionModel
from gosales_assets.models.bundle.pooled_bundle import describe_pooled, load_pooled
from gosales_assets.models.calibration.calibrator import HeldOut
from gosales_assets.models.learners.candidates import POOLED, Candidate, candidates_of
from gosales_assets.models.learners.linear import Linear
from gosales_assets.models.learners.pooled import PooledTrees, join_pooled
from gosales_assets.models.learners.trees import Trees, fit_trees
from gosales_assets.models.rows.binning import bin_rows
from gosales_assets.models.rows.folds import crossed, make_folds
from gosales_assets.models.rows.matrix import sample_rows, stack_rows
from gosales_assets.models.rows.model_inputs import ModelInputs, TrainingInputs
from gosales_assets.models.rows.preparation import fit_preparation, prepare_rows
from gosales_assets.models.scoring.scoring import score
from gosales_assets.models.training.pooled_training import naming_a_division, train_pooled
from gosales_assets.models.training.selection import Mixture, Winner, choose, judge, mix, select
from gosales_assets.models.training.training import train_model
from gosales_assets.models.training.trials import HeldOutRows, Trial, run_trials
from gosales_checks.contracts.contract import judge as hold
from gosales_checks.contracts.models import POOLED_MODEL, POOLED_ROWS, PRIOR
from gosales_checks.measures.ranking import auc, tie_breaker
from gosales_resources.dates import shift_months
from gosales_resources.errors import BundleError
from gosales_resources.settings.models import ModelSettings
from tests.worlds.training import TRAINING, C, customers, features, matrix, noise

SETTINGS = ModelSettings(tree_rounds=30)
DIVISIONS = ["cam", "pdm", "sim"]


def pairs_at(cutoff: dt.date, n: int = 300) -> list[tuple[pl.LazyFrame, pl.LazyFrame]]:
    """Features and labels of three divisions that behave alike, one row per customer in each."""
    made = []
    for seed, division in enumerate(DIVISIONS):
        table = customers(cutoff, n, seed=seed).with_columns(division=pl.lit(division))
        end = shift_months(cutoff, 6)
        labels = table.select(
            "customer_id", "label", net_value_window=pl.col("label") * 10.0,
            window_end=pl.lit(end), is_censored=False,
        )  # fmt: skip
        made.append((table.drop("label", "p_true").lazy(), labels.lazy()))
    return made


def pooled_rows(n: int = 300, most: int = 10**6) -> pl.DataFrame:
    return stack_rows([sample_rows(pairs_at(c, n), most).lazy() for c in TRAINING], C)


def train_on(rows: pl.DataFrame, threads: int = 2) -> dict[str, bytes]:
    return train_pooled(
        rows, cutoff="2024-06-30", divisions=DIVISIONS, settings=SETTINGS, threads=threads
    )


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return train_on(pooled_rows())


@pytest.fixture(scope="module")
def pooled(files) -> PooledTrees:
    found = load_pooled(files)
    assert found is not None
    return found


def train(rows: pl.DataFrame, pooled: PooledTrees | None = None, **changed) -> DivisionModel:
    settings = SETTINGS.model_copy(update=changed)
    return train_model(
        rows, cutoff=C, division="pdm", window_months=6, settings=settings, pooled=pooled
    )


def test_the_sample_has_the_same_customers_in_every_division_and_is_a_part(files):
    rows = sample_rows(pairs_at(TRAINING[0], 2000), most=1500)
    assert 1000 < rows.height < 2000
    by_division = [set(part["customer_id"]) for part in rows.partition_by("division")]
    assert by_division[0] == by_division[1] == by_division[2]
    assert hold(POOLED_ROWS, rows.select(list(POOLED_ROWS.schema.columns()))).passed
    assert hold(POOLED_MODEL, describe_pooled(files)).passed


def test_pooled_trees_do_not_depend_on_the_order_of_rows_or_the_number_of_threads(files):
    mixed = pooled_rows().sample(fraction=1.0, shuffle=True, seed=4)
    assert train_on(mixed, threads=1) == files


def test_a_censored_cutoff_is_not_pooled():
    rows = sample_rows(pairs_at(TRAINING[0]), 10**6)
    assert stack_rows([rows.with_columns(is_censored=True).lazy()], C).is_empty()


def test_nothing_to_pool_is_said_and_opens():
    files = train_on(pl.DataFrame())
    assert load_pooled(files) is None
    assert describe_pooled(files)["reason"].to_list() == ["no training cutoff yet"]
    assert hold(POOLED_MODEL, describe_pooled(files)).passed


def test_a_damaged_pooled_model_is_refused(files):
    with pytest.raises(BundleError, match="damaged"):
        load_pooled(files | {"pooled.json": b"{}"})


def test_no_input_of_the_pooled_model_names_a_division(pooled):
    names = [column.name for column in pooled.preparation.columns]
    assert "cross__all__bought_pdm__asof" not in names
    assert "rfm__all__gp_sum__12m" in names
    columns = ["cross__all__lines_packaged_meat__12m", "rfm__div__lines__6m", "customer_id"]
    assert naming_a_division(columns, ["meat", "div"]) == columns[:1]


def test_the_value_of_a_purchase_is_no_input_of_the_pooled_model(files, pooled):
    told = pooled_rows().with_columns(net_value_window=pl.col("label") * 1e6 + 7.0)
    assert train_on(told) == files
    assert "net_value_window" not in pooled.preparation.sources


def test_pooled_trees_of_a_time_fold_saw_no_label_that_was_not_known_by_then(pooled):
    table = pooled_rows()
    folds = make_folds(table, SETTINGS)
    named = [fold.name for fold in (*folds.folds, *crossed(table, SETTINGS))]
    assert sorted(pooled.by_fold) == sorted(named)
    at = table["cutoff"].to_list()
    for fold in folds.folds:
        assert all(shift_months(at[i], 6) <= dt.date.fromisoformat(fold.name) for i in fold.train)
    # The oldest fold's trees are the same when every later label is turned round.
    first = min(pooled.by_fold)
    later = pl.col("cutoff") > dt.date.fromisoformat(first)
    turned = table.with_columns(label=pl.when(later).then(1 - pl.col("label")).otherwise("label"))
    other = load_pooled(train_on(turned))
    assert other is not None
    assert other.by_fold[first].text == pooled.by_fold[first].text
    assert other.trees.text != pooled.trees.text


def test_a_division_with_few_buyers_gains_from_the_others(pooled):
    # 120 customers a cutoff say little of their own; three divisions of 300 say more.
    rows = matrix(120)
    fresh = customers(C, 4000, seed=1)
    y = fresh["label"].to_numpy()

    def reached(model: DivisionModel) -> float:
        scores = score(load_bundle(model.to_files()), features(fresh))
        return auc(y, scores["p_icp"].to_numpy())

    with_it, alone = train(rows, pooled), train(rows)
    assert POOLED in with_it.card.winner
    assert reached(with_it) > reached(alone) - 0.005
    assert any(one["kind"] == POOLED for one in with_it.candidates)


def test_joined_inputs_change_no_members_margin(pooled):
    rows = matrix()
    prepared = fit_preparation(rows, SETTINGS, pooled.preparation)
    before = ModelInputs.of(prepared, rows)
    line = Linear(0.3, np.random.default_rng(0).normal(size=before.standardised.shape[1]))
    whole, members = join_pooled(prepared, [line], pooled)
    after = ModelInputs.of(whole, rows)
    assert np.allclose(members[0].margin(after), line.margin(before))
    own = pooled.trees.margin(ModelInputs.of(pooled.preparation, rows))
    assert np.array_equal(members[1].margin(after), own)


def test_a_bundle_with_pooled_trees_opens_scores_and_explains(pooled):
    model = train(matrix(120), pooled)
    bundle = load_bundle(model.to_files())
    fresh = features(customers(C, 300, seed=2)).sort("customer_id").collect()
    assert bundle.preparation is not None
    rows = ModelInputs.of(bundle.preparation, fresh)
    found = bundle.contributions(rows, fresh["is_whitespace"].to_numpy())
    margin = score(bundle, fresh.lazy())["margin"].to_numpy()
    assert found.margin == pytest.approx(margin, abs=1e-9)
    assert np.array(bundle.shares).sum(axis=0) == pytest.approx([1.0, 1.0])


def test_a_leak_in_the_division_keeps_the_pooled_trees_that_use_it_out(pooled):
    rows = matrix().with_columns(rfm__all__gp_sum__12m=pl.col("label") * 50.0)
    model = train(rows, pooled)
    assert POOLED not in model.card.winner
    assert not any(one["kind"] == POOLED for one in model.candidates)


def test_training_is_the_same_on_1_2_and_4_threads(pooled):
    def work(seed: int) -> dict[str, bytes]:
        return train(matrix(200, seed=seed), pooled).to_files()

    with threadpool_limits(1):
        alone = [work(seed) for seed in range(3)]
        for threads in (2, 4):
            with ThreadPoolExecutor(threads) as pool:
                assert list(pool.map(work, range(3))) == alone


def test_a_division_that_is_noise_is_said_to_be_noise_with_pooled_trees_too(pooled):
    model = train(noise(), pooled)
    assert model.card.status == PRIOR
    assert "cannot be ranked better than by chance" in model.card.reason


def test_a_feature_whose_name_tells_of_the_outcome_is_dropped():
    rows = matrix().with_columns(
        later__all__next_order_days__asof=pl.lit(1.0) * pl.int_range(pl.len())
    )
    dropped = fit_preparation(rows, SETTINGS).dropped
    assert "name matches" in dropped["later__all__next_order_days__asof"]
    assert "name matches" not in " ".join(fit_preparation(matrix(), SETTINGS).dropped.values())


def test_a_large_grid_is_narrowed_on_the_newest_fold_before_all_folds_are_fitted():
    settings = ModelSettings(
        tree_rounds=20, tree_leaves=[3, 4, 6], feature_fractions=[0.4, 0.8],
        linear_l1_ratios=[0.0, 0.5], linear_strengths=[0.01], finalists=2,
    )  # fmt: skip
    rows = matrix(300)
    assert len(candidates_of(settings)) == 8
    prepared, raw = prepare_rows(rows, settings)
    folds = make_folds(rows, settings).folds
    inputs = TrainingInputs(prepared, raw, rows["label"].to_numpy())
    trials, _ = run_trials(rows, inputs, folds, settings, None)
    kinds = [one.candidate.kind for one in trials if not one.candidate.on_whitespace]
    assert (kinds.count(Linear.kind), kinds.count(Trees.kind)) == (2, 2)


def test_an_overfit_search_is_tried_again_with_simpler_models_and_still_said():
    model = train(matrix(150), overfit_gap=0.001)
    assert any("above validation AUC" in text for text in model.warnings)
    stronger = SETTINGS.stronger()
    assert max(stronger.linear_strengths) < max(SETTINGS.linear_strengths)
    assert max(stronger.tree_leaves) < max(SETTINGS.tree_leaves)


def trial(kind: str, margin: np.ndarray) -> Trial:
    return Trial(candidate=Candidate(kind), rounds=5, margin=margin, train_auc=0.8)


def two_trials(n: int = 4000) -> tuple[list[Trial], HeldOutRows]:
    """One model knows the whitespace and is blind for owners, the other the reverse."""
    draw = np.random.default_rng(3)
    truth, white = draw.normal(size=n), draw.random(n) < 0.5
    label = (draw.random(n) < 1 / (1 + np.exp(1.5 - 2 * truth))).astype(np.int8)
    blind = draw.normal(size=n)
    ties = tie_breaker([f"c{i}" for i in range(n)])
    rows = HeldOutRows(
        label=label,
        is_whitespace=white,
        ties=ties,
        fold=np.zeros(n, int),
        newest=np.ones(n, dtype=bool),
        row=np.arange(n),
    )
    first = trial(Linear.kind, np.where(white, truth, blind))
    second = trial(Trees.kind, np.where(white, blind, truth))
    return [first, second], rows


def test_members_of_two_winners_are_in_the_order_of_the_final_fits_whoever_needs_them():
    both = np.zeros(2)
    linear, trees, pooled = (trial(kind, both) for kind in (Linear.kind, Trees.kind, POOLED))
    held = HeldOut(
        margin=both, label=both, is_whitespace=both, fold=both, newest=both, row=np.arange(2)
    )
    winner = Winner(
        Mixture((trees, pooled), held.margin, {}), Mixture((linear, trees), held.margin, {}), held
    )
    assert winner.members == [linear, trees, pooled]
    assert winner.shares == [(0.0, 0.5), (0.5, 0.5), (0.5, 0.0)]


def test_each_slice_has_a_winner_of_its_own_unless_one_slice_is_to_decide():
    trials, rows = two_trials()
    mixtures = mix(trials, rows)
    each = select(mixtures, rows, SETTINGS)
    assert [one.candidate.kind for one in each.whitespace.members] == [Linear.kind]
    assert [one.candidate.kind for one in each.owners.members] == [Trees.kind]
    one = select(mixtures, rows, SETTINGS.model_copy(update={"selection_slice": "whitespace"}))
    assert one.owners.name == one.whitespace.name == each.whitespace.name
    assert sorted(each.shares) == [(0.0, 1.0), (1.0, 0.0)]


def test_a_slice_with_too_few_buyers_goes_by_all_customers():
    trials, rows = two_trials()
    few = rows.is_whitespace & (np.cumsum(rows.is_whitespace & (rows.label == 1)) > 4)
    poor = replace(rows, label=np.where(few, 0, rows.label))
    mixtures = mix(trials, poor)
    assert all("whitespace" not in one.judged for one in mixtures)
    chosen = select(mixtures, poor, SETTINGS)
    assert chosen.whitespace is mixtures[choose([one.judged["all"] for one in mixtures])]


def test_models_that_nothing_tells_apart_are_averaged():
    trials, rows = two_trials()
    twin = trial(Trees.kind, trials[0].margin + 1e-9)
    assert len(select(mix([trials[0], twin], rows), rows, SETTINGS).whitespace.members) == 2
    assert judge((trials[0],), rows).name == trials[0].candidate.name


def binned_rows() -> tuple[ModelInputs, lgb.Dataset]:
    table = matrix(300)
    rows = ModelInputs.of(fit_preparation(table, SETTINGS), table)
    return rows, bin_rows(rows.raw, table["label"].to_numpy())


def test_the_first_trees_of_a_longer_boosting_are_those_of_a_shorter_one():
    rows, binned = binned_rows()
    longer, shorter = (
        fit_trees(binned, Trees.grid(SETTINGS)[-1], SETTINGS, rounds=n) for n in (20, 7)
    )
    assert np.array_equal(longer.margin(rows, 7), shorter.margin(rows))
    assert not np.array_equal(longer.margin(rows), shorter.margin(rows))


def test_margins_are_what_the_booster_says_of_all_its_inputs():
    rows, binned = binned_rows()
    trees = fit_trees(binned, Trees.grid(SETTINGS)[-1], SETTINGS, rounds=15)
    plain = lgb.Booster(model_str=trees.text)
    assert np.array_equal(trees.margin(rows), plain.predict(rows.raw, raw_score=True))
    first = plain.predict(rows.raw, raw_score=True, num_iteration=4)
    assert np.array_equal(trees.margin(rows, rounds=4), first)
    # Behind two columns that are another model's.
    behind = replace(trees, inputs=tuple(range(2, 2 + rows.raw.shape[1])))
    wider = replace(rows, raw=np.hstack([rows.raw[:, :2] * 9, rows.raw]))
    assert np.array_equal(behind.margin(wider), trees.margin(rows))
