"""Whether held-out scores rank buyers better than chance would, given that the best of several was taken."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from gosales_checks.measures.ranking import auc

# How often chance alone may pass for a model: the upper half of a two-sided 95 %.
NOMINAL = 0.025
# Spread of p below this share of the rarer outcome's rate tells nobody from anybody. (An absolute 0.01
# would throw away a good model of a division that one customer in a hundred buys in; a share of the
# rate one that 95 in a hundred do.)
LEAST_SPREAD = 0.1
DRAWS = 20_000
SEED = 16


def nothing_learnt(
    label: np.ndarray,
    p: np.ndarray,
    rivals: Sequence[np.ndarray],
    fold: np.ndarray,
    customer: np.ndarray,
) -> str | None:
    """Say why scores are no better than the prior rate, or None where they are.

    Parameters
    ----------
    label
        0 or 1 per held-out row.
    p
        The winner's probabilities, from calibrations that the customer did not take part in.
    rivals
        Scores of all that it was chosen from, each one per row: the more there are, the better the
        best of them looks by chance.
    fold
        Number of the fold per row, the newest last: ranks are taken within it.
    customer
        Hash of the customer per row: its rows in several folds are no independent evidence.

    Returns
    -------
    str or None
        Chance alone reaches such an AUC, mean over folds, too often; or the newest fold does not bear
        it out; or probabilities hardly differ.

    References
    ----------
    Obuchowski (1997), Nonparametric analysis of clustered ROC curve data; White (2000), A reality check
    for data snooping.
    """
    telling = [one for one in np.unique(fold) if 0 < label[fold == one].sum() < (fold == one).sum()]
    if not telling:
        return "no validation fold has both classes"
    rows = [np.flatnonzero(fold == one) for one in telling]
    areas = [auc(label[at], p[at]) for at in rows]
    area = float(np.mean(areas))
    chance = _chance_of(area, label, [p, *rivals], rows, customer)
    if chance > NOMINAL:
        return (
            f"validation AUC {area:.3f}: the best of {len(rivals)} reaches it by chance in "
            f"{100 * chance:.1f} % of cases, {100 * NOMINAL:g} % tolerated"
        )
    if areas[-1] <= 0.5:
        return f"validation AUC {area:.3f}, but {areas[-1]:.3f} on the newest fold"
    spread, rate = float(np.std(p)), float(np.mean(label))
    if spread < LEAST_SPREAD * min(rate, 1 - rate):
        return f"probabilities hardly differ: standard deviation {spread:.5f}"
    return None


def _chance_of(
    area: float,
    label: np.ndarray,
    scores: Sequence[np.ndarray],
    rows: Sequence[np.ndarray],
    customer: np.ndarray,
) -> float:
    """Return how often the best of scores that say nothing has an AUC so many errors above 0.5."""
    _, of = np.unique(customer, return_inverse=True)
    parts = np.column_stack([_parts(label, one, rows) for one in scores])
    by_customer = np.zeros((int(of.max()) + 1, len(scores)))
    np.add.at(by_customer, of, parts)
    # einsum, not a matrix product: BLAS may add in another order with other threads.
    covariance = np.einsum("ci,cj->ij", by_customer, by_customer)
    error = np.sqrt(np.diag(covariance))
    if error[0] == 0:
        return 1.0
    known = error > 0
    correlation = covariance[np.ix_(known, known)] / np.outer(error[known], error[known])
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn = np.random.default_rng(SEED).standard_normal((DRAWS, root.shape[0]))
    best = np.einsum("dk,jk->dj", drawn, root).max(axis=1)
    return float(np.mean(best >= (area - 0.5) / error[0]))


def _parts(label: np.ndarray, score: np.ndarray, rows: Sequence[np.ndarray]) -> np.ndarray:
    """Take the AUC less 0.5, mean over folds, apart: one part a row, 0 for rows of no fold."""
    found = np.zeros(label.size)
    for at in rows:
        y, rank = label[at], rankdata(score[at])
        positives = y.sum()
        pairs = positives * (y.size - positives)
        found[at] = (rank - rank.mean()) * (y - y.mean()) / pairs / len(rows)
    return found
