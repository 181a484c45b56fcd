"""What each input adds to a margin: exact for a regression, TreeSHAP for trees, their weighted sum.

Base plus contributions is the margin, row by row. Nothing is sampled here and nothing refitted.
"""

from dataclasses import dataclass

import numpy as np

from gosales_assets.models.bundle.bundle import Bundle
from gosales_assets.models.learners.candidates import Trees
from gosales_assets.models.learners.linear import Linear
from gosales_assets.models.rows.preparation import Preparation
from gosales_resources.errors import BundleError


@dataclass(frozen=True)
class Contributions:
    """Parts of the margins of some rows."""

    by_input: np.ndarray
    """Rows x inputs, in the order of the preparation's columns."""
    base: np.ndarray
    """Margin of the average training row, by the members that count for the row."""

    @property
    def margin(self) -> np.ndarray:
        """Return base plus all contributions, one per row."""
        return self.base + self.by_input.sum(axis=1)


def contributions(
    bundle: Bundle,
    raw: np.ndarray,
    white: np.ndarray,
    standardised: np.ndarray | None = None,
) -> Contributions:
    """Take the margins of a fitted model apart.

    Parameters
    ----------
    bundle
        A fitted model.
    raw, standardised
        Inputs of the rows, as its preparation gives them.
    white
        True for a row of the whitespace: members may count differently there.

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
    by_input, base = np.zeros(raw.shape), np.zeros(raw.shape[0])
    for part, (owners, whitespace) in zip(parts, bundle.shares, strict=True):
        share = np.where(white, whitespace, owners)
        by_input += share[:, None] * part.by_input
        base += share * part.base
    return Contributions(by_input, base)


def by_feature(preparation: Preparation, by_input: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Sum the inputs of each feature (a category's indicators): features, rows x features."""
    names = preparation.sources
    summed = np.zeros((by_input.shape[0], len(names)))
    place = {name: at for at, name in enumerate(names)}
    for at, column in enumerate(preparation.columns):
        summed[:, place[column.source]] += by_input[:, at]
    return names, summed


def coefficients(bundle: Bundle) -> np.ndarray | None:
    """Return the regression's coefficient of each standardised input; None without a regression."""
    linear = [m for m in bundle.members if isinstance(m, Linear)]
    if not linear or bundle.preparation is None:
        return None
    return linear[0].weights[: len(bundle.preparation.columns)]


def gain_shares(bundle: Bundle) -> np.ndarray | None:
    """Return each input's share of the trees' gain; None without trees, or where they never split.

    The mean over the members that are trees.
    """
    shares = []
    for member in (m for m in bundle.members if isinstance(m, Trees)):
        gain = member.booster.feature_importance("gain")
        if bundle.preparation is not None and gain.sum() > 0:
            every = np.zeros(len(bundle.preparation.columns))
            own, source = member.places
            every[source] = gain[own]
            shares.append(every / gain.sum())
    return np.mean(shares, axis=0) if shares else None


def _of_linear(member: Linear, preparation: Preparation, z: np.ndarray) -> Contributions:
    count = len(preparation.columns)
    weighted = z * member.weights
    by_input = weighted[:, :count].copy()
    for place, at in enumerate(preparation.flagged, start=count):
        by_input[:, at] += weighted[:, place]
    return Contributions(by_input, np.full(z.shape[0], member.intercept))


def _of_trees(member: Trees, raw: np.ndarray) -> Contributions:
    found = member.contributions(raw)
    by_input = np.zeros(raw.shape)
    own, source = member.places
    by_input[:, source] = found[:, own]
    return Contributions(by_input, found[:, -1])
