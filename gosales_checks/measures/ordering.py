"""What a legal scored list is, the order of its rows, and where that order is cut.

Every measure shares these, so that a top, a bin and a tie mean the same rows everywhere. Measures
themselves stand in `ranking` and `calibration`.
"""

import math

import numpy as np


def paired(y: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return outcomes and scores as floats, or raise where they cannot be a scored list.

    Parameters
    ----------
    y
        Outcome per row: 0 or 1, or boolean.
    score
        Score per row, finite.

    Returns
    -------
    tuple of numpy.ndarray
        Both as float64, one dimension, of one length.

    Raises
    ------
    ValueError
        If lengths differ, an outcome is neither 0 nor 1, or a score is not finite.
    """
    outcome, scores = np.asarray(y, dtype=np.float64), np.asarray(score, dtype=np.float64)
    faults = []
    if outcome.ndim != 1 or outcome.shape != scores.shape:
        faults.append(
            f"shapes {outcome.shape} and {scores.shape}, legal is one outcome and one score per row"
        )
    if not np.isin(outcome, (0.0, 1.0)).all():
        faults.append("outcomes other than 0 and 1")
    if not np.isfinite(scores).all():
        faults.append(f"{np.count_nonzero(~np.isfinite(scores))} scores null or infinite")
    if faults:
        raise ValueError(
            "scored list: " + "; ".join(faults) + ". Drop or fix these rows before measuring."
        )
    return outcome, scores


def probabilities(y: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return outcomes and probabilities as floats, or raise where they cannot be a scored list.

    Parameters
    ----------
    y
        Outcome per row: 0 or 1, or boolean.
    p
        Probability per row, 0 to 1.

    Returns
    -------
    tuple of numpy.ndarray
        Both as float64, one dimension, of one length.

    Raises
    ------
    ValueError
        Where `paired` does, and if a probability is outside 0 to 1.
    """
    outcome, stated = paired(y, p)
    outside = np.count_nonzero((stated < 0.0) | (stated > 1.0))
    if outside:
        raise ValueError(
            f"p: {outside} values outside 0 to 1. Give calibrated probabilities, not margins."
        )
    return outcome, stated


def ranking_order(score: np.ndarray, ties: np.ndarray, *further: np.ndarray) -> np.ndarray:
    """Return row positions from best to worst: score down, then tie hash up, then `further` up.

    Parameters
    ----------
    score
        Score per row, more is better.
    ties
        `ranking.tie_breaker` of the customer per row.
    further
        What orders rows that are equal in both, one value per row each.

    Returns
    -------
    numpy.ndarray
        Integer positions, best first; empty for an empty input.

    Examples
    --------
    >>> ranking_order(np.array([0.1, 0.9, 0.9]), np.array([5, 8, 2], dtype=np.uint64)).tolist()
    [2, 1, 0]
    """
    return np.lexsort((*reversed(further), ties, -np.asarray(score, dtype=np.float64)))


def top_count(n: int, frac: float) -> int:
    """Return ceil(frac * n), the length of the top of a list.

    Rounded before it is raised: 0.1 * 30 is 3.0000000000000004 in floats, and ceil makes 4 of it.

    Examples
    --------
    >>> top_count(30, 0.1), top_count(31, 0.1)
    (3, 4)
    """
    if not 0.0 < frac <= 1.0:
        raise ValueError(
            f"frac: found {frac}; legal is above 0 and at most 1. Give 0.1 for the top 10 %."
        )
    return math.ceil(round(frac * n, 6))


def bin_edges(n: int, bins: int) -> np.ndarray:
    """Return the row positions that part n rows into equal counts.

    Parameters
    ----------
    n
        Number of rows, 0 or more.
    bins
        Number of parts, at least 1.

    Returns
    -------
    numpy.ndarray
        Rising positions from 0 to n: no bin is empty, so there are fewer bins where there are fewer
        rows than that, and none for 0 rows.

    Examples
    --------
    >>> bin_edges(10, 4).tolist(), bin_edges(2, 4).tolist()
    ([0, 2, 5, 7, 10], [0, 1, 2])
    """
    return np.unique(np.arange(bins + 1) * n // bins)


def width_bin(p: np.ndarray, bins: int) -> np.ndarray:
    """Return the equal-width bin of each probability: [0, 1/bins) is 0, and 1 is in the last.

    Parameters
    ----------
    p
        Probability per row, 0 to 1.
    bins
        Number of bins of width 1 / bins.

    Returns
    -------
    numpy.ndarray
        int64 per row, 0 to bins - 1, in the order of the input.

    Examples
    --------
    >>> width_bin(np.array([0.0, 0.1, 0.99, 1.0]), 10).tolist()
    [0, 1, 9, 9]
    """
    return np.minimum((p * bins).astype(np.int64), bins - 1)
