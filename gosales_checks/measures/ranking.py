"""How well a score puts buyers first: AUC, PR-AUC, lift, capture, gains.

Here too are the order of a ranked list and its tie-breaker, which every other measure shares.
Nothing here knows of probabilities (see `calibration`) or of uncertainty (see `intervals`).
A measure that is undefined, on an empty input or a single class, is ``nan``, never 0 or 0.5.
"""

import hashlib
import math
from collections.abc import Sequence

import numpy as np

GAINS = np.dtype(
    [
        ("bin", np.int64),
        ("n", np.int64),
        ("positives", np.int64),
        ("rate", np.float64),
        ("lift", np.float64),
        ("n_frac", np.float64),
        ("capture", np.float64),
    ]
)


def tie_breaker(customer_ids: Sequence[str] | np.ndarray) -> np.ndarray:
    """Hash each customer id to the number that breaks its ties.

    BLAKE2b is the same in every process, platform and library version, and 0.7 s a million ids;
    a table library's own hash is promised for one version only.

    Parameters
    ----------
    customer_ids
        One text id per row. Null is not legal.

    Returns
    -------
    numpy.ndarray
        uint64, in the order of the input; empty for an empty input.

    Raises
    ------
    TypeError
        If an id is not text.

    Examples
    --------
    >>> tie_breaker(["C001", "C002"]) == tie_breaker(["C002", "C001"])[::-1]
    array([ True,  True])
    """
    ids = customer_ids.tolist() if isinstance(customer_ids, np.ndarray) else list(customer_ids)
    types = set(map(type, ids))
    if not all(issubclass(one, str) for one in types):
        found = ", ".join(sorted(one.__name__ for one in types))
        raise TypeError(
            f"customer_ids: found types {found}; only text is legal. Cast ids to text first."
        )
    blake = hashlib.blake2b
    digests = b"".join([blake(one.encode(), digest_size=8).digest() for one in ids])
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


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


