"""The CORP decomposition: how much of a Brier score is miscalibration, how much discrimination.

The probabilities are compared with their best monotone recalibration on the same rows.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from gosales_checks.measures.ordering import probabilities


@dataclass(frozen=True)
class Corp:
    """Parts of a Brier score: brier = miscalibration - discrimination + uncertainty."""

    miscalibration: float
    """What recalibration would gain; 0 for a calibrated model."""
    discrimination: float
    """What the ranking gains over the base rate for all."""
    uncertainty: float
    """Brier score of the base rate for all."""


def corp(y: np.ndarray, p: np.ndarray) -> Corp:
    """Decompose the Brier score of a scored list.

    Parameters
    ----------
    y
        Outcome per row, 0 or 1.
    p
        Probability per row, 0 to 1.

    Returns
    -------
    Corp
        All three at least 0; nan for an empty input. On n rows a perfect model still shows a
        miscalibration of the order of 1/n: the recalibration fits the sample.

    References
    ----------
    Dimitriadis, Gneiting and Jordan (2021), Stable reliability diagrams for probabilistic
    classifiers; SPEC, section 4.

    Examples
    --------
    >>> parts = corp(np.array([0, 1, 0, 1]), np.array([0.5, 0.5, 0.5, 0.5]))
    >>> parts.miscalibration, parts.discrimination, parts.uncertainty
    (0.0, 0.0, 0.25)
    """
    outcome, stated = probabilities(y, p)
    n = len(outcome)
    if n == 0:
        return Corp(math.nan, math.nan, math.nan)
    # Rows of one probability are one point with their mean outcome: the fit may not part them.
    values, at = np.unique(stated, return_inverse=True)
    weight = np.bincount(at).astype(np.float64)
    positives = np.bincount(at, weights=outcome)
    fitted = isotonic_regression(positives / weight, weights=weight).x
    rate = positives.sum() / n

    def score(q: np.ndarray | float) -> float:
        # Of whole groups: positives lose (1-q)^2 each, the others q^2.
        lost = positives * np.square(1.0 - q) + (weight - positives) * np.square(q)
        return math.fsum(np.atleast_1d(lost).tolist()) / n

    best, base = score(fitted), score(rate)
    return Corp(max(score(values) - best, 0.0), max(base - best, 0.0), base)
