"""Whether numbers are spread as they were: population stability, Kolmogorov-Smirnov, and what chance shows.

A shift is told beside its null: what two samples of one world of that size show. What is compared with
what, and when it is an alarm, is said by who calls.
"""

import numpy as np
from scipy.stats import chi2, kstwobign

from gosales_checks.measures.ordering import bin_edges, ranking_order
from gosales_checks.measures.sample import BINS

# Largest share of chance findings: what lies beyond is no chance.
NULL_LEVEL = 0.99
# Added to each bin: an empty one has a rate, and a small one.
HALF = 0.5
# Rows times outcomes drawn for a perfect model, beyond which fewer are drawn.
DRAWN_CELLS = 40_000_000
FEWEST_OUTCOMES = 100


def psi(reference: np.ndarray, now: np.ndarray) -> float:
    """Return the population stability index of two counts over the same bins.

    Parameters
    ----------
    reference, now
        Rows per bin, whole numbers; at least one bin.

    Returns
    -------
    float
        0 or more; nan where one of them has no row.

    References
    ----------
    Yurdakul (2018), Statistical properties of population stability index; SPEC section 6: half a
    row is added to each bin.

    Examples
    --------
    >>> same, other = np.array([50, 50]), np.array([20, 80])
    >>> round(psi(same, same), 4), round(psi(same, other), 2)
    (0.0, 0.41)
    """
    before, after = (np.asarray(x, dtype=np.float64) for x in (reference, now))
    if before.sum() <= 0 or after.sum() <= 0:
        return float("nan")
    p, q = ((x + HALF) / (x.sum() + HALF * len(x)) for x in (before, after))
    return float(((q - p) * np.log(q / p)).sum())


def psi_p_value(value: float, reference: float, now: float, bins: int) -> float:
    """Return the chance of such an index where nothing has changed.

    Parameters
    ----------
    value
        A population stability index.
    reference, now
        Independent things behind the counts: customers, where they have several rows.
    bins
        Of the index, at least 2.

    Returns
    -------
    float
        0 to 1; nan where the value is.

    References
    ----------
    Yurdakul (2018): without a shift the index is about (1/n + 1/m) times chi-squared, bins - 1 degrees.

    Examples
    --------
    >>> round(psi_p_value(0.169, 200, 200, 10), 2), psi_p_value(0.0, 10, 10, 2)
    (0.05, 1.0)
    """
    return float(chi2.sf(value / (1.0 / reference + 1.0 / now), bins - 1))


def psi_null(reference: float, now: float, bins: int, level: float = NULL_LEVEL) -> float:
    """Return the index that chance stays below in so many of its cases; see `psi_p_value`.

    Examples
    --------
    >>> round(psi_null(200, 200, 10, 0.95), 2), round(psi_null(2000, 500, 10, 0.95), 2)
    (0.17, 0.04)
    """
    return float(chi2.ppf(level, bins - 1) * (1.0 / reference + 1.0 / now))


