"""The candidate models: logistic regressions, boosted trees, pooled trees, and means of their logits.

A fitted candidate gives margins (logits before calibration). All run in one thread with fixed
seeds: models are trained side by side instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Any

import lightgbm as lgb
import numpy as np

from gosales_assets.models.learners.linear import Linear, positive_weight
from gosales_resources.settings.models import ModelSettings

LINEAR, TREES, POOLED, BLEND = "logistic_regression", "lightgbm", "pooled_lightgbm", "blend"
# Rounds without improvement on the validation fold before boosting stops.
PATIENCE = 20
MAX_BIN = 63
# Rows that bins are found from: 63 bins need no more, and to sort 20,000 rows of 400 inputs takes half a second.
BINNING_ROWS = 10_000
# Inputs that a tree sees at least: a share of few inputs is none to choose from.
LEAST_SEEN = 10
# The place of an input that is not there.
NOWHERE = -1
# A leaf of fewer rows says nothing, however small the training is.
LEAST_LEAF = 20
# Rows that trees are asked about at once: what is laid out for them stays in the cache.
ROWS_AT_ONCE = 2048
# A margin beyond +-30 is a probability that differs from 0 or 1 by 1e-13.
LARGEST_MARGIN = 30.0


@dataclass(frozen=True)
class Candidate:
    """What is tried."""

    kind: str
    parameters: dict[str, Any] = field(default_factory=dict)
    on_whitespace: bool = False
    """Fitted on customers who never bought in the division, and asked about them alone."""

    @property
    def name(self) -> str:
        """Kind, parameters and whom it is fitted on, in words."""
        shown = [f"{k}={v}" for k, v in sorted(self.parameters.items())]
        shown += ["fitted on the whitespace"] if self.on_whitespace else []
        return f"{self.kind}({', '.join(shown)})"


@dataclass(frozen=True)
class Trees:
    """A fitted LightGBM model, as its own text."""

    text: str
    rounds: int
    inputs: tuple[int, ...] | None = None
    """Places of its inputs among the preparation's columns; None where it takes all of them in order.

    `NOWHERE` is the place of an input that no tree asks for.
    """

    @cached_property
    def booster(self) -> lgb.Booster:
        """The model, opened once. One thread at a time: predict sets its state."""
        return lgb.Booster(model_str=self.text)

    @cached_property
    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """The inputs that some tree asks for: in its own order, and among the preparation's columns."""
        own = np.flatnonzero(self.booster.feature_importance("split", iteration=-1))
        return own, own if self.inputs is None else np.asarray(self.inputs)[own]

    def first(self, rounds: int) -> "Trees":
        """Return the model that fewer rounds of the same boosting had made."""
        return replace(self, text=self.booster.model_to_string(num_iteration=rounds), rounds=rounds)

    def margin(
        self, raw: np.ndarray, standardised: np.ndarray | None = None, rounds: int | None = None
    ) -> np.ndarray:
        """Return one logit per row, of the first `rounds` trees where that is given."""
        margin = self._ask(raw, 1, raw_score=True, num_iteration=rounds or -1)[:, 0]
        return np.clip(margin, -LARGEST_MARGIN, LARGEST_MARGIN)

    def contributions(self, raw: np.ndarray) -> np.ndarray:
        """Return what each of its inputs adds to the logit (TreeSHAP), and the base in the last column."""
        return self._ask(raw, self.booster.num_feature() + 1, pred_contrib=True)

    def _ask(self, raw: np.ndarray, width: int, **what: Any) -> np.ndarray:
        own, source = self.places
        found = np.empty((raw.shape[0], width))
        # Row by row in memory, as trees are walked through: a third of the time of columns.
        rows = np.zeros((min(raw.shape[0], ROWS_AT_ONCE), self.booster.num_feature()), raw.dtype)
        for start in range(0, raw.shape[0], ROWS_AT_ONCE):
            part = raw[start : start + ROWS_AT_ONCE]
            rows[: part.shape[0], own] = part[:, source]
            answer = self.booster.predict(rows[: part.shape[0]], num_threads=1, **what)
            found[start : start + part.shape[0]] = np.asarray(answer).reshape(-1, width)
        return found


