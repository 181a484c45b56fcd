"""The candidate models: logistic regressions, boosted trees, and the mean of their logits.

A fitted candidate gives margins (logits before calibration). All run in one thread with fixed
seeds: models are trained side by side instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import lightgbm as lgb
import numpy as np
from sklearn.linear_model import LogisticRegression

from gosales_resources.settings.models import ModelSettings

LINEAR, TREES, BLEND = "logistic_regression", "lightgbm", "blend"
MAX_ITERATIONS = 2000
# Rounds without improvement on the validation fold before boosting stops.
PATIENCE = 20
MAX_BIN = 63
# A margin beyond +-30 is a probability that differs from 0 or 1 by 1e-13.
LARGEST_MARGIN = 30.0


@dataclass(frozen=True)
class Candidate:
    """What is tried."""

    kind: str
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Kind and parameters in words."""
        shown = ", ".join(f"{k}={v}" for k, v in sorted(self.parameters.items()))
        return f"{self.kind}({shown})"


@dataclass(frozen=True)
class Linear:
    """A fitted logistic regression on standardised inputs and their whitespace deviations."""

    intercept: float
    weights: np.ndarray

    def margin(self, raw: np.ndarray, standardised: np.ndarray) -> np.ndarray:
        """Return one logit per row."""
        # einsum, not a matrix product: BLAS may add in another order with other threads.
        return self.intercept + np.einsum("ij,j->i", standardised, self.weights)


@dataclass(frozen=True)
class Trees:
    """A fitted LightGBM model, as its own text."""

    text: str
    rounds: int

    def margin(self, raw: np.ndarray, standardised: np.ndarray) -> np.ndarray:
        """Return one logit per row."""
        booster = lgb.Booster(model_str=self.text)
        margin = booster.predict(raw, raw_score=True, num_threads=1)
        return np.clip(np.asarray(margin), -LARGEST_MARGIN, LARGEST_MARGIN)


Fitted = Linear | Trees


def candidates_of(settings: ModelSettings) -> list[Candidate]:
    """List the single models to try, simplest first."""
    linear = [Candidate(LINEAR, {"C": c}) for c in sorted(settings.linear_strengths)]
    trees = [Candidate(TREES, {"num_leaves": n}) for n in sorted(settings.tree_leaves)]
    return [*linear, *trees]


def fit_linear(standardised: np.ndarray, label: np.ndarray, strength: float) -> Linear:
    """Fit an L2 logistic regression with inverse penalty C = `strength`."""
    model = LogisticRegression(C=strength, solver="lbfgs", max_iter=MAX_ITERATIONS, tol=1e-4)
    model.fit(standardised, label)
    intercept, weights = np.asarray(model.intercept_), np.asarray(model.coef_, dtype=np.float64)
    return Linear(float(intercept[0]), weights[0])


@dataclass(frozen=True)
class Binned:
    """Rows as LightGBM bins them: once for all the trees that are fitted on them."""

    train: lgb.Dataset
    valid: lgb.Dataset | None
    row_count: int


def bin_rows(
    raw: np.ndarray, label: np.ndarray, valid: tuple[np.ndarray, np.ndarray] | None = None
) -> Binned:
    """Bin training rows, and validation rows by the same bins."""
    parameters = {
        "max_bin": MAX_BIN,
        "verbosity": -1,
        "num_threads": 1,
        "force_col_wise": True,
        # Trees of other sizes ask for other leaf sizes: nothing may be filtered before.
        "feature_pre_filter": False,
    }
    train = lgb.Dataset(raw, label, params=parameters, free_raw_data=False)
    judged = lgb.Dataset(*valid, reference=train, free_raw_data=False) if valid else None
    return Binned(train, judged, label.size)


def fit_trees(
    binned: Binned, leaves: int, settings: ModelSettings, rounds: int | None = None
) -> Trees:
    """Fit boosted trees: for so many rounds, or until the validation rows stop improving."""
    parameters = {
        "objective": "binary",
        "num_leaves": leaves,
        "min_data_in_leaf": max(20, binned.row_count // 200),
        "learning_rate": settings.learning_rate,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "max_bin": MAX_BIN,
        "feature_pre_filter": False,
        "seed": settings.seed % 2**31,
        "num_threads": 1,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    callbacks, sets = [], []
    if binned.valid is not None:
        sets = [binned.valid]
        callbacks = [lgb.early_stopping(PATIENCE, verbose=False)]
    booster = lgb.train(
        parameters,
        binned.train,
        rounds or settings.tree_rounds,
        valid_sets=sets,
        callbacks=callbacks,
    )
    best = booster.best_iteration or booster.current_iteration()
    return Trees(booster.model_to_string(num_iteration=best), max(best, 1))


def mean_margin(margins: Sequence[np.ndarray]) -> np.ndarray:
    """Return the mean of logits."""
    return sum(margins[1:], start=margins[0]) / len(margins)
