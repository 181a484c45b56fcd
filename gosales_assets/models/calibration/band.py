"""How far a calibrated probability may be from the rate of customers like that: three variances.

On the logit, where errors add: sampling of the calibration's two parameters, its misfit (the true
curve is not a straight line), and the shift of the base rate until the outcome is known.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit
from scipy.stats import norm

from gosales_assets.models.calibration.calibrator import FEWEST_OF_A_CLASS, FLOOR
from gosales_assets.models.calibration.level import Level
from gosales_assets.models.rows.classes import both_classes
from gosales_assets.models.rows.slices import OWNERS, WHITESPACE
from gosales_resources.dates import shift_months

BINS = 10
# Misfit is seen on the held-out rows; until the scores' own outcome the curve moves by as much again.
# Counted once, 90 % intervals held 86 % of the oracle's rates, twice 90 % (sample company M, three
# cutoffs, nine targets; the sampling term alone: 51 %).
MISFITS = 2.0
ROUNDS = 20


@dataclass(frozen=True)
class Sampling:
    """Covariance of a calibration's intercept and slope at the stated logit."""

    intercept: float
    cross: float
    slope: float

    def variance(self, x: np.ndarray) -> np.ndarray:
        """Return the variance of the calibration's logit.

        Parameters
        ----------
        x
            The stated logit, one per row.

        Returns
        -------
        numpy.ndarray
            At least 0, one per row.
        """
        return np.maximum(self.intercept + 2 * self.cross * x + self.slope * x * x, 0.0)


