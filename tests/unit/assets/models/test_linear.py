"""The regressions: against scikit-learn's own solvers, and what an elastic net leaves out."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from gosales_assets.models.calibration.lines import fit_line
from gosales_assets.models.learners.linear import Linear, fit_linear
from gosales_assets.models.learners.narrowing import NOT_USED, narrow_inputs
from gosales_assets.models.learners.trees import fit_trees
from gosales_assets.models.rows.binning import bin_rows
from gosales_assets.models.rows.model_inputs import ModelInputs
from gosales_assets.models.rows.preparation import Column, Preparation
from gosales_checks.measures.ranking import auc
from gosales_resources.settings.models import ModelSettings

SETTINGS = ModelSettings(tree_rounds=10)


def rows(n: int = 1500, inputs: int = 150, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw correlated inputs of which five matter."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, inputs)) + 0.7 * draw.normal(size=(n, 1))
    weights = np.zeros(inputs)
    weights[:5] = [1.0, -0.8, 0.6, 0.5, -0.5]
    label = (draw.random(n) < expit(x @ weights - 1.5)).astype(np.int8)
    return np.asfortranarray(x, dtype=np.float32), label


def objective(found: Linear, x: np.ndarray, label: np.ndarray, c: float, share: float) -> float:
    """Return what scikit-learn minimises, per row."""
    margin = found.intercept + x.astype(float) @ found.weights
    loss = np.mean(np.logaddexp(0, margin) - label * margin)
    w = found.weights
    return loss + (share * np.abs(w).sum() + (1 - share) / 2 * (w @ w)) / (c * label.size)


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("c", [0.003, 0.03, 0.3])
def test_the_elastic_net_is_no_worse_a_minimum_than_scikit_learns_own(c, share):
    x, label = rows()
    ours = fit_linear(x, label, {"C": c, "l1_ratio": share}, SETTINGS)
    saga = LogisticRegression(
        C=c, l1_ratio=share, solver="saga", tol=1e-6, max_iter=5000, random_state=0
    ).fit(x.astype(float), label)
    theirs = Linear(float(saga.intercept_[0]), saga.coef_[0])
    values = [objective(one, x, label, c, share) for one in (ours, theirs)]
    assert values[0] == pytest.approx(values[1], rel=1e-4)
    assert ours.weights == pytest.approx(theirs.weights, abs=0.02)


def test_inputs_that_say_nothing_get_no_weight():
    x, label = rows()
    found = fit_linear(x, label, {"C": 0.02, "l1_ratio": 0.5}, SETTINGS)
    assert (found.weights[:5] != 0).all()
    assert (found.weights == 0).mean() > 0.6
    nothing = fit_linear(x, label, {"C": 1e-6, "l1_ratio": 0.5}, SETTINGS)
    assert not nothing.weights.any()
    assert expit(nothing.intercept) == pytest.approx(label.mean())


def test_separable_rows_do_not_run_away():
    x, _ = rows(400, 30)
    label = (x[:, 0] > 0).astype(np.int8)
    found = fit_linear(x, label, {"C": 1.0, "l1_ratio": 0.5}, SETTINGS)
    assert np.isfinite(found.weights).all()
    assert ((found.intercept + x @ found.weights > 0) == label).mean() > 0.97


def test_a_buyer_counts_as_often_as_it_is_set():
    x, label = rows()
    settings = SETTINGS.model_copy(update={"positive_weight_max": 2.0})
    heavy = fit_linear(x, label, {"C": 0.03, "l1_ratio": 0.5}, settings)
    twice = np.concatenate([np.arange(label.size), np.flatnonzero(label)])
    # The penalty is on the sum over rows: as many of them as before.
    again = fit_linear(
        np.asfortranarray(x[twice]), label[twice], {"C": 0.03, "l1_ratio": 0.5}, SETTINGS
    )
    assert heavy.weights == pytest.approx(again.weights, abs=1e-3)


def prepared_of(names: int, flagged: tuple[int, ...]) -> Preparation:
    columns = [Column(f"x{at}", f"x{at}", flags_missing=at in flagged) for at in range(names)]
    return Preparation({f"x{at}": "Float64" for at in range(names)}, {}, columns)


def test_what_no_member_asks_for_is_left_out_and_no_margin_changes():
    prepared = prepared_of(12, flagged=(2, 3, 7))
    draw = np.random.default_rng(0)
    raw = draw.normal(size=(300, 12)).astype(np.float32)
    raw[draw.random(raw.shape) < 0.1] = np.nan
    raw = np.asfortranarray(raw)
    weights = np.zeros(15)
    # Of input 0, and of the missing indicator of input 3.
    weights[0], weights[13] = 1.0, 0.5
    line = Linear(0.2, weights)
    label = (raw[:, 5] > 0).astype(np.int8)
    parameters = {"num_leaves": 3, "leaf_frac": 0.1, "learning_rate": 0.1,
                  "feature_fraction": 1.0, "bagging_fraction": 1.0}  # fmt: skip
    trees = fit_trees(bin_rows(raw, label), parameters, SETTINGS, rounds=1)
    asked = sorted({0, 3, *trees.places[0].tolist()})
    kept, members = narrow_inputs(prepared, [line, trees])
    assert [column.name for column in kept.columns] == [f"x{at}" for at in asked]
    assert [column.name for column in kept.columns if column.flags_missing] == ["x3"]
    assert kept.dropped == {
        f"x{at}": NOT_USED for at in sorted(map(str, set(range(12)) - {*asked}))
    }
    rows, fewer = ModelInputs(prepared, raw), ModelInputs(kept, np.asfortranarray(raw[:, asked]))
    assert np.array_equal(members[1].margin(fewer), trees.margin(rows))
    assert members[0].margin(fewer) == pytest.approx(line.margin(rows), abs=1e-6)


@pytest.mark.parametrize("from_c", [0.001, 0.03, 1.0])
def test_where_a_fit_begins_does_not_decide_where_it_ends(from_c):
    x, label = rows()
    near = fit_linear(x, label, {"C": from_c, "l1_ratio": 0.5}, SETTINGS)
    again, alone = (
        fit_linear(x, label, {"C": 0.03, "l1_ratio": 0.5}, SETTINGS, start)
        for start in (near, None)
    )
    values = [objective(one, x, label, 0.03, 0.5) for one in (again, alone)]
    assert values[0] == pytest.approx(values[1], rel=1e-4)


@pytest.mark.parametrize("few_rows", [800, 2000])
def test_a_fit_on_more_rows_is_as_sure_as_the_calibration_knows(few_rows):
    x, label = rows(16_000, 60)
    few, many = (
        fit_linear(np.asfortranarray(x[:n]), label[:n], {"C": 0.01, "l1_ratio": 0.5}, SETTINGS)
        for n in (few_rows, label.size)
    )
    fresh, y = rows(16_000, 60, seed=1)
    scaled = many.on_scale_of(few, fresh)
    # What turns the margins of the first into probabilities does so for the scaled ones.
    slope, level = fit_line(few.logits(fresh), y)
    sure = [fit_line(slope * one.logits(fresh) + level, y)[0] for one in (many, scaled)]
    assert abs(sure[1] - 1) < abs(sure[0] - 1)
    assert sure[1] == pytest.approx(1.0, abs=0.1)
    assert auc(y, scaled.logits(fresh)) == pytest.approx(auc(y, many.logits(fresh)))


def test_a_fit_without_inputs_is_left_as_it_is():
    x, label = rows()
    nothing = Linear(-1.0, np.zeros(x.shape[1]))
    assert (
        nothing.on_scale_of(fit_linear(x, label, {"C": 0.03, "l1_ratio": 0.5}, SETTINGS), x)
        is nothing
    )
