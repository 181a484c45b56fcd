"""What the top of a list over all divisions captures, by several orders of the same pairs.

A pair is a customer and a division. All orders are measured on the same resamples of customers, with
all their pairs, so what they share cancels in a difference. Here: shares of wins and of money;
percentiles are `intervals`' business, and how good the stated probabilities are `calibration`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gosales_checks.measures.intervals import Interval, interval_of, resample_weights
from gosales_checks.measures.ordering import top_count
from gosales_checks.measures.resamples import TOP_FRACS, Resamples, ratio
from gosales_checks.measures.sample import Ranking

WINS, MONEY = 0, 1


@dataclass(frozen=True)
class Pairs:
    """Pairs of customer and division with what became of them, row by row."""

    customer: np.ndarray
    """Code of the customer, whole numbers from 0: what a resample draws."""
    ties: np.ndarray
    """`ranking.tie_breaker` of the customer."""
    division: np.ndarray
    """Code of the division: orders the equal pairs of one customer."""
    label: np.ndarray
    """1 for a win, else 0."""
    cents: np.ndarray
    """Net value in the window, whole cents: their sums are exact in any order."""

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.label)


def captured_shares(
    pairs: Pairs,
    orders: Mapping[str, np.ndarray],
    weights: np.ndarray,
    fracs: Sequence[float] = TOP_FRACS,
) -> dict[str, np.ndarray]:
    """Return the share of wins and of money in the top of the list, by each order.

    Parameters
    ----------
    pairs
        At least one row.
    orders
        Name -> score per row, more is better.
    weights
        How often each customer was drawn: (resamples, customers), the customers being those of the
        codes; each resample draws one of the list at least.
    fracs
        The tops' shares of the pairs, above 0 and at most 1.

    Returns
    -------
    dict of str to numpy.ndarray
        (2, resamples, fracs): shares of the wins, then of the money; nan where there is none.

    References
    ----------
    SPEC, section 5 (`list_validation`).

    Examples
    --------
    >>> codes, cents = np.arange(4), np.array([0, 100, 0, 300])
    >>> pairs = Pairs(codes, codes, np.zeros(4), np.array([0, 1, 0, 1]), cents)
    >>> score = np.array([0.1, 0.9, 0.5, 0.3])
    >>> captured_shares(pairs, {"p": score}, np.ones((1, 4)), (0.25, 0.75))["p"].tolist()
    [[[0.5, 1.0]], [[0.25, 1.0]]]
    """
    of_rows = np.take(weights, pairs.customer, axis=1)
    return {
        name: _shares(Resamples(one, np.take(of_rows, one.order, axis=1), fracs=fracs))
        for name, one in _rankings(pairs, orders).items()
    }


def captured_draws(
    pairs: Pairs,
    orders: Mapping[str, np.ndarray],
    customers: int,
    *,
    draws: int,
    seed: int,
    fracs: Sequence[float] = TOP_FRACS,
) -> dict[str, np.ndarray]:
    """Return `captured_shares` of the list itself and of its resamples, paired over orders.

    Parameters
    ----------
    pairs, orders, fracs
        As in `captured_shares`.
    customers
        How many codes there are: the same number and seed draw the same customers for another list
        (another cutoff), so that means over lists are paired too.
    draws, seed
        Of the customer bootstrap.

    Returns
    -------
    dict of str to numpy.ndarray
        (2, 1 + draws, fracs): the list itself comes first. A resample that draws none of the
        list's customers is nan.

    References
    ----------
    Efron and Tibshirani (1993), An introduction to the bootstrap, chapter 13.

    Examples
    --------
    >>> codes = np.arange(4)
    >>> pairs = Pairs(codes, codes, np.zeros(4), np.array([0, 1, 0, 1]), np.array([0, 100, 0, 300]))
    >>> found = captured_draws(pairs, {"p": codes}, 4, draws=5, seed=1)
    >>> found["p"].shape, found["p"][:, 0, 0].tolist()
    ((2, 6, 3), [0.5, 0.75])
    """
    rankings = _rankings(pairs, orders)
    blocks: dict[str, list[np.ndarray]] = {name: [] for name in orders}
    for weights in (np.ones((1, customers)), *resample_weights(customers, draws, seed)):
        of_rows = np.take(weights, pairs.customer, axis=1)
        drawn = of_rows.any(axis=1)
        for name, one in rankings.items():
            shares = np.full((2, len(weights), len(fracs)), np.nan)
            if drawn.any():
                some = Resamples(one, np.take(of_rows[drawn], one.order, axis=1), fracs=fracs)
                shares[:, drawn] = _shares(some)
            blocks[name].append(shares)
    return {name: np.concatenate(found, axis=1) for name, found in blocks.items()}


def captured_at_random(n: int, fracs: Sequence[float] = TOP_FRACS) -> np.ndarray:
    """Return the share that an order without information captures, in expectation: exact.

    Parameters
    ----------
    n
        Pairs of the list, at least 1.
    fracs
        As in `captured_shares`.

    Returns
    -------
    numpy.ndarray
        One per top, of wins and of money alike.

    Examples
    --------
    >>> captured_at_random(30, (0.05, 0.1)).round(4).tolist()
    [0.0667, 0.1]
    """
    return np.array([top_count(n, frac) / n for frac in fracs])


def interval_of_draws(found: np.ndarray) -> Interval:
    """Return a figure with its 95 % interval.

    Parameters
    ----------
    found
        The figure on the list itself, then on each resample.

    Returns
    -------
    Interval
        As `intervals.interval_of`.

    Examples
    --------
    >>> interval_of_draws(np.r_[20.0, np.arange(41.0)])
    Interval(value=20.0, low=1.0, high=39.0)
    """
    return interval_of(float(found[0]), found[1:])


def _rankings(pairs: Pairs, orders: Mapping[str, np.ndarray]) -> dict[str, Ranking]:
    value = pairs.cents.astype(np.float64)
    return {
        name: Ranking(pairs.label, score, pairs.ties, pairs.division, value=value)
        for name, score in orders.items()
    }


def _shares(drawn: Resamples) -> np.ndarray:
    wins = ratio(drawn.positives_in_top, drawn.positives[:, -1:])
    return np.stack([wins, ratio(drawn.values_in_top, drawn.value[:, None])])