Fitted = Linear | Trees


def candidates_of(settings: ModelSettings) -> list[Candidate]:
    """List the single models of the grid, simplest first."""
    linear = product(sorted(settings.linear_strengths), sorted(settings.linear_l1_ratios))
    trees = product(
        sorted(settings.tree_leaves),
        sorted(settings.tree_leaf_fracs, reverse=True),
        sorted(settings.learning_rates),
        sorted(settings.feature_fractions),
        sorted(settings.bagging_fractions),
    )
    names = ("num_leaves", "leaf_frac", "learning_rate", "feature_fraction", "bagging_fraction")
    return [
        *(Candidate(LINEAR, {"C": c, "l1_ratio": share}) for c, share in linear),
        *(Candidate(TREES, dict(zip(names, values, strict=True))) for values in trees),
    ]


def bin_rows(raw: np.ndarray, label: np.ndarray) -> lgb.Dataset:
    """Bin training rows as LightGBM does: once for all trees that are fitted on parts of them."""
    parameters = {
        "max_bin": MAX_BIN,
        "bin_construct_sample_cnt": BINNING_ROWS,
        "verbosity": -1,
        "num_threads": 1,
        "force_col_wise": True,
        # Trees of other sizes ask for other leaf sizes: nothing may be filtered before.
        "feature_pre_filter": False,
    }
    return lgb.Dataset(raw, label, params=parameters).construct()


def part_of(binned: lgb.Dataset, rows: np.ndarray, start: np.ndarray | None = None) -> lgb.Dataset:
    """Return some of the binned rows.

    Parameters
    ----------
    binned
        From `bin_rows`.
    rows
        Their places, ascending.
    start
        The logits that boosting starts from, one per row of `rows`; None for the base rate.
    """
    part = binned.subset(rows.tolist()).construct()
    return part if start is None else part.set_init_score(start)


def fit_trees(
    train: lgb.Dataset,
    parameters: dict[str, Any],
    settings: ModelSettings,
    *,
    rounds: int | None = None,
    valid: lgb.Dataset | None = None,
) -> Trees:
    """Fit boosted trees: for so many rounds, or until the validation rows stop improving."""
    label = np.asarray(train.get_label())
    chosen = {
        "objective": "binary",
        "num_leaves": parameters["num_leaves"],
        "min_data_in_leaf": max(LEAST_LEAF, int(parameters["leaf_frac"] * label.size)),
        "learning_rate": parameters["learning_rate"],
        "feature_fraction": min(
            1.0, max(parameters["feature_fraction"], LEAST_SEEN / train.num_feature())
        ),
        "bagging_fraction": parameters["bagging_fraction"],
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "scale_pos_weight": positive_weight(label, settings),
        "max_bin": MAX_BIN,
        "feature_pre_filter": False,
        "seed": settings.seed % 2**31,
        "num_threads": 1,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    callbacks, sets = [], []
    if valid is not None:
        sets = [valid]
        callbacks = [lgb.early_stopping(PATIENCE, verbose=False)]
    booster = lgb.train(
        chosen,
        train,
        rounds or settings.tree_rounds,
        valid_sets=sets,
        callbacks=callbacks,
    )
    best = booster.best_iteration or booster.current_iteration()
    # All trees are kept: what is judged may be another number of them than this fold liked best.
    return Trees(booster.model_to_string(num_iteration=-1), max(best, 1))


def blended(
    margins: Sequence[np.ndarray], shares: Sequence[tuple[float, float]], white: np.ndarray
) -> np.ndarray:
    """Return the weighted sum of logits.

    Parameters
    ----------
    margins
        One array per member.
    shares
        What each member counts, for owners and for the whitespace.
    white
        1 for a row of the whitespace, else 0.
    """
    parts = [
        margin * np.where(white > 0, whitespace, owners)
        for margin, (owners, whitespace) in zip(margins, shares, strict=True)
    ]
    return sum(parts[1:], start=parts[0])
