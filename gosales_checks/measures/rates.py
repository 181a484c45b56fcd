"""Stated probabilities against rates: moved to a known rate, and intervals held against what came.

An interval of a probability is one on the logit, symmetric there, and its half width goes with the
normal quantile of its level. How far probabilities are from outcomes, row by row: `calibration`.
"""

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import norm

from gosales_checks.measures.cox import logit

# No logit is moved further: beyond twice the floor of `logit`, all rows are at the other end.
FURTHEST = 40.0


def moved_to_rate(p: np.ndarray, rate: float) -> np.ndarray:
    """Move the logit of all probabilities by one constant so that their mean is a rate.

    Parameters
    ----------
    p
        Probability per row, 0 to 1; at least one row.
    rate
        The mean wanted, 0 to 1.

    Returns
    -------
    numpy.ndarray
        One per row, in the same order as `p` ranks them; all 0 or all 1 where the rate is.

    References
    ----------
    Saerens, Latinne and Decaestecker (2002), Adjusting the outputs of a classifier to new a priori
    probabilities: the same change of odds, there by Bayes' rule.

    Examples
    --------
    >>> moved_to_rate(np.array([0.2, 0.2]), 0.4).round(6).tolist()
    [0.4, 0.4]
    """
    if rate in (0.0, 1.0):
        return np.full(len(p), rate)
    x = logit(np.asarray(p, dtype=np.float64))
    shift = brentq(lambda by: float(np.mean(expit(x + by))) - rate, -FURTHEST, FURTHEST, xtol=1e-12)
    return expit(x + shift)


def at_level(p: np.ndarray, end: np.ndarray, level: float, wanted: float) -> np.ndarray:
    """Return the end of an interval of another level.

    Parameters
    ----------
    p
        Probability per row, strictly between 0 and 1.
    end
        Low or high end of its interval.
    level, wanted
        Level of that interval, and the one asked for: above 0 and below 1.

    Returns
    -------
    numpy.ndarray
        The same end at the level `wanted`, one per row.

    Examples
    --------
    >>> at_level(np.array([0.5]), np.array([0.7]), 0.9, 0.9).round(6).tolist()
    [0.7]
    """
    scale = norm.ppf(0.5 + wanted / 2) / norm.ppf(0.5 + level / 2)
    x = logit(p)
    return expit(x + scale * (logit(end) - x))


def holds(
    rate: float, p: np.ndarray, low: np.ndarray, high: np.ndarray, level: float | None = None
) -> bool:
    """Tell whether the interval of a group's mean probability holds the group's rate.

    Parameters
    ----------
    rate
        The group's true rate; its observed one where `level` is given.
    p, low, high
        Probability and interval of each row of the group.
    level
        Level of the interval. With it the interval is widened by the noise of so many outcomes at
        that level, the two errors being independent: nominal intervals then hold nominally.

    Returns
    -------
    bool
        Whether the rate is within the means of `low` and `high`, so widened.

    References
    ----------
    Geisser (1993), Predictive inference: an interval for what will be seen has both errors.

    Examples
    --------
    >>> p, low, high = np.full(10, 0.2), np.full(10, 0.19), np.full(10, 0.21)
    >>> holds(0.3, p, low, high), holds(0.3, p, low, high, 0.9)
    (False, True)
    """
    middle = float(np.mean(p))
    down, up = middle - float(np.mean(low)), float(np.mean(high)) - middle
    noise = 0.0
    if level is not None:
        spread = np.sqrt(float(np.sum(p * (1.0 - p)))) / len(p)
        noise = float(norm.ppf(0.5 + level / 2)) * spread
    return bool(middle - np.hypot(down, noise) <= rate <= middle + np.hypot(up, noise))
