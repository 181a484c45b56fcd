"""How far stated probabilities are from what happened: Brier, log loss, bins, Cox.

Pure figures of one scored list; what a *perfect* model of that size would show belongs to drift,
and resampling to `intervals`. Undefined measures are ``nan``.
"""

import math

import numpy as np
from scipy.special import expit

from gosales_checks.measures.ranking import bin_edges, paired, ranking_order

CALIBRATION_BINS = np.dtype(
    [
        ("bin", np.int64),
        ("n", np.int64),
        ("mean_p", np.float64),
        ("observed_rate", np.float64),
        ("low", np.float64),
        ("high", np.float64),
    ]
)

# The 97.5 % point of the normal: two-sided 95 %.
Z_95 = 1.959963984540054

# A probability of exactly 0 or 1 (isotonic gives them) has an infinite logit; one in a million is
# below any base rate seen and keeps one such row from steering the slope.
LOGIT_FLOOR = 1e-6

# Above this many Newton steps the fit is not converging: on overlapping classes it takes 4 to 10.
COX_STEPS = 50


def probabilities(y: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return outcomes and probabilities as floats, or raise where a probability is outside 0 to 1."""
    outcome, stated = paired(y, p)
    outside = np.count_nonzero((stated < 0.0) | (stated > 1.0))
    if outside:
        raise ValueError(
            f"p: {outside} values outside 0 to 1. Give calibrated probabilities, not margins."
        )
    return outcome, stated


def squared_errors(outcome: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return (p - y)^2 per row."""
    return np.square(p - outcome)


def log_losses(outcome: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return -log of the probability given to what happened, per row, clipped as in scikit-learn."""
    given = np.where(outcome == 1.0, p, 1.0 - p)
    return -np.log(np.maximum(given, np.finfo(np.float64).eps))


def brier(y: np.ndarray, p: np.ndarray) -> float:
    """Return the mean squared error of the probabilities.

    Parameters
    ----------
    y
        Outcome per row, 0 or 1.
    p
        Probability per row, 0 to 1.

    Returns
    -------
    float
        0 to 1, less is better; nan for an empty input.

    References
    ----------
    Brier (1950), Verification of forecasts expressed in terms of probability.

    Examples
    --------
    >>> round(brier(np.array([1, 0]), np.array([0.8, 0.4])), 6)
    0.1
    """
    return _mean(squared_errors(*probabilities(y, p)))


def log_loss(y: np.ndarray, p: np.ndarray) -> float:
    """Return the mean negative log likelihood, in nats.

    Parameters
    ----------
    y, p
        As in `brier`.

    Returns
    -------
    float
        0 or more, less is better; nan for an empty input. A single class is legal.

    References
    ----------
    Good (1952), Rational decisions.

    Examples
    --------
    >>> round(log_loss(np.array([1, 0]), np.array([0.5, 0.5])), 4)
    0.6931
    """
    return _mean(log_losses(*probabilities(y, p)))


def cal_mae(y: np.ndarray, p: np.ndarray, ties: np.ndarray, bins: int = 10) -> float:
    """Return the mean |stated - observed| over equal-count bins, weighted by count.

    Parameters
    ----------
    y, p
        As in `brier`.
    ties
        `tie_breaker` of the customer per row: where a bin's edge falls among equal probabilities,
        it decides the side, so row order does not.
    bins
        Number of bins by rising probability.

    Returns
    -------
    float
        0 to 1; nan for an empty input. A perfect model shows more than 0 on a finite sample.

    References
    ----------
    SPEC, sections 4 and 6 (calibration MAE).

    Examples
    --------
    >>> round(cal_mae(np.array([0, 0, 1, 1]), np.array([0.1, 0.1, 0.8, 0.8]), np.arange(4), bins=2), 6)
    0.15
    """
    outcome, stated = probabilities(y, p)
    if len(outcome) == 0:
        return math.nan
    order = ranking_order(stated, ties, outcome)[::-1]
    excess = np.add.reduceat((outcome - stated)[order], bin_edges(len(order), bins)[:-1])
    return float(np.abs(excess).sum() / len(order))


def width_bin(p: np.ndarray, bins: int) -> np.ndarray:
    """Return the equal-width bin of each probability: [0, 1/bins) is 0, and 1 is in the last."""
    return np.minimum((p * bins).astype(np.int64), bins - 1)


def ece(y: np.ndarray, p: np.ndarray, bins: int = 10) -> float:
    """Return the expected calibration error: |stated - observed| over equal-width bins, by count.

    Parameters
    ----------
    y, p
        As in `brier`.
    bins
        Number of bins of width 1 / bins.

    Returns
    -------
    float
        0 to 1; nan for an empty input.

    References
    ----------
    Naeini, Cooper and Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning.

    Examples
    --------
    >>> round(ece(np.array([0, 0, 1, 1]), np.array([0.1, 0.1, 0.8, 0.8])), 6)
    0.15
    """
    outcome, stated = probabilities(y, p)
    if len(outcome) == 0:
        return math.nan
    order = np.lexsort((outcome, stated))
    excess = np.bincount(width_bin(stated, bins)[order], weights=(outcome - stated)[order])
    return float(np.abs(excess).sum() / len(order))


def calibration_bins(y: np.ndarray, p: np.ndarray, ties: np.ndarray, bins: int = 10) -> np.ndarray:
    """Return the reliability table: stated and observed rate per equal-count bin.

    Parameters
    ----------
    y, p, ties, bins
        As in `cal_mae`.

    Returns
    -------
    numpy.ndarray
        Dtype `CALIBRATION_BINS`, by rising probability; `low` and `high` are the Wilson 95 %
        interval of the observed rate. Fewer rows than `bins` where there are fewer rows to cut.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference.

    Examples
    --------
    >>> table = calibration_bins(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.7, 0.8]), np.arange(4), bins=2)
    >>> table["n"].tolist(), table["observed_rate"].tolist()
    ([2, 2], [0.0, 1.0])
    """
    outcome, stated = probabilities(y, p)
    edges = bin_edges(len(outcome), bins)
    table = np.zeros(len(edges) - 1, dtype=CALIBRATION_BINS)
    if len(table) == 0:
        return table
    order = ranking_order(stated, ties, outcome)[::-1]
    table["bin"] = np.arange(1, len(edges))
    table["n"] = np.diff(edges)
    table["mean_p"] = np.add.reduceat(stated[order], edges[:-1]) / table["n"]
    table["observed_rate"] = np.add.reduceat(outcome[order], edges[:-1]) / table["n"]
    table["low"], table["high"] = wilson(table["observed_rate"], table["n"])
    return table


def wilson(rate: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the Wilson 95 % interval of an observed rate over n rows, n at least 1.

    Examples
    --------
    >>> low, high = wilson(np.array([0.5]), np.array([100]))
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.4038], [0.5962])
    """
    spread = Z_95**2 / n
    centre = (rate + spread / 2.0) / (1.0 + spread)
    half = np.sqrt(rate * (1.0 - rate) * spread + spread**2 / 4.0) / (1.0 + spread)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def logit(p: np.ndarray) -> np.ndarray:
    """Return log(p / (1 - p)), with p held within `LOGIT_FLOOR` of 0 and 1."""
    held = np.clip(p, LOGIT_FLOOR, 1.0 - LOGIT_FLOOR)
    return np.log(held) - np.log1p(-held)