@dataclass(frozen=True)
class Band:
    """Variances of a probability's logit."""

    owners: Sampling
    whitespace: Sampling
    """Of rows of its own: it has fewer buyers and a slope of its own."""
    misfit: float
    shift: float
    """Of the owners' level until the outcome is known."""
    whitespace_level_shift: float
    """Of the whitespace's: the same, unless a forecast that moves its level has an error of its own."""

    def interval(
        self, p: np.ndarray, is_whitespace: np.ndarray, level: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the interval that holds the rate of customers with such a score.

        Parameters
        ----------
        p
            Calibrated probability, one per row.
        is_whitespace
            True or 1 for a row of the whitespace.
        level
            Of the interval, between 0 and 1.

        Returns
        -------
        tuple of numpy.ndarray
            Low and high, one per row, strictly between 0 and 1, around p.
        """
        x = _logit(p)
        sampling = np.where(is_whitespace > 0, self.whitespace.variance(x), self.owners.variance(x))
        shift = np.where(is_whitespace > 0, self.whitespace_level_shift, self.shift)
        half = norm.ppf(0.5 + level / 2) * np.sqrt(sampling + MISFITS * self.misfit + shift)
        return expit(x - half), expit(x + half)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Band":
        """Read what `to_json` wrote."""
        owners, whitespace = (Sampling(**data[name]) for name in ("owners", "whitespace"))
        variances = {n: float(data[n]) for n in ("misfit", "shift", "whitespace_level_shift")}
        return cls(owners=owners, whitespace=whitespace, **variances)


def fit_band(
    held_out: pl.DataFrame, matrix: pl.DataFrame, window_months: int, level: Level | None = None
) -> Band | None:
    """Estimate the variances of a training's probabilities.

    Parameters
    ----------
    held_out
        Held-out predictions: cutoff, label, is_whitespace, p calibrated on other customers.
    matrix
        Training rows: cutoff, label; the base rates.
    window_months
        The label window: how long after the newest training cutoff scores are made.
    level
        Forecasts that move the level: where one does, its own past error is the shift.

    Returns
    -------
    Band or None
        None where the newest cutoff has too few of a class to tell.

    References
    ----------
    Cox (1958) for the two parameters; DerSimonian and Laird (1986) for a variance beyond sampling.
    """
    newest = held_out.filter(pl.col("cutoff") == pl.col("cutoff").max())
    everyone = _sampling(newest)
    if everyone is None:
        return None
    # A slice that says too little by itself goes by all rows.
    owners = _sampling(newest.filter(~pl.col("is_whitespace"))) or everyone
    whitespace = _sampling(newest.filter("is_whitespace")) or everyone
    parts = held_out.sort("cutoff").partition_by("cutoff", maintain_order=True)
    usual = _shift(matrix, window_months)
    known = {name: one.variance for name, one in level.slices.items()} if level else {}
    shifts = (usual if (v := known.get(name)) is None else v for name in (OWNERS, WHITESPACE))
    return Band(owners, whitespace, _misfit(parts), *shifts)


def _sampling(rows: pl.DataFrame) -> Sampling | None:
    label = rows["label"].to_numpy()
    if not both_classes(label, FEWEST_OF_A_CLASS):
        return None
    covariance = _covariance(_logit(rows["p"].to_numpy()), label)
    if covariance is None:
        return None
    (a, b), (_, c) = covariance.tolist()
    return Sampling(intercept=a, cross=b, slope=c)


def _covariance(x: np.ndarray, label: np.ndarray) -> np.ndarray | None:
    """Return the sandwich covariance of intercept and slope at (0, 1); None where singular."""
    p = expit(x)
    w, residual = p * (1 - p), label - p
    h = np.array([[w.sum(), (w * x).sum()], [(w * x).sum(), (w * x * x).sum()]])
    if np.linalg.det(h) <= 1e-9 * h[0, 0] * h[1, 1]:
        return None
    cross = (residual**2 * x).sum()
    g = np.array([[(residual**2).sum(), cross], [cross, (residual**2 * x * x).sum()]])
    inverse = np.linalg.inv(h)
    return inverse @ g @ inverse


def _misfit(parts: Sequence[pl.DataFrame]) -> float:
    """Return the variance of bins' errors beyond sampling, and one standard error of it.

    Ten bins say little of a variance: taken as estimated, it was 0 in half of the models.
    """
    errors, noise = [], []
    for part in parts:
        p, label = np.clip(part["p"].to_numpy(), FLOOR, 1 - FLOOR), part["label"].to_numpy()
        white, weight = part["is_whitespace"].to_numpy(), p * (1 - p)
        # A cutoff's own level is the shift's business.
        level = (label - p).sum() / weight.sum()
        order = np.lexsort((part["ties"].to_numpy(), p))
        for of_slice in (order[white[order]], order[~white[order]]):
            for rows in np.array_split(of_slice, BINS):
                if rows.size:
                    information = weight[rows].sum()
                    errors.append((label[rows] - p[rows]).sum() / information - level)
                    noise.append(1 / information)
    e, v = np.square(errors), np.array(noise)
    found = 0.0
    for _ in range(ROUNDS):
        w = 1 / np.square(v + found)
        found = max(0.0, float((w * (e - v)).sum() / w.sum()))
    return found + float(np.sqrt(2 / (1 / np.square(v + found)).sum()))


def _shift(matrix: pl.DataFrame, window_months: int) -> float:
    """Return the mean squared change of the base rate's logit over a window, less its noise.

    Over the longest time there is where no two training cutoffs are a window apart.
    """
    rates = (
        matrix.group_by("cutoff")
        .agg(positives=pl.col("label").cast(pl.Int64).sum(), n=pl.len())
        .sort("cutoff")
    )
    bought, n = rates["positives"].to_numpy() + 0.5, rates["n"].to_numpy() + 1.0
    level, noise = np.log(bought) - np.log(n - bought), 1 / bought + 1 / (n - bought)
    at: list[dt.date] = rates["cutoff"].to_list()
    pairs = [
        (first, second)
        for first, day in enumerate(at)
        for second in range(first + 1, len(at))
        if at[second] == shift_months(day, window_months)
    ] or [(0, len(at) - 1)]
    moved = [(level[j] - level[i]) ** 2 - noise[i] - noise[j] for i, j in pairs if i != j]
    return max(0.0, float(np.mean(moved))) if moved else 0.0


def _logit(p: np.ndarray) -> np.ndarray:
    held = np.clip(p, FLOOR, 1 - FLOOR)
    return np.log(held) - np.log1p(-held)
