"""A logistic line through margins: what two candidates are compared and brought onto one scale by."""

import numpy as np
from scipy.special import expit

STEPS = 50
# A logit beyond this says no more: a fit has no end on infinite ones.
FARTHEST_MARGIN = 1e3


def bounded(margin: np.ndarray) -> np.ndarray:
    """Hold margins within what a logit can say.

    Parameters
    ----------
    margin
        Logits, one per row; may be infinite.

    Returns
    -------
    numpy.ndarray
        Finite, one per row, in the order of the input.
    """
    return np.clip(margin, -FARTHEST_MARGIN, FARTHEST_MARGIN)


def squared_errors(margin: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Return how wrong the probabilities are that a line through the margins gives.

    Parameters
    ----------
    margin
        Logits, one per row.
    label
        0 or 1 per row; the line is fitted on the same rows.

    Returns
    -------
    numpy.ndarray
        Squared error of p, one per row.
    """
    slope, intercept = fit_line(margin, label)
    return (expit(slope * bounded(margin) + intercept) - label) ** 2


def fit_line(margin: np.ndarray, label: np.ndarray) -> tuple[float, float]:
    """Fit slope and intercept of a logistic line, the slope at least 0.

    Newton's method with a faint pull to slope 1, so that separable rows have an end.

    Parameters
    ----------
    margin
        Logits, one per row.
    label
        0 or 1 per row.

    Returns
    -------
    tuple of float
        Slope and intercept of the logit of p over the margin.
    """
    x = np.column_stack([bounded(margin), np.ones_like(margin)])
    prior, pull = np.array([1.0, 0.0]), np.array([0.1, 1e-6])
    line = prior.copy()
    for _ in range(STEPS):
        p = expit(x @ line)
        gradient = x.T @ (label - p) - pull * (line - prior)
        hessian = (x * (p * (1 - p))[:, None]).T @ x + np.diag(pull)
        step = np.clip(np.linalg.solve(hessian, gradient), -2.0, 2.0)
        line = line + step
        if np.abs(step).max() < 1e-8:
            break
    return max(float(line[0]), 0.0), float(line[1])