def cox_slope_intercept(y: np.ndarray, p: np.ndarray) -> tuple[float, float]:
    """Fit logit P(y = 1) = intercept + slope * logit(p): 1 and 0 for a calibrated model.

    A slope under 1 says the probabilities are too far apart (overfitted). The intercept is of the
    joint fit, so it is the shift at logit(p) = 0 and not the calibration in the large.

    Parameters
    ----------
    y, p
        As in `brier`.

    Returns
    -------
    tuple of float
        Slope and intercept; both nan where the fit does not exist: an empty input, a single class,
        one probability for all, or classes that the probability separates.

    References
    ----------
    Cox (1958), Two further applications of a model for binary regression. Existence of the fit:
    Albert and Anderson (1984).

    Examples
    --------
    >>> slope, intercept = cox_slope_intercept(np.array([0, 1, 0, 1]), np.array([0.25, 0.25, 0.75, 0.75]))
    >>> abs(round(slope, 6)), abs(round(intercept, 6))
    (0.0, 0.0)
    """
    outcome, stated = probabilities(y, p)
    order = np.lexsort((outcome, stated))
    outcome, x = outcome[order], logit(stated[order])
    sold, unsold = x[outcome == 1.0], x[outcome == 0.0]
    if (
        len(sold) == 0
        or len(unsold) == 0
        or sold.min() >= unsold.max()
        or sold.max() <= unsold.min()
    ):
        return math.nan, math.nan
    intercept, slope = 0.0, 1.0
    likelihood = _log_likelihood(outcome, x, intercept, slope)
    for _ in range(COX_STEPS):
        gradient_and_information = (t.sum() for t in cox_terms(outcome, x, intercept, slope))
        step_intercept, step_slope = (float(s) for s in cox_step(*gradient_and_information))
        scale, ahead = 1.0, likelihood
        while scale > LOGIT_FLOOR and likelihood > (
            ahead := _log_likelihood(
                outcome, x, intercept + scale * step_intercept, slope + scale * step_slope
            )
        ):
            scale /= 2.0
        if scale <= LOGIT_FLOOR or abs(step_intercept) + abs(step_slope) < 1e-10:
            break
        intercept, slope, likelihood = (
            intercept + scale * step_intercept,
            slope + scale * step_slope,
            ahead,
        )
    return float(slope), float(intercept)


def cox_terms(outcome: np.ndarray, x: np.ndarray, intercept: float, slope: float) -> np.ndarray:
    """Return each row's part of the gradient (2 rows) and of the information matrix (3 rows)."""
    mean = expit(intercept + slope * x)
    residual, weight = outcome - mean, mean * (1.0 - mean)
    return np.stack([residual, residual * x, weight, weight * x, weight * x * x])


def cox_step(
    g0: np.ndarray, g1: np.ndarray, h00: np.ndarray, h01: np.ndarray, h11: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the Newton step (intercept, slope) from summed terms; nan where they are singular."""
    determinant = np.asarray(h00 * h11 - h01 * h01)
    held = np.where(determinant > 1e-12 * np.maximum(h00 * h11, 1e-300), determinant, math.nan)
    return (h11 * g0 - h01 * g1) / held, (h00 * g1 - h01 * g0) / held


def _log_likelihood(outcome: np.ndarray, x: np.ndarray, intercept: float, slope: float) -> float:
    linear = intercept + slope * x
    return float(np.sum(outcome * linear - np.logaddexp(0.0, linear)))


def _mean(terms: np.ndarray) -> float:
    # fsum is exact, so the order of rows does not reach the last bit.
    return math.fsum(terms.tolist()) / len(terms) if len(terms) else math.nan