def ranking_order(score: np.ndarray, ties: np.ndarray, *further: np.ndarray) -> np.ndarray:
    """Return row positions from best to worst: score down, then tie hash up, then `further` up.

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
    """Return the row positions that part n rows into equal counts: no bin is empty.

    Examples
    --------
    >>> bin_edges(10, 4).tolist(), bin_edges(2, 4).tolist()
    ([0, 2, 5, 7, 10], [0, 1, 2])
    """
    return np.unique(np.arange(bins + 1) * n // bins)


def auc(y: np.ndarray, score: np.ndarray) -> float:
    """Return the probability that a random positive outscores a random negative, ties one half.

    Parameters
    ----------
    y
        Outcome per row, 0 or 1.
    score
        Score per row, any monotone scale.

    Returns
    -------
    float
        0 to 1; nan with fewer than two classes.

    References
    ----------
    Hanley and McNeil (1982), The meaning and use of the area under a ROC curve.

    Examples
    --------
    >>> auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    """
    outcome, scores = paired(y, score)
    positives = outcome.sum()
    negatives = len(outcome) - positives
    if positives == 0 or negatives == 0:
        return math.nan
    below = np.sort(scores[outcome == 0.0])
    positive_scores = scores[outcome == 1.0]
    wins = np.searchsorted(below, positive_scores, "left") + np.searchsorted(
        below, positive_scores, "right"
    )
    return float(wins.sum() / 2.0 / (positives * negatives))


def pr_auc(y: np.ndarray, score: np.ndarray) -> float:
    """Return average precision: precision at each distinct score, weighted by the recall it adds.

    Rows of one score enter together, as in scikit-learn; no interpolation.

    Parameters
    ----------
    y, score
        As in `auc`.

    Returns
    -------
    float
        0 to 1; the base rate for a score without information; nan without a positive.

    References
    ----------
    scikit-learn, `average_precision_score`; Davis and Goadrich (2006) on why not to interpolate.

    Examples
    --------
    >>> round(pr_auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])), 4)
    0.8333
    """
    outcome, scores = paired(y, score)
    positives = outcome.sum()
    if positives == 0:
        return math.nan
    _, group = np.unique(-scores, return_inverse=True)
    gained = np.bincount(group, weights=outcome)
    listed = np.cumsum(np.bincount(group))
    return float(np.sum(gained * np.cumsum(gained) / listed) / positives)


def lift_at(y: np.ndarray, score: np.ndarray, ties: np.ndarray, frac: float) -> float:
    """Return the positive rate in the top ceil(frac * n) over the overall rate.

    Parameters
    ----------
    y, score
        As in `auc`.
    ties
        `tie_breaker` of the customer per row: equal scores are ranked by it, not by row order.
    frac
        The top's share of rows, above 0 and at most 1.

    Returns
    -------
    float
        1 for a score without information; nan without a positive.

    References
    ----------
    SPEC, section 4 (metrics).

    Examples
    --------
    >>> lift_at(np.array([1, 0, 0, 0]), np.array([0.9, 0.3, 0.2, 0.1]), np.arange(4), 0.25)
    4.0
    """
    outcome, _ = paired(y, score)
    return revenue_lift_at(outcome, score, ties, frac)


def revenue_lift_at(value: np.ndarray, score: np.ndarray, ties: np.ndarray, frac: float) -> float:
    """Return the mean value per row in the top ceil(frac * n) over the overall mean.

    Parameters
    ----------
    value
        Gross profit or revenue per row, home currency; zero for a row that did not buy.
    score, ties, frac
        As in `lift_at`.

    Returns
    -------
    float
        1 for a score without information; nan where the values do not sum to more than 0.

    References
    ----------
    SPEC, section 4 (revenue-weighted lift@K).

    Examples
    --------
    >>> revenue_lift_at(np.array([300.0, 0, 100, 0]), np.array([0.9, 0.3, 0.2, 0.1]), np.arange(4), 0.25)
    3.0
    """
    amounts = np.asarray(value, dtype=np.float64)
    if len(amounts) == 0:
        return math.nan
    top = top_count(len(amounts), frac)
    return _share_in_top(amounts, score, ties, top) * len(amounts) / top


def _share_in_top(amounts: np.ndarray, score: np.ndarray, ties: np.ndarray, top: int) -> float:
    total = math.fsum(amounts.tolist())
    if total <= 0.0:
        return math.nan
    order = ranking_order(score, ties, amounts)
    return math.fsum(amounts[order[:top]].tolist()) / total


def gains(y: np.ndarray, score: np.ndarray, ties: np.ndarray, bins: int = 10) -> np.ndarray:
    """Return the gains table: the ranked list cut into equal counts, best first.

    Parameters
    ----------
    y, score, ties
        As in `lift_at`.
    bins
        Number of cuts, 10 for deciles.

    Returns
    -------
    numpy.ndarray
        Dtype `GAINS`, one row per bin, best first; fewer rows than `bins` where there are fewer
        rows to cut, none for an empty input. `n_frac` and `capture` are cumulative shares, 0 to 1,
        of rows and of positives. `lift` and `capture` are nan without a positive.

    Examples
    --------
    >>> table = gains(np.array([1, 1, 0, 0]), np.array([0.9, 0.8, 0.2, 0.1]), np.arange(4), bins=2)
    >>> table["capture"].tolist(), table["lift"].tolist()
    ([1.0, 1.0], [2.0, 0.0])
    """
    outcome, scores = paired(y, score)
    edges = bin_edges(len(outcome), bins)
    cumulative = np.concatenate([[0.0], np.cumsum(outcome[ranking_order(scores, ties, outcome)])])[
        edges
    ]
    table = np.zeros(len(edges) - 1, dtype=GAINS)
    if len(table) == 0:
        return table
    table["bin"] = np.arange(1, len(edges))
    table["n"] = np.diff(edges)
    table["positives"] = np.diff(cumulative)
    table["rate"] = table["positives"] / table["n"]
    table["n_frac"] = edges[1:] / len(outcome)
    total = cumulative[-1]
    table["lift"] = table["rate"] * len(outcome) / total if total else math.nan
    table["capture"] = cumulative[1:] / total if total else math.nan
    return table
