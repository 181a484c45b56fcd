"""Pure parts of the tests that fit models: a plain fit, nulls of an AUC, features that know too much."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.stats import false_discovery_control, norm

from gosales_assets.models.learners.linear import fit_linear
from gosales_assets.models.learners.trees import fit_trees
from gosales_assets.models.rows.binning import bin_rows
from gosales_assets.models.rows.model_inputs import ModelInputs
from gosales_assets.models.rows.preparation import fit_preparation
from gosales_checks.measures.ranking import auc, lift_at, tie_breaker
from gosales_resources.settings.models import ModelSettings

LINEAR = {"C": 0.01, "l1_ratio": 0.0}
TREES = {
    "num_leaves": 15,
    "leaf_frac": 0.005,
    "learning_rate": 0.05,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
}
ROUNDS = 60
DRAWS = 200


@dataclass(frozen=True)
class Judged:
    """A plain model's order of the rows it is judged on."""

    label: np.ndarray
    margin: np.ndarray
    ties: np.ndarray

    @property
    def auc(self) -> float:
        """AUC of the order."""
        return auc(self.label, self.margin)

    @property
    def lift(self) -> float:
        """Lift in the first tenth."""
        return lift_at(self.label, self.margin, self.ties, 0.10)


def judge_plain(train: pl.DataFrame, test: pl.DataFrame, settings: ModelSettings) -> Judged:
    """Fit the mean of a logistic regression and boosted trees and order other rows by it.

    Parameters
    ----------
    train, test
        One row per customer and cutoff, with `label`; the same features.
    settings
        Of models: seeds, levels.
    """
    prepared = fit_preparation(train, settings)
    raw, label = prepared.raw(train), train["label"].to_numpy()
    linear = fit_linear(prepared.standardised(raw), label, LINEAR, settings)
    trees = fit_trees(bin_rows(raw, label), TREES, settings, rounds=ROUNDS)
    rows = ModelInputs.of(prepared, test)
    margin = (linear.margin(rows) + trees.margin(rows)) / 2
    return Judged(test["label"].to_numpy(), margin, tie_breaker(test["customer_id"].to_list()))


def null_error(label: np.ndarray) -> float:
    """Return the standard error of an AUC of 0.5.

    Examples
    --------
    >>> round(null_error(np.array([0] * 90 + [1] * 10)), 4)
    0.0967

    References
    ----------
    Mann and Whitney (1947).
    """
    positives = int(label.sum())
    negatives = label.size - positives
    return float(np.sqrt((positives + negatives + 1) / (12 * positives * negatives)))


def auc_error(value: float, positives: int, negatives: int) -> float:
    """Return the standard error of an AUC.

    References
    ----------
    Hanley and McNeil (1982).
    """
    one, two = value / (2 - value), 2 * value**2 / (1 + value)
    spread = (
        value * (1 - value)
        + (positives - 1) * (one - value**2)
        + (negatives - 1) * (two - value**2)
    )
    return float(np.sqrt(max(spread, 1e-12) / (positives * negatives)))


def paired_error(one: Judged, other: Judged, seed: int) -> tuple[float, float]:
    """Return standard errors of the differences of AUC and of lift, customers drawn for both alike."""
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(DRAWS):
        rows = draw.integers(0, one.label.size, one.label.size)
        label = one.label[rows]
        if 0 < label.sum() < label.size:
            a, b = (Judged(label, j.margin[rows], j.ties[rows]) for j in (one, other))
            found.append((b.auc - a.auc, b.lift - a.lift))
    errors = np.array(found).std(axis=0, ddof=1)
    return float(errors[0]), float(errors[1])


@dataclass(frozen=True)
class Planted:
    """An input that orders past outcomes far better than later ones."""

    name: str
    past: float
    later: float


