"""How far stated probabilities are from what happened: Brier, log loss, bins, Cox.

A `weighted_` measure takes resamples of a list and gives one number for each; the list itself is a
row of ones. What a *perfect* model of that size would show belongs to drift, and resampling to
`intervals`. Undefined measures are ``nan``.
"""

import numpy as np

from gosales_checks.measures.ordering import bin_edges, probabilities, ranking_order
from gosales_checks.measures.resamples import SampleResamples, cut, sums_between
from gosales_checks.measures.sample import BINS, Sample

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
        `weighted_brier` of the list itself; nan for an empty input.

    References
    ----------
    Brier (1950), Verification of forecasts expressed in terms of probability.

    Examples
    --------
    >>> round(brier(np.array([1, 0]), np.array([0.8, 0.4])), 6)
    0.1
    """
    # Rows of one probability are told apart by their outcome: no other tie-breaker is needed.
    once = SampleResamples(Sample(y, p, np.zeros(len(y))))
    return float(weighted_brier(once)[0])


def weighted_brier(drawn: SampleResamples) -> np.ndarray:
    """Return the mean squared error of the probabilities.

    Parameters
    ----------
    drawn
        Resamples of a sample.

    Returns
    -------
    numpy.ndarray
        0 to 1, one per resample, less is better.

    References
    ----------
    Brier (1950), Verification of forecasts expressed in terms of probability.

    Examples
    --------
    >>> sample = Sample(np.array([1, 0]), np.array([0.8, 0.4]), np.arange(2))
    >>> weighted_brier(SampleResamples(sample, np.array([[1.0, 1], [2, 0]]))).round(6).tolist()
    [0.1, 0.04]
    """
    return drawn.mean(drawn.sample.squared_errors)


def weighted_log_loss(drawn: SampleResamples) -> np.ndarray:
    """Return the mean negative log likelihood, in nats.

    Parameters
    ----------
    drawn
        Resamples of a sample.

    Returns
    -------
    numpy.ndarray
        0 or more, one per resample, less is better. A single class is legal.

    References
    ----------
    Good (1952), Rational decisions.

    Examples
    --------
    >>> sample = Sample(np.array([1, 0]), np.array([0.5, 0.5]), np.arange(2))
    >>> weighted_log_loss(SampleResamples(sample)).round(4).tolist()
    [0.6931]
    """
    return drawn.mean(drawn.sample.log_losses)


def weighted_cal_mae(drawn: SampleResamples) -> np.ndarray:
    """Return the mean |stated - observed| over `BINS` equal-count bins by probability, weighted by count.

    Parameters
    ----------
    drawn
        Resamples of a sample.

    Returns
    -------
    numpy.ndarray
        0 to 1, one per resample, in bins of its own. A perfect model shows more than 0 on a finite
        sample. Where an edge falls among equal probabilities, the tie-breaker decides the side.

    References
    ----------
    SPEC, sections 4 and 6 (calibration MAE).

    Examples
    --------
    >>> y, p = np.tile([0, 0, 1, 1], 5), np.tile([0.1, 0.1, 0.8, 0.8], 5)
    >>> sample = Sample(y, p, np.arange(20))
    >>> weighted_cal_mae(SampleResamples(sample)).round(6).tolist()
    [0.15]
    """
    counts = np.floor_divide(drawn.totals[:, None] * np.arange(BINS + 1), BINS)
    edges = cut(drawn.cumulative_by_p, counts)
    excess = sums_between(drawn.excess_by_p, drawn.sample.excess_by_p, edges[:-1], edges[1:])
    return np.abs(excess).sum(axis=1) / drawn.totals


def weighted_ece(drawn: SampleResamples) -> np.ndarray:
    """Return the expected calibration error: |stated - observed| over `BINS` equal-width bins, by count.

    Parameters
    ----------
    drawn
        Resamples of a sample.

    Returns
    -------
    numpy.ndarray
        0 to 1, one per resample.

    References
    ----------
    Naeini, Cooper and Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning.

    Examples
    --------
    >>> sample = Sample(np.array([0, 0, 1, 1]), np.array([0.1, 0.1, 0.8, 0.8]), np.arange(4))
    >>> weighted_ece(SampleResamples(sample)).round(6).tolist()
    [0.15]
    """
    excess = np.add.reduceat(drawn.excess_by_p, drawn.sample.width_starts, axis=1)
    return np.abs(excess).sum(axis=1) / drawn.totals


def weighted_cox_slope(drawn: SampleResamples) -> np.ndarray:
    """Return the slope of Cox's recalibration line, to first order: under 1 is overfitted.

    One Newton step from the sample's own fit: as good as the full fit to order 1/n, at the price of
    five sums.

    Parameters
    ----------
    drawn
        Resamples of a sample.

    Returns
    -------
    numpy.ndarray
        One per resample; nan where the fit on the sample does not exist (`cox.cox_slope_intercept`).

    References
    ----------
    Cox (1958), Two further applications of a model for binary regression; Davidson and MacKinnon
    (1999), Bootstrap testing in nonlinear models.

    Examples
    --------
    >>> sample = Sample(np.array([0, 1, 0, 1]), np.array([0.25, 0.25, 0.75, 0.75]), np.arange(4))
    >>> abs(weighted_cox_slope(SampleResamples(sample)).round(6)).tolist()
    [0.0]
    """
    return drawn.cox[0]


def weighted_cox_intercept(drawn: SampleResamples) -> np.ndarray:
    """Return the intercept of the line of `weighted_cox_slope`, to first order.

    Parameters
    ----------
    drawn
        Resamples of a sample.

    Returns
    -------
    numpy.ndarray
        One per resample; nan where the fit on the sample does not exist.

    References
    ----------
    As of `weighted_cox_slope`.

    Examples
    --------
    >>> sample = Sample(np.array([0, 1, 0, 1]), np.array([0.25, 0.25, 0.75, 0.75]), np.arange(4))
    >>> abs(weighted_cox_intercept(SampleResamples(sample)).round(6)).tolist()
    [0.0]
    """
    return drawn.cox[1]


def calibration_bins(y: np.ndarray, p: np.ndarray, ties: np.ndarray, bins: int = 10) -> np.ndarray:
    """Return the reliability table: stated and observed rate per equal-count bin.

    Parameters
    ----------
    y, p
        As in `brier`.
    ties
        `ranking.tie_breaker` of the customer per row: where a bin's edge falls among equal
        probabilities, it decides the side, so row order does not.
    bins
        Number of bins by rising probability.

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
    """Return the Wilson 95 % interval of an observed rate.

    Parameters
    ----------
    rate
        Observed rate, 0 to 1.
    n
        Rows that it is of, at least 1, of the same shape.

    Returns
    -------
    tuple of numpy.ndarray
        Low and high end of each, 0 to 1.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference.

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
