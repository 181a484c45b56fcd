"""How good predicted amounts are: whether tenths of them sum to what came, and in which order they are.

Each row has a weight, how often it was drawn: a row of ones is the sample itself.
"""

import numpy as np

TENTHS = 10


def decile_ratios(
    predicted: np.ndarray, actual: np.ndarray, weights: np.ndarray, ties: np.ndarray
) -> np.ndarray:
    """Return predicted over actual sums of each tenth of the rows, the smallest predictions first.

    Parameters
    ----------
    predicted, actual
        Amounts per row, at least 0, finite.
    weights
        How often each row counts, at least 0, some above it.
    ties
        Orders rows of equal predictions (`ranking.tie_breaker`).

    Returns
    -------
    numpy.ndarray
        Ten ratios, 1 is right; nan where nothing came in a tenth.

    Examples
    --------
    >>> amounts = np.arange(1.0, 21.0)
    >>> decile_ratios(2 * amounts, amounts, np.ones(20), np.arange(20)).tolist()
    [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    """
    order = np.lexsort((ties, predicted))
    weight = weights[order]
    # A row is in the tenth that its middle is in.
    middle = (np.cumsum(weight) - weight / 2) / weight.sum()
    tenth = np.minimum((middle * TENTHS).astype(np.int64), TENTHS - 1)
    sums = (np.bincount(tenth, weight * x[order], TENTHS) for x in (predicted, actual))
    above, below = sums
    return np.divide(above, below, out=np.full(TENTHS, np.nan), where=below > 0)


def normalised_gini(predicted: np.ndarray, actual: np.ndarray, weights: np.ndarray) -> float:
    """Return how far predictions order the amounts: 1 as the amounts themselves, 0 as by chance.

    Parameters
    ----------
    predicted
        Any score per row, finite; rows of one score are taken in the order of chance.
    actual
        Amounts per row, at least 0.
    weights
        How often each row counts, at least 0.

    Returns
    -------
    float
        -1 to 1; nan where all amounts are equal.

    References
    ----------
    Frees, Meyers and Cummings (2011), Summarizing insurance scores using a Gini index.

    Examples
    --------
    >>> actual = np.array([1.0, 2.0, 9.0])
    >>> normalised_gini(actual**2, actual, np.ones(3)), normalised_gini(np.ones(3), actual, np.ones(3))
    (1.0, 0.0)
    """
    best = _gini(actual, actual, weights)
    return _gini(predicted, actual, weights) / best if best > 0 else float("nan")


def _gini(score: np.ndarray, actual: np.ndarray, weights: np.ndarray) -> float:
    """Return twice the area between the concentration curve and the diagonal."""
    _, group = np.unique(-score, return_inverse=True)
    rows, sums = np.bincount(group, weights), np.bincount(group, weights * actual)
    down_to = np.cumsum(sums)
    if not down_to[-1] > 0:
        return 0.0
    # A group's rows lie on a straight line.
    area = np.sum(rows * (down_to - sums / 2)) / (rows.sum() * down_to[-1])
    return float(2 * area - 1)