def planted_inputs(
    past: pl.DataFrame,
    later: pl.DataFrame,
    settings: ModelSettings,
    gap: float,
    level: float,
) -> tuple[list[Planted], int]:
    """Find inputs whose AUC on past outcomes is far above that on later ones, beyond the null.

    The null has what the log itself has shifted: another season or trend moves many inputs, an input
    that holds outcomes falls where the others do not.

    Parameters
    ----------
    past, later
        Training rows, and those of the last cutoff whose outcome is known; both classes in each.
    settings
        Of models; nothing is dropped for giving the answer away here.
    gap
        AUC that is far.
    level
        Of the one-sided test, after Benjamini and Hochberg over inputs.

    Returns
    -------
    tuple
        The inputs, worst first, and how many were looked at.
    """
    frank = settings.model_copy(update={"leaky_auc": 2.0, "leaky_names": []})
    prepared = fit_preparation(past, frank)
    sides = [(prepared.raw(table), table["label"].to_numpy()) for table in (past, later)]
    counts = [(int(y.sum()), int(y.size - y.sum())) for _, y in sides]
    rows = []
    for at, column in enumerate(prepared.columns):
        values = [np.nan_to_num(raw[:, at], nan=column.median) for raw, _ in sides]
        a, b = (auc(y, x) for x, (_, y) in zip(values, sides, strict=True))
        if a < 0.5:
            a, b = 1 - a, 1 - b
        error = np.hypot(auc_error(a, *counts[0]), auc_error(b, *counts[1]))
        # What turns round with the season is no more known of the past than what comes to nothing.
        rows.append((column.name, a, b, a - max(b, 0.5), float((a - max(b, 0.5)) / error)))
    if not rows:
        return [], 0
    corrected = false_discovery_control(norm.sf(_beyond_the_usual([z for *_, z in rows])))
    found = [
        Planted(name, a, b)
        for (name, a, b, fall, _), q in zip(rows, corrected, strict=True)
        if fall > gap and q < level
    ]
    return sorted(found, key=lambda one: (one.later - one.past, one.name)), len(rows)


def _beyond_the_usual(falls: Sequence[float]) -> np.ndarray:
    """Return falls in units of the usual one: less their median, by their spread where that is wider."""
    found = np.asarray(falls)
    usual = max(float(np.median(found)), 0.0)
    # Of a normal distribution, 1.4826 times the median distance is the standard deviation.
    spread = 1.4826 * float(np.median(np.abs(found - np.median(found))))
    return (found - usual) / max(spread, 1.0)


def strongest(train: pl.DataFrame, settings: ModelSettings, count: int) -> list[str]:
    """Name the features whose best input orders the training labels best, strongest first."""
    prepared = fit_preparation(train, settings)
    raw, label = prepared.raw(train), train["label"].to_numpy()
    best: dict[str, float] = {}
    for at, column in enumerate(prepared.columns):
        value = auc(label, np.nan_to_num(raw[:, at], nan=column.median))
        best[column.source] = max(best.get(column.source, 0.0), abs(value - 0.5))
    return sorted(best, key=lambda name: (-best[name], name))[:count]


def shuffled_labels(matrix: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Shuffle the labels within each cutoff; what belongs to them goes with them."""
    draw = np.random.default_rng(seed)
    parts = []
    for (_,), part in sorted(matrix.group_by(["cutoff"]), key=lambda found: str(found[0])):
        order = draw.permutation(part.height)
        moved = [part[name].gather(order) for name in ("label", "net_value_window")]
        parts.append(part.with_columns(moved))
    return pl.concat(parts).sort("cutoff", "customer_id")


def split_by_time(matrix: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, dt.date | None]:
    """Part a training matrix: its newest cutoff, and those whose windows had ended by then."""
    if matrix.is_empty():
        return matrix, matrix, None
    newest = matrix["cutoff"].max()
    assert isinstance(newest, dt.date)  # noqa: S101  a column of days
    past = matrix.filter(pl.col("window_end") <= newest)
    return past, matrix.filter(pl.col("cutoff") == newest), newest
