"""Whether one ranking of the same customers is better than another: a paired customer bootstrap.

Both are drawn together, so what they share cancels: two rankings that agree on most customers are
told apart by far fewer of them than their own intervals suggest.
"""

import math

import numpy as np

from gosales_checks.measures.intervals import (
    UNDEFINED,
    Interval,
    draws_made,
    interval_of,
    resample_weights,
)
from gosales_checks.measures.ranking import weighted_auc
from gosales_checks.measures.resamples import Resamples
from gosales_checks.measures.sample import Ranking


def auc_difference(
    y: np.ndarray, first: np.ndarray, second: np.ndarray, ties: np.ndarray, *, draws: int, seed: int
) -> Interval:
    """Measure AUC of `first` less AUC of `second`, with its 95 % interval.

    Parameters
    ----------
    y
        Outcome per row, 0 or 1; one row per customer.
    first, second
        Scores of the same rows; any monotone scale.
    ties
        `ranking.tie_breaker` of the customer per row: with it row order does not matter.
    draws, seed
        Of the bootstrap.

    Returns
    -------
    Interval
        nan with fewer than two classes.

    References
    ----------
    Efron and Tibshirani (1993), chapter 13; DeLong et al. (1988) for the same by U-statistics.

    Examples
    --------
    >>> y, good = np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.4])
    >>> auc_difference(y, good, good, np.arange(4), draws=20, seed=1)
    Interval(value=0.0, low=0.0, high=0.0)
    """
    order = np.lexsort((second, first, y, ties))
    y, first, second = (values[order] for values in (y, first, second))
    rankings = Ranking(y, first), Ranking(y, second)

    def difference(weights: np.ndarray) -> np.ndarray:
        ours, theirs = (
            weighted_auc(Resamples(one, np.take(weights, one.order, axis=1))) for one in rankings
        )
        return ours - theirs

    value = float(difference(np.ones((1, len(y))))[0])
    if math.isnan(value):
        return UNDEFINED
    drawn = map(difference, resample_weights(len(y), draws_made(len(y), draws), seed))
    return interval_of(value, np.concatenate(list(drawn)))
