"""Whether one ranking of the same customers is better than another: a paired customer bootstrap.

Both are drawn together, so what they share cancels: two rankings that agree on most customers are
told apart by far fewer of them than their own intervals suggest.
"""

import math

import numpy as np

from gosales_checks.measures.intervals import UNDEFINED, Interval, draws_made, resample_weights
from gosales_checks.measures.weighted import Resamples, Sample, weighted_auc


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
    y, first, second, ties = (values[order] for values in (y, first, second, ties))
    samples = [_ranked(y, score, ties) for score in (first, second)]
    whole = [weighted_auc(Resamples(s, np.ones((1, len(s)))))[0] if len(s) else math.nan
             for s in samples]  # fmt: skip
    value = float(whole[0] - whole[1])
    if math.isnan(value):
        return UNDEFINED
    drawn = np.concatenate(
        [
            weighted_auc(Resamples(samples[0], np.take(weights, samples[0].customer, axis=1)))
            - weighted_auc(Resamples(samples[1], np.take(weights, samples[1].customer, axis=1)))
            for weights in resample_weights(len(y), draws_made(len(y), draws), seed)
        ]
    )
    defined = drawn[~np.isnan(drawn)]
    if 2 * len(defined) <= len(drawn):
        return Interval(value, math.nan, math.nan)
    low, high = np.quantile(defined, [0.025, 0.975])
    return Interval(value, float(low), float(high))


def _ranked(y: np.ndarray, score: np.ndarray, ties: np.ndarray) -> Sample:
    # Only the order counts here; a constant probability is legal whatever the score's scale.
    flat = np.full(len(y), 0.5)
    return Sample(y, flat, ties, score=score, customer=np.arange(len(y)))
