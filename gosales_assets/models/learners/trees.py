"""Boosted trees: LightGBM, kept as its own text."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any, ClassVar

import lightgbm as lgb
import numpy as np

from gosales_assets.models.learners.input_map import NOWHERE, InputMap
from gosales_assets.models.learners.learner import Contributions, Learner, Parameters
from gosales_assets.models.rows.binning import MAX_BIN
from gosales_assets.models.rows.classes import positive_weight
from gosales_assets.models.rows.model_inputs import ModelInputs, TrainingInputs
from gosales_assets.models.rows.preparation import Preparation
from gosales_resources.settings.models import ModelSettings

# Rounds without improvement on the validation fold before boosting stops.
PATIENCE = 20
# Inputs that a tree sees at least: a share of few inputs is none to choose from.
LEAST_SEEN = 10
# A leaf of fewer rows says nothing, however small the training is.
LEAST_LEAF = 20
# Rows that trees are asked about at once: what is laid out for them stays in the cache.
ROWS_AT_ONCE = 2048
# A margin beyond +-30 is a probability that differs from 0 or 1 by 1e-13.
LARGEST_MARGIN = 30.0


@dataclass(frozen=True)
class Trees(Learner):
    """A fitted LightGBM model, as its own text."""

    kind: ClassVar[str] = "lightgbm"
    key: ClassVar[str] = "trees"

    text: str
    rounds: int
    inputs: tuple[int, ...] | None = None
    """Places of its inputs among the preparation's columns; None where it takes all of them in order.

    `NOWHERE` is the place of an input that no tree asks for.
    """

    @classmethod
    def grid(cls, settings: ModelSettings) -> list[Parameters]:
        """List the parameters that are tried, simplest first."""
        names = ("num_leaves", "leaf_frac", "learning_rate", "feature_fraction", "bagging_fraction")
        values = product(
            sorted(settings.tree_leaves),
            sorted(settings.tree_leaf_fracs, reverse=True),
            sorted(settings.learning_rates),
            sorted(settings.feature_fractions),
            sorted(settings.bagging_fractions),
        )
        return [dict(zip(names, some, strict=True)) for some in values]

    @classmethod
    def fit(
        cls,
        rows: TrainingInputs,
        parameters: Parameters,
        settings: ModelSettings,
        stop_on: TrainingInputs,
    ) -> "Trees":
        """Boost until the rows of `stop_on` stop improving."""
        return fit_trees(rows.binned, parameters, settings, valid=stop_on.binned)

    def refit(
        self,
        rows: TrainingInputs,
        parameters: Parameters,
        settings: ModelSettings,
        *,
        rounds: int | None,
        unseen: TrainingInputs,
    ) -> "Trees":
        """Boost all rows for the rounds that were judged."""
        return fit_trees(rows.binned, parameters, settings, rounds=rounds)

    @property
    def best_rounds(self) -> int:
        """Rounds that the rows it stopped by liked best."""
        return self.rounds

    @cached_property
    def booster(self) -> lgb.Booster:
        """The model, opened once. One thread at a time: predict sets its state."""
        return lgb.Booster(model_str=self.text)

    @cached_property
    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """The inputs that some tree asks for: in its own order, and among the preparation's columns."""
        own = np.flatnonzero(self.booster.feature_importance("split", iteration=-1))
        return own, own if self.inputs is None else np.asarray(self.inputs)[own]

    def margin(self, rows: ModelInputs, rounds: int | None = None) -> np.ndarray:
        """See `Learner`; of the raw inputs, clipped to `LARGEST_MARGIN`."""
        margin = self._predict(rows.raw, 1, raw_score=True, num_iteration=rounds or -1)[:, 0]
        return np.clip(margin, -LARGEST_MARGIN, LARGEST_MARGIN)

    def contributions(self, rows: ModelInputs) -> Contributions:
        """Take margins apart: path-dependent TreeSHAP, LightGBM's own. None is clipped."""
        found = self._predict(rows.raw, self.booster.num_feature() + 1, pred_contrib=True)
        by_input = np.zeros(rows.raw.shape)
        own, source = self.places
        by_input[:, source] = found[:, own]
        return Contributions(by_input, found[:, -1])

    def gain_shares(self, preparation: Preparation) -> np.ndarray | None:
        """See `Learner`; None where no tree splits."""
        gain = self.booster.feature_importance("gain")
        if gain.sum() <= 0:
            return None
        every = np.zeros(len(preparation.columns))
        own, source = self.places
        every[source] = gain[own]
        return every / gain.sum()

    def used_inputs(self, preparation: Preparation) -> np.ndarray:
        """See `Learner`: those that some tree splits on; none looks at a missing indicator."""
        found = np.zeros(len(preparation.columns) + len(preparation.flagged), dtype=bool)
        found[self.places[1]] = True
        return found

    def remapped(self, to: InputMap) -> "Trees":
        """Return the same trees over another list of inputs."""
        own, source = self.places
        inputs = np.full(self.booster.num_feature(), NOWHERE)
        inputs[own] = to.places[source]
        return replace(self, inputs=tuple(inputs.tolist()))

    def to_json(self, number: int) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return it as plain data, its text in a file of its own."""
        name = "lightgbm.txt" if number == 1 else f"lightgbm-{number}.txt"
        data = {"file": name, "rounds": self.rounds, "inputs": self.inputs}
        return data, {name: self.text.encode()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], files: Mapping[str, bytes]) -> "Trees":
        """Read what `to_json` wrote, and open the text: one that is no model is told here."""
        inputs = None if data["inputs"] is None else tuple(map(int, data["inputs"]))
        found = cls(files[data["file"]].decode(), int(data["rounds"]), inputs)
        found.booster.num_trees()
        return found

    def _predict(self, raw: np.ndarray, width: int, **what: Any) -> np.ndarray:
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


def fit_trees(
    train: lgb.Dataset,
    parameters: dict[str, Any],
    settings: ModelSettings,
    *,
    rounds: int | None = None,
    valid: lgb.Dataset | None = None,
) -> Trees:
    """Fit boosted trees.

    Parameters
    ----------
    train
        Binned rows (`bin_rows`).
    parameters
        One of `Trees.grid`.
    settings
        Seed, most rounds, weight of buyers.
    rounds
        So many rounds; None for the most that the settings allow.
    valid
        Rows in the same bins: boosting stops where they stop improving. None where it does not.

    Returns
    -------
    Trees
        With all the trees of the boosting; its rounds are the best ones by `valid`.
    """
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
    most = rounds or settings.tree_rounds
    booster = lgb.train(chosen, train, most, valid_sets=sets, callbacks=callbacks)
    best = booster.best_iteration or booster.current_iteration()
    # All trees are kept: what is judged may be another number of them than this fold liked best.
    return Trees(booster.model_to_string(num_iteration=-1), max(best, 1))
