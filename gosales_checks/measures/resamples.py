"""Many resamples of one list at once: each is a row of weights on the same rows.

A customer drawn twice weighs two, so a sum over weights equals the sum over repeated rows, and the
list itself is a row of ones. Here is what the measures of `ranking` and `calibration` share; no
random numbers (see `intervals`), and no BLAS, whose sums depend on its threads.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gosales_checks.measures.cox import cox_step
from gosales_checks.measures.ordering import top_count
from gosales_checks.measures.sample import Ranking, Sample

# Shares of the list that lifts are measured at.
TOP_FRACS = (0.05, 0.10, 0.20)


@dataclass(frozen=True)
class Cuts:
    """Where the lists of resamples are cut, each after so many drawn rows: (resamples, cuts)."""

    counts: np.ndarray
    """Drawn rows before each cut."""
    last: np.ndarray
    """Place of the row that the last of them is of."""
    of_last: np.ndarray
    """How many of the draws of that row are before the cut: one drawn thrice may be cut after its first."""

    def __getitem__(self, cuts: slice) -> "Cuts":
        """Return some of each resample's cuts."""
        return Cuts(self.counts[:, cuts], self.last[:, cuts], self.of_last[:, cuts])


def cut(above: np.ndarray, counts: np.ndarray) -> Cuts:
    """Cut the lists of resamples.

    Parameters
    ----------
    above
        Weight above each position of an order, whole numbers: (resamples, rows + 1).
    counts
        Drawn rows before each cut, 0 up to all: (resamples, cuts).

    Returns
    -------
    Cuts
        Of the same shape as `counts`; a cut of 0 rows is before the first row of the order.

    Examples
    --------
    >>> cuts = cut(np.array([[0, 1, 4, 5]]), np.array([[0, 2, 5]]))
    >>> cuts.last.tolist(), cuts.of_last.tolist()
    ([[0, 1, 2]], [[0, 1, 1]])
    """
    # Of another type than the weights, they would be converted row by row.
    counts = counts.astype(above.dtype)
    found = np.stack([row.searchsorted(at) for row, at in zip(above, counts, strict=True)])
    last = np.maximum(found - 1, 0)
    return Cuts(counts, last, counts - np.take_along_axis(above, last, axis=1))


