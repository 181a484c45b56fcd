"""Logistic regression whose slopes are never negative, by Newton's steps over coordinate descent."""

import math

import numpy as np
from scipy.special import expit

STEPS = 100
SWEEPS = 1_000
SMALLEST = 1e-10
# A step is halved down to this share of it before the likelihood is taken to be at its top.
LEAST_SCALE = 1e-9


def fit_nonnegative_logit(x: np.ndarray, label: np.ndarray, ridge: float) -> np.ndarray:
    """Maximise the likelihood less ridge / 2 times the sum of squared slopes, slopes held at 0 or above.

    Parameters
    ----------
    x
        (rows, terms), finite.
    label
        0 or 1 per row; both must occur.
    ridge
        Above 0; the intercept has none.

    Returns
    -------
    numpy.ndarray
        (1 + terms,): intercept, then slopes. Equal to the bit for equal rows in the same order,
        however many threads there are.

    References
    ----------
    Lee, Lee, Abbeel and Ng (2006): Newton's quadratic model, solved under the constraint by
    coordinate descent (here five coordinates).

    Examples
    --------
    >>> x, label = np.array([[0.0], [1.0], [0.0], [1.0]]), np.array([0, 1, 1, 1])
    >>> bool(fit_nonnegative_logit(x, label, 0.1)[1] > 0), fit_nonnegative_logit(-x, label, 0.1)[1]
    (True, np.float64(0.0))
    """
    rows = np.column_stack([np.ones(len(x)), x])
    weights = np.full(rows.shape[1], ridge)
    weights[0] = 0.0
    rate = float(label.mean())
    found = np.zeros(rows.shape[1])
    found[0] = math.log(rate / (1.0 - rate))
    value = _objective(rows, label, found, weights)
    for _ in range(STEPS):
        # einsum adds in one order, BLAS need not.
        mean = expit(np.einsum("ij,j->i", rows, found))
        gradient = np.einsum("ij,i->j", rows, label - mean) - weights * found
        curvature = np.einsum("ij,ik,i->jk", rows, rows, mean * (1.0 - mean)) + np.diag(weights)
        step, scale = _step(gradient, curvature, found), 1.0
        while scale > LEAST_SCALE:
            ahead = _objective(rows, label, found + scale * step, weights)
            if ahead > value:
                break
            scale /= 2.0
        else:
            break
        found, value = found + scale * step, ahead
        if np.abs(scale * step).max() < SMALLEST:
            break
    # A slope at its bound is there to rounding.
    return np.where(np.abs(found) < SMALLEST, 0.0, found)


def _step(gradient: np.ndarray, curvature: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return the step to the top of the quadratic model that leaves no slope below 0."""
    g, h, at = gradient.tolist(), curvature.tolist(), found.tolist()
    step = [0.0] * len(g)
    for _ in range(SWEEPS):
        largest = 0.0
        for j, row in enumerate(h):
            others = sum(row[k] * step[k] for k in range(len(g)) if k != j)
            best = (g[j] - others) / row[j]
            if j > 0:
                best = max(best, -at[j])
            largest, step[j] = max(largest, abs(best - step[j])), best
        if largest < SMALLEST / 100:
            break
    return np.array(step)


def _objective(rows: np.ndarray, label: np.ndarray, at: np.ndarray, weights: np.ndarray) -> float:
    line = np.einsum("ij,j->i", rows, at)
    likelihood = np.sum(label * line - np.logaddexp(0.0, line))
    return float(likelihood - 0.5 * np.sum(weights * at * at))
