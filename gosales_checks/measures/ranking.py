"""How well a score puts buyers first: AUC, PR-AUC, lift, revenue lift, gains.

A `weighted_` measure takes resamples of a list and gives one number for each; the list itself is a
row of ones. `auc` and `lift_at` are those of one list. Here too is the hash that breaks ties.
Nothing here knows of probabilities (see `calibration`) or of uncertainty (see `intervals`).
A measure that is undefined, on an empty input or a single class, is ``nan``, never 0 or 0.5.
"""

import hashlib
import math
from collections.abc import Sequence

import numpy as np

from gosales_checks.measures.ordering import bin_edges, paired, ranking_order
from gosales_checks.measures.resamples import Resamples, ratio
from gosales_checks.measures.sample import Ranking

GAINS = np.dtype(
    [
        ("bin", np.int64),
        ("n", np.int64),
        ("positives", np.int64),
        ("rate", np.float64),
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
        0 to 1; nan with fewer than two classes. From the same count of pairs as `weighted_auc`, but
        as the share won, which rounds once: 1 less the share lost may differ in the last digit.

    References
    ----------
    Hanley and McNeil (1982), The meaning and use of the area under a ROC curve.

    Examples
    --------
    >>> auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    """
    lost, pairs = _lost_pairs(Resamples(Ranking(y, score)))
    # Bundles and promotions hold this rounding, tables of measures the other: each stays as it is.
    return float(ratio(pairs - lost, pairs)[0])


def weighted_auc(drawn: Resamples) -> np.ndarray:
    """Return the AUC of each resample: 1 less the share of pairs lost, ties one half.

    Parameters
    ----------
    drawn
        Resamples of a ranking.

    Returns
    -------
    numpy.ndarray
        0 to 1, one per resample; nan where it has a single class.

    References
    ----------
    Hanley and McNeil (1982), The meaning and use of the area under a ROC curve.

    Examples
    --------
    >>> ranking = Ranking(np.array([1, 0, 1, 0]), np.array([0.8, 0.4, 0.35, 0.1]))
    >>> weighted_auc(Resamples(ranking, np.array([[1.0, 1, 1, 1], [1, 2, 1, 0]]))).tolist()
    [0.75, 0.5]
    """
    lost, pairs = _lost_pairs(drawn)
    return 1.0 - ratio(lost, pairs)


def _lost_pairs(drawn: Resamples) -> tuple[np.ndarray, np.ndarray]:
    """Count pairs of a positive and a negative above it, a tie one half, and all pairs: exact."""
    if len(drawn.ranking.positives) == 0:
        return np.zeros(len(drawn)), np.zeros(len(drawn))
    gained, listed_positives, above, down_to = drawn.pairs
    positives = listed_positives[:, -1]
    # Negatives above a group and down to it: their mean is what the group's positives lose to.
    lost = above + down_to - (listed_positives - gained) - listed_positives
    twice = np.einsum("dg,dg->d", gained, lost)
    return twice / 2.0, positives * (drawn.totals - positives)


def weighted_pr_auc(drawn: Resamples) -> np.ndarray:
    """Return average precision: precision at each distinct score, weighted by the recall it adds.

    Rows of one score enter together, as in scikit-learn; no interpolation.

    Parameters
    ----------
    drawn
        Resamples of a ranking.

    Returns
    -------
    numpy.ndarray
        0 to 1, one per resample; near the base rate for a score without information; nan where a
        resample has no positive.

    References
    ----------
    scikit-learn, `average_precision_score`; Davis and Goadrich (2006) on why not to interpolate.

    Examples
    --------
    >>> ranking = Ranking(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    >>> weighted_pr_auc(Resamples(ranking)).round(4).tolist()
    [0.8333]
    """
    if len(drawn.ranking.positives) == 0:
        return np.full(len(drawn), math.nan)
    gained, listed_positives, _, down_to = drawn.pairs
    # A group before the first drawn row has no rows and adds nothing: 0 / 1 instead of 0 / 0.
    gain = np.einsum("dg,dg->d", gained, listed_positives / np.maximum(down_to, 1.0))
    return ratio(gain, listed_positives[:, -1])


def weighted_base_rate(drawn: Resamples) -> np.ndarray:
    """Return the share of rows that bought.

    Parameters
    ----------
    drawn
        Resamples of a ranking.

    Returns
    -------
    numpy.ndarray
        0 to 1, one per resample.

    References
    ----------
    SPEC, section 4 (metrics).

    Examples
    --------
    >>> ranking = Ranking(np.array([1, 0]), np.array([0.9, 0.3]))
    >>> weighted_base_rate(Resamples(ranking, np.array([[1.0, 1], [0, 2]]))).tolist()
    [0.5, 0.0]
    """
    return drawn.base_rate


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
        1 for a score without information; nan without a positive. From the same count of buyers as
        `weighted_lift`, but as their share of all buyers over the top's share of all rows: rate
        over rate may differ in the last digit.

    References
    ----------
    SPEC, section 4 (metrics).

    Examples
    --------
    >>> lift_at(np.array([1, 0, 0, 0]), np.array([0.9, 0.3, 0.2, 0.1]), np.arange(4), 0.25)
    4.0
    """
    outcome, _ = paired(y, score)
    once = Resamples(Ranking(outcome, score, ties, outcome), fracs=(frac,))
    if not outcome.any():
        return math.nan
    top, bought = once.tops.counts[0, 0], once.positives_in_top[0, 0]
    # As in `auc`, the rounding that bundles hold.
    return float(bought / len(once.ranking.positives) * len(outcome) / top)


def weighted_lift(drawn: Resamples, *, top: int) -> np.ndarray:
    """Return the positive rate in the top ceil(frac * n) of each resample over its overall rate.

    Parameters
    ----------
    drawn
        Resamples of a ranking.
    top
        Place of the top's share in `drawn.fracs`.

    Returns
    -------
    numpy.ndarray
        One per resample, 1 for a score without information; nan without a positive.

    References
    ----------
    SPEC, section 4 (metrics).

    Examples
    --------
    >>> ranking = Ranking(np.array([1, 0, 0, 0]), np.array([0.9, 0.3, 0.2, 0.1]), np.arange(4))
    >>> weights = np.array([[1.0, 1, 1, 1], [2, 1, 1, 0]])
    >>> weighted_lift(Resamples(ranking, weights, fracs=(0.25, 0.75)), top=1).round(4).tolist()
    [1.3333, 1.3333]
    """
    if len(drawn.ranking.positives) == 0:
        return np.full(len(drawn), math.nan)
    return ratio(drawn.positives_in_top[:, top] / drawn.tops.counts[:, top], drawn.base_rate)


def weighted_revenue_lift(drawn: Resamples, *, top: int) -> np.ndarray:
    """Return the mean value per row in the top ceil(frac * n) of each resample over its overall mean.

    Parameters
    ----------
    drawn
        Resamples of a ranking with values.
    top
        Place of the top's share in `drawn.fracs`.

    Returns
    -------
    numpy.ndarray
        One per resample, 1 for a score without information; nan without values, and where they do
        not sum to more than 0.

    References
    ----------
    SPEC, section 4 (revenue-weighted lift@K).

    Examples
    --------
    >>> score, value = np.array([0.9, 0.3, 0.2, 0.1]), np.array([300.0, 0, 100, 0])
    >>> ranking = Ranking(np.array([1, 0, 1, 0]), score, np.arange(4), value=value)
    >>> weighted_revenue_lift(Resamples(ranking, fracs=(0.25,)), top=0).tolist()
    [3.0]
    """
    return drawn.revenue_lifts[:, top]


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
        rows to cut, none for an empty input. `rate` is of the bin; `capture` the cumulative share
        of positives, 0 to 1, nan without a positive.

    References
    ----------
    SPEC, section 4 (gains).

    Examples
    --------
    >>> table = gains(np.array([1, 1, 0, 0]), np.array([0.9, 0.8, 0.2, 0.1]), np.arange(4), bins=2)
    >>> table["rate"].tolist(), table["capture"].tolist()
    ([1.0, 0.0], [1.0, 1.0])
    """
    outcome, scores = paired(y, score)
    edges = bin_edges(len(outcome), bins)
    ranked = outcome[ranking_order(scores, ties, outcome)]
    cumulative = np.concatenate([[0.0], np.cumsum(ranked)])[edges]
    table = np.zeros(len(edges) - 1, dtype=GAINS)
    if len(table) == 0:
        return table
    table["bin"] = np.arange(1, len(edges))
    table["n"] = np.diff(edges)
    table["positives"] = np.diff(cumulative)
    table["rate"] = table["positives"] / table["n"]
    total = cumulative[-1]
    table["capture"] = cumulative[1:] / total if total else math.nan
    return table