def ks_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest distance between the distributions of two samples.

    Parameters
    ----------
    one, other
        Finite numbers, any order.

    Returns
    -------
    float
        0 to 1; nan where one is empty.

    References
    ----------
    Smirnov (1948), Table for estimating the goodness of fit of empirical distributions.

    Examples
    --------
    >>> ks_distance(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
    0.5
    """
    if not len(one) or not len(other):
        return float("nan")
    a, b = np.sort(one), np.sort(other)
    at = np.concatenate([a, b])
    below = [np.searchsorted(x, at, side="right") / len(x) for x in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


def ks_null(
    one: np.ndarray,
    other: np.ndarray,
    *,
    seed: int,
    level: float = NULL_LEVEL,
    draws: int = 400,
    most_values: int = 2_000,
) -> float:
    """Return the distance that chance stays below: by permutation where there are ties.

    Parameters
    ----------
    one, other
        Finite numbers, any order, none of them empty.
    seed
        Of the permutations.
    level
        Share of the cases of chance.
    draws
        Permutations.
    most_values
        Beyond so many different values ties hardly matter: the limit distribution is taken, which is
        too wide with ties, never too narrow.

    Returns
    -------
    float
        0 to 1.

    References
    ----------
    Kolmogorov's limit distribution; Praestgaard (1995), Permutation and bootstrap
    Kolmogorov-Smirnov tests for the equality of two distributions.

    Examples
    --------
    >>> round(ks_null(np.arange(100.0), np.arange(100.0) + 0.5, seed=1), 2)
    0.23
    """
    _, counts = np.unique(np.concatenate([one, other]), return_counts=True)
    n, m = len(one), len(other)
    if len(counts) == n + m or len(counts) > most_values:
        return float(kstwobign.isf(1.0 - level) * np.sqrt((n + m) / (n * m)))
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
    drawn = generator.multivariate_hypergeometric(counts, n, size=draws, method="marginals")
    first = np.cumsum(drawn, axis=1) / n
    second = np.cumsum(counts - drawn, axis=1) / m
    return float(np.quantile(np.abs(first - second).max(axis=1), level))


def perfect_cal_mae(
    p: np.ndarray, ties: np.ndarray, *, seed: int, level: float = NULL_LEVEL, draws: int = 400
) -> float:
    """Return the calibration error that a perfect model stays below: what chance alone shows.

    Parameters
    ----------
    p
        Probability per row, 0 to 1.
    ties
        `ranking.tie_breaker` of the customer per row.
    seed
        Of the outcomes that are drawn.
    level
        Share of the cases of chance.
    draws
        Outcomes drawn, fewer of a large list.

    Returns
    -------
    float
        0 to 1, in the bins of `calibration.weighted_cal_mae`; nan for an empty input.

    Examples
    --------
    >>> 0.0 < perfect_cal_mae(np.full(500, 0.02), np.arange(500), seed=1) < 0.03
    True
    """
    if not len(p):
        return float("nan")
    stated = p[ranking_order(p, ties, np.zeros(len(p)))[::-1]]
    edges = bin_edges(len(p), BINS)
    made = min(draws, max(FEWEST_OUTCOMES, DRAWN_CELLS // len(p)))
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
    errors = np.empty(made)
    for at in range(made):
        excess = (generator.random(len(p)) < stated) - stated
        errors[at] = np.abs(np.add.reduceat(excess, edges[:-1])).sum() / len(p)
    return float(np.quantile(errors, level))


def value_psi(expected: np.ndarray, realised: np.ndarray, ties: np.ndarray) -> tuple[float, float]:
    """Compare where money was expected with where it came from, over tenths by expected value.

    Parameters
    ----------
    expected
        Expected value per row, 0 or more.
    realised
        What it came to; returns count as nothing.
    ties
        `ranking.tie_breaker` of the customer per row.

    Returns
    -------
    tuple of float
        The index, and what chance stays below: as if each purchase of the mean size, weighted by
        size, had fallen into a tenth by itself. Both nan where nothing was expected or nothing came.

    References
    ----------
    SPEC section 6 (value-weighted PSI); Kish (1965), Survey sampling, for the effective number.

    Examples
    --------
    >>> money = np.repeat([1.0, 3.0], 50)
    >>> found, chance = value_psi(money, money, np.arange(100))
    >>> found < 0.01 < chance
    True
    """
    won = np.maximum(realised, 0.0)
    if expected.sum() <= 0 or won.sum() <= 0:
        return float("nan"), float("nan")
    order = ranking_order(expected, ties, np.zeros(len(expected)))[::-1]
    edges = bin_edges(len(expected), BINS)
    sums = [np.add.reduceat(x[order], edges[:-1]) / x.sum() for x in (expected, won)]
    size = won.sum() ** 2 / (won**2).sum()
    p, q = ((size * share + HALF) / (size + HALF * len(share)) for share in sums)
    # What was expected is no sample: it has no chance of its own.
    null = chi2.ppf(NULL_LEVEL, len(p) - 1) / size
    return float(((q - p) * np.log(q / p)).sum()), float(null)


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Return p values adjusted for how many were looked at.

    Parameters
    ----------
    p
        0 to 1; nan is left out and stays nan.

    Returns
    -------
    numpy.ndarray
        The least share of false findings at which each would be one.

    References
    ----------
    Benjamini and Hochberg (1995), Controlling the false discovery rate.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, np.nan])).round(3).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    known = np.flatnonzero(~np.isnan(p))
    adjusted = np.full(len(p), np.nan)
    order = known[np.argsort(p[known], kind="stable")][::-1]
    scaled = p[order] * len(order) / np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    return adjusted
