"""What each input adds to a margin: exact for a regression, TreeSHAP for trees, the mean for a blend.

Base plus contributions is the margin, row by row. Nothing is sampled here and nothing refitted.
"""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np

from gosales_assets.models.bundle import Bundle
from gosales_assets.models.candidates import Linear, Trees
from gosales_assets.models.preparation import Preparation
from gosales_resources.errors import BundleError


@dataclass(frozen=True)
class Contributions:
    """Parts of the margins of some rows."""

    by_input: np.ndarray
    """Rows x inputs, in the order of the preparation's columns."""
    base: float
    """Margin of the average training row."""

    @property
    def margin(self) -> np.ndarray:
        """Return base plus all contributions, one per row."""
        return self.base + self.by_input.sum(axis=1)


def contributions(
    bundle: Bundle, raw: np.ndarray, standardised: np.ndarray | None = None
) -> Contributions:
    """Take the margins of a fitted model apart.

    Parameters
    ----------
    bundle
        A fitted model.
    raw, standardised
        Inputs of the rows, as its preparation gives them.

    Returns
    -------
    Contributions
        In logits. Trees: Lundberg et al. (2020), path-dependent TreeSHAP, LightGBM's own. A
        regression: coefficient times distance from the training mean; a missing value's indicator
        counts to its input. A margin that the model would clip (beyond 30) is not clipped.

    References
    ----------
    Lundberg et al. (2020), From local explanations to global understanding with explainable AI
    for trees; SPEC, section 4.
    """
    if bundle.preparation is None:
        raise BundleError(f"{bundle.model_id} gives everyone the prior rate: nothing to explain.")
    z = bundle.preparation.standardised(raw) if standardised is None else standardised
    parts = [
        _of_linear(member, bundle.preparation, z)
        if isinstance(member, Linear)
        else _of_trees(member, raw)
        for member in bundle.members
    ]
    count = len(parts)
    by_input = sum((part.by_input for part in parts[1:]), start=parts[0].by_input)
    return Contributions(by_input / count, sum(part.base for part in parts) / count)


def by_feature(preparation: Preparation, by_input: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Sum the inputs of each feature (a category's indicators): features, rows x features."""
    sources = [column.source for column in preparation.columns]
    names = list(dict.fromkeys(sources))
    summed = np.zeros((by_input.shape[0], len(names)))
    place = {name: at for at, name in enumerate(names)}
    for at, source in enumerate(sources):
        summed[:, place[source]] += by_input[:, at]
    return names, summed


def coefficients(bundle: Bundle) -> np.ndarray | None:
    """Return the regression's coefficient of each standardised input; None without a regression."""
    linear = [m for m in bundle.members if isinstance(m, Linear)]
    if not linear or bundle.preparation is None:
        return None
    return linear[0].weights[: len(bundle.preparation.columns)]


def gain_shares(bundle: Bundle) -> np.ndarray | None:
    """Return each input's share of the trees' gain; None without trees, or where they never split."""
    trees = [m for m in bundle.members if isinstance(m, Trees)]
    if not trees:
        return None
    gain = lgb.Booster(model_str=trees[0].text).feature_importance("gain")
    return gain / gain.sum() if gain.sum() > 0 else None


def _of_linear(member: Linear, preparation: Preparation, z: np.ndarray) -> Contributions:
    count = len(preparation.columns)
    weighted = z * member.weights
    by_input = weighted[:, :count].copy()
    flagged = [at for at, column in enumerate(preparation.columns) if column.flags_missing]
    for place, at in enumerate(flagged, start=count):
        by_input[:, at] += weighted[:, place]
    return Contributions(by_input, member.intercept)


def _of_trees(member: Trees, raw: np.ndarray) -> Contributions:
    booster = lgb.Booster(model_str=member.text)
    found = np.asarray(booster.predict(raw, pred_contrib=True, num_threads=1))
    base = float(found[0, -1]) if found.shape[0] else 0.0
    return Contributions(found[:, :-1], base)