def sums_between(rows: np.ndarray, terms: np.ndarray, start: Cuts, end: Cuts) -> np.ndarray:
    """Sum one number per drawn row from each cut up to another.

    To cumulate all rows is a chain of additions, four times as slow.

    Parameters
    ----------
    rows
        Number times weight of each row: (resamples, rows), at least up to the last cut.
    terms
        The number of each row.
    start, end
        The cuts: (resamples, sums).

    Returns
    -------
    numpy.ndarray
        (resamples, sums), 0 where nothing is between; each a sum of its own, of no other's parts.

    Examples
    --------
    >>> weights, terms = np.array([[1.0, 3.0, 1.0]]), np.array([1.0, 10.0, 100.0])
    >>> cuts = cut(np.array([[0, 1, 4, 5]]), np.array([[0, 2, 5]]))
    >>> sums_between(weights * terms, terms, cuts[:-1], cuts[1:]).tolist()
    [[11.0, 120.0]]
    """
    both = np.stack([start.last, end.last], axis=2).reshape(len(rows), -1)
    places = np.arange(len(rows))[:, None] * rows.shape[1] + both
    # From each start up to its end, and from there on something that is left out.
    sums = np.add.reduceat(rows.ravel(), places.ravel()).reshape(both.shape)[:, ::2]
    whole = np.where(start.last == end.last, 0.0, sums)
    return whole + (end.of_last * terms[end.last] - start.of_last * terms[start.last])


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide, or say nan where the denominator is not above 0.

    Parameters
    ----------
    numerator, denominator
        Numbers of shapes that go together.

    Returns
    -------
    numpy.ndarray
        float64 of the common shape.

    Examples
    --------
    >>> ratio(np.array([1.0, 1.0, 1.0]), np.array([2.0, 0.0, -2.0])).tolist()
    [0.5, nan, nan]
    """
    undefined = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), math.nan)
    return np.divide(numerator, denominator, out=undefined, where=denominator > 0.0)


class Resamples:
    """A block of resamples of a ranking.

    Parameters
    ----------
    ranking
        The rows, at least one.
    weights
        How often each row was drawn: float64 whole numbers, (resamples, rows), in the order of
        `ranking`, each resample's sum at least 1. None is the list itself: a row of ones.
    fracs
        Shares of the list that lifts are measured at, above 0 and at most 1.
    """

    def __init__(
        self,
        ranking: Ranking,
        weights: np.ndarray | None = None,
        *,
        fracs: Sequence[float] = TOP_FRACS,
    ) -> None:
        self.ranking, self.fracs = ranking, fracs
        self.weights = np.ones((1, len(ranking))) if weights is None else weights

    def __len__(self) -> int:
        """Return the number of resamples."""
        return len(self.weights)

    @cached_property
    def rows(self) -> np.ndarray:
        """The weights with a resample's rows side by side in memory.

        Drawn by customer, they come the other way, in which sums along the ranking take ten times
        as long. `mean` takes them as they come: the way decides the order of its additions.
        """
        return np.ascontiguousarray(self.weights)

    @cached_property
    def cumulative(self) -> np.ndarray:
        """Weight above each position of the ranking: (resamples, rows + 1)."""
        return _count_up(self.rows)

    @cached_property
    def totals(self) -> np.ndarray:
        """Rows per resample."""
        return self.cumulative[:, -1]

    @cached_property
    def positives(self) -> np.ndarray:
        """Rows that bought above each of the list's, and in all: (resamples, positives + 1)."""
        return _count_up(np.take(self.rows, self.ranking.positives, axis=1))

    @cached_property
    def base_rate(self) -> np.ndarray:
        """Positive rate of each resample."""
        return ratio(self.positives[:, -1], self.totals)

    @cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Per tie group with a positive: its positives, positives down to it, rows above and down to it."""
        first, start, end = self.ranking.tie_groups
        above = np.take(self.positives, first, axis=1)
        down_to = np.concatenate([above[:, 1:], self.positives[:, -1:]], axis=1).astype(np.float64)
        rows_above, rows_down_to = (np.take(self.cumulative, at, axis=1) for at in (start, end))
        return down_to - above, down_to, rows_above, rows_down_to

    @cached_property
    def tops(self) -> Cuts:
        """The ends of the tops of each list: (resamples, fracs)."""
        totals, at = np.unique(self.totals, return_inverse=True)
        counts = [[top_count(total, frac) for frac in self.fracs] for total in totals.tolist()]
        return cut(self.cumulative, np.array(counts)[at])

    @cached_property
    def positives_in_top(self) -> np.ndarray:
        """Rows that bought in the top of each list: (resamples, fracs)."""
        return self._sums_in_top(self.ranking.outcome)

    @cached_property
    def values_in_top(self) -> np.ndarray:
        """Sum of the values in the top of each list: (resamples, fracs); nan without values."""
        value = self.ranking.value
        if value is None:
            return np.full((len(self), len(self.fracs)), math.nan)
        return self._sums_in_top(value)

    @cached_property
    def value(self) -> np.ndarray:
        """Sum of all values of each resample; nan without values."""
        value = self.ranking.value
        if value is None:
            return np.full(len(self), math.nan)
        return np.einsum("dr,r->d", self.weights, value)

    @cached_property
    def revenue_lifts(self) -> np.ndarray:
        """Mean value in the top of each list over that of all: (resamples, fracs)."""
        means = ratio(self.value, self.totals)
        return ratio(self.values_in_top / self.tops.counts, means[:, None])

    def mean(self, terms: np.ndarray) -> np.ndarray:
        """Return the weighted mean of one number per row.

        Parameters
        ----------
        terms
            The numbers, in the order of the ranking.

        Returns
        -------
        numpy.ndarray
            One per resample; nan for a resample without rows.
        """
        return ratio(np.einsum("dr,r->d", self.weights, terms), self.totals)

    def _sums_in_top(self, terms: np.ndarray) -> np.ndarray:
        nothing = np.zeros_like(self.tops.last)
        # Rows below the lowest cut add nothing.
        stop = self.tops.last.max() + 1
        return sums_between(
            self.rows[:, :stop] * terms[:stop], terms, Cuts(nothing, nothing, nothing), self.tops
        )


class SampleResamples(Resamples):
    """A block of resamples of a sample.

    Parameters
    ----------
    sample
        The rows, at least one.
    weights
        As in `Resamples`.
    """

    def __init__(self, sample: Sample, weights: np.ndarray | None = None) -> None:
        super().__init__(sample, weights)
        self.sample = sample

    @cached_property
    def cumulative_by_p(self) -> np.ndarray:
        """Weight of lower probability than each position by rising probability."""
        if self.sample.by_p is None:
            return self.totals[:, None] - self.cumulative[:, ::-1]
        return _count_up(self.sample.rising_in_p(self.rows))

    @cached_property
    def excess_by_p(self) -> np.ndarray:
        """Outcome less probability of the drawn rows, by rising probability."""
        return self.sample.rising_in_p(self.rows) * self.sample.excess_by_p

    @cached_property
    def cox(self) -> tuple[np.ndarray, np.ndarray]:
        """Slope and intercept of Cox's line: one Newton step from the sample's own fit, nan without it."""
        slope, intercept, terms = self.sample.cox
        if math.isnan(slope):
            return np.full(len(self), math.nan), np.full(len(self), math.nan)
        step_intercept, step_slope = cox_step(*(self.mean(term) for term in terms))
        return slope + step_slope, intercept + step_intercept


def _count_up(weights: np.ndarray) -> np.ndarray:
    """Cumulate whole numbers: as integers seven times as fast as a chain of float additions."""
    cumulative = np.zeros((weights.shape[0], weights.shape[1] + 1), dtype=np.int32)
    np.cumsum(weights.astype(np.int32), axis=1, out=cumulative[:, 1:])
    return cumulative
