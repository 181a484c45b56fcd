"""Cox's recalibration line: what a logistic regression of the outcome on the stated logit finds.

The fit on one list, and the terms of one Newton step, which is how resamples get theirs.
"""

import math

import numpy as np
from scipy.special import expit

from gosales_checks.measures.ordering import probabilities

# A probability of exactly 0 or 1 (isotonic gives them) has an infinite logit; one in a million is
# below any base rate seen and keeps one such row from steering the slope.
LOGIT_FLOOR = 1e-6

# Above this many Newton steps the fit is not converging: on overlapping classes it takes 4 to 10.
COX_STEPS = 50

# A step is halved down to this share of it before the likelihood is taken to be at its top.
LEAST_SCALE = 1e-6


def logit(p: np.ndarray) -> np.ndarray:
    """Return log(p / (1 - p)), with p held within `LOGIT_FLOOR` of 0 and 1.

    Parameters
    ----------
    p
        Probability per row, 0 to 1.

    Returns
    -------
    numpy.ndarray
        Finite, one per row, in the order of the input.

    Examples
    --------
    >>> logit(np.array([0.5, 0.0])).round(4).tolist()
    [0.0, -13.8155]
    """
    held = np.clip(p, LOGIT_FLOOR, 1.0 - LOGIT_FLOOR)
    return np.log(held) - np.log1p(-held)


def cox_slope_intercept(y: np.ndarray, p: np.ndarray) -> tuple[float, float]:
    """Fit logit P(y = 1) = intercept + slope * logit(p): 1 and 0 for a calibrated model.

    A slope under 1 says the probabilities are too far apart (overfitted). The intercept is of the
    joint fit, so it is the shift at logit(p) = 0 and not the calibration in the large.

    Parameters
    ----------
    y
        Outcome per row, 0 or 1.
    p
        Probability per row, 0 to 1.

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
    if not _overlap(x[outcome == 1.0], x[outcome == 0.0]):
        return math.nan, math.nan
    return _newton(outcome, x)


def cox_terms(outcome: np.ndarray, x: np.ndarray, intercept: float, slope: float) -> np.ndarray:
    """Return each row's part of the gradient and of the information matrix of the likelihood.

    Parameters
    ----------
    outcome
        0.0 or 1.0 per row.
    x
        Stated logit per row.
    intercept, slope
        Where the likelihood is looked at.

    Returns
    -------
    numpy.ndarray
        (5, rows): two of the gradient, three of the information matrix; nan where the place is.

    Examples
    --------
    >>> cox_terms(np.array([1.0]), np.array([2.0]), 0.0, 0.0).tolist()
    [[0.5], [1.0], [0.25], [0.5], [1.0]]
    """
    mean = expit(intercept + slope * x)
    residual, weight = outcome - mean, mean * (1.0 - mean)
    return np.stack([residual, residual * x, weight, weight * x, weight * x * x])


def cox_step(
    g0: np.ndarray, g1: np.ndarray, h00: np.ndarray, h01: np.ndarray, h11: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the Newton step from summed terms.

    Parameters
    ----------
    g0, g1
        Gradient, one per resample; a number for one.
    h00, h01, h11
        Information matrix of the same.

    Returns
    -------
    tuple of numpy.ndarray
        Steps of the intercept and of the slope; nan where the matrix is singular.

    Examples
    --------
    >>> steps = cox_step(*(np.array([value]) for value in (1.0, 4.0, 2.0, 0.0, 4.0)))
    >>> [step.tolist() for step in steps]
    [[0.5], [1.0]]
    """
    determinant = np.asarray(h00 * h11 - h01 * h01)
    held = np.where(determinant > 1e-12 * np.maximum(h00 * h11, 1e-300), determinant, math.nan)
    return (h11 * g0 - h01 * g1) / held, (h00 * g1 - h01 * g0) / held


def _overlap(sold: np.ndarray, unsold: np.ndarray) -> bool:
    if len(sold) == 0 or len(unsold) == 0:
        return False
    return bool(sold.min() < unsold.max() and sold.max() > unsold.min())


def _newton(outcome: np.ndarray, x: np.ndarray) -> tuple[float, float]:
    """Climb the likelihood from slope 1 and intercept 0, each step halved until it gains."""
    intercept, slope = 0.0, 1.0
    likelihood = _log_likelihood(outcome, x, intercept, slope)
    for _ in range(COX_STEPS):
        # Terms are five numbers a row: summed at once, not kept while the next are made.
        sums = [term.sum() for term in cox_terms(outcome, x, intercept, slope)]
        up, turn = (float(step) for step in cox_step(*sums))
        scale, ahead = 1.0, likelihood
        while scale > LEAST_SCALE:
            ahead = _log_likelihood(outcome, x, intercept + scale * up, slope + scale * turn)
            if not likelihood > ahead:
                break
            scale /= 2.0
        if scale <= LEAST_SCALE or abs(up) + abs(turn) < 1e-10:
            break
        intercept, slope, likelihood = intercept + scale * up, slope + scale * turn, ahead
    return float(slope), float(intercept)


def _log_likelihood(outcome: np.ndarray, x: np.ndarray, intercept: float, slope: float) -> float:
    linear = intercept + slope * x
    return float(np.sum(outcome * linear - np.logaddexp(0.0, linear)))
