"""The measures over many resamples at once: each resample is a row of weights on the same rows.

A customer drawn twice weighs two, so a sum over weights equals the sum over repeated rows. The
sample is sorted once; every resample shares the order, the tie groups and the bins.
No random numbers here (see `intervals`), and no BLAS, whose sums depend on its threads.
"""

import math
from collections.abc import Callable, Mapping
from functools import cached_property, partial

import numpy as np

from gosales_checks.measures.calibration import (
    cox_slope_intercept,
    cox_step,
    cox_terms,
    log_losses,
    logit,
    probabilities,
    squared_errors,
    width_bin,
)
from gosales_checks.measures.ranking import paired, ranking_order, top_count

BINS = 10
# Shares of the list that lifts are measured at.
TOP_FRACS = (0.05, 0.10, 0.20)


class Sample:
    """A scored list in ranking order, with what all its resamples share.

    Parameters
    ----------
    y
        Outcome per row, 0 or 1; one row per customer.
    p
        Probability per row, 0 to 1.
    ties
        `tie_breaker` of the customer per row.
    score
        What ranks the rows; None ranks by `p`. The margin, where isotonic probabilities tie.
    value
        Gross profit per row, home currency; None where revenue lift is not asked for.
    customer
        Number of the customer of each row, where one has several; None where each has one.
    """

    def __init__(
        self,
        y: np.ndarray,
        p: np.ndarray,
        ties: np.ndarray,
        *,
        score: np.ndarray | None = None,
        value: np.ndarray | None = None,
        customer: np.ndarray | None = None,
    ) -> None:
        outcome, stated = probabilities(y, p)
        scores = stated if score is None else paired(y, score)[1]
        amounts = None if value is None else np.asarray(value, dtype=np.float64)
        order = ranking_order(
            scores, ties, stated, outcome, *(() if amounts is None else (amounts,))
        )
        self.outcome, self.p, self.score = outcome[order], stated[order], scores[order]
        self.value = None if amounts is None else amounts[order]
        self.customer = np.arange(len(order)) if customer is None else customer[order]
        # The reverse of ranking by p, so that both orders break ties alike; None when it is the
        # plain reverse of this order, as it is wherever the score orders rows of equal p alone.
        by_p = ranking_order(self.p, ties[order], self.outcome)[::-1]
        self.by_p = None if (np.diff(by_p) == -1).all() else by_p

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.outcome)

    @cached_property
    def positives(self) -> np.ndarray:
        """Positions of the rows that bought."""
        return np.flatnonzero(self.outcome)

    @cached_property
    def tie_groups(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Groups of equal score that hold a positive: positives above it, first row, row after the last."""
        starts = np.concatenate([[0], np.flatnonzero(np.diff(self.score)) + 1, [len(self)]])
        group_of_positive = np.searchsorted(starts, self.positives, "right") - 1
        held, first = np.unique(group_of_positive, return_index=True)
        return first, starts[held], starts[held + 1]

    def rising_in_p(self, rows: np.ndarray) -> np.ndarray:
        """Return an array of this order's rows (last axis) by rising probability."""
        return rows[..., ::-1] if self.by_p is None else np.take(rows, self.by_p, axis=-1)

    @cached_property
    def squared_errors(self) -> np.ndarray:
        """What each row adds to the Brier score."""
        return squared_errors(self.outcome, self.p)

    @cached_property
    def log_losses(self) -> np.ndarray:
        """What each row adds to the log loss."""
        return log_losses(self.outcome, self.p)

    @cached_property
    def excess_by_p(self) -> np.ndarray:
        """Outcome less probability, by rising probability."""
        return self.rising_in_p(self.outcome - self.p)

    @cached_property
    def width_starts(self) -> np.ndarray:
        """First row of each equal-width bin that has one, by rising probability."""
        return np.unique(width_bin(self.rising_in_p(self.p), BINS), return_index=True)[1]

    @cached_property
    def cox(self) -> tuple[float, float, np.ndarray]:
        """Slope and intercept on the sample, and each row's gradient and information there."""
        slope, intercept = cox_slope_intercept(self.outcome, self.p)
        return slope, intercept, cox_terms(self.outcome, logit(self.p), intercept, slope)


class Resamples:
    """A block of resamples of one sample.

    Parameters
    ----------
    sample
        The rows.
    weights
        How often each row was drawn: float64 whole numbers, (resamples, rows), in the order of
        `sample`, each resample's sum at least 1.
    """

    def __init__(self, sample: Sample, weights: np.ndarray) -> None:
        self.sample, self.weights = sample, weights

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
    def cumulative_by_p(self) -> np.ndarray:
        """Weight of lower probability than each position by rising probability."""
        if self.sample.by_p is None:
            return self.totals[:, None] - self.cumulative[:, ::-1]
        return _count_up(self.sample.rising_in_p(self.rows))

    @cached_property
    def totals(self) -> np.ndarray:
        """Rows per resample."""
        return self.cumulative[:, -1]

    @cached_property
    def positives(self) -> np.ndarray:
        """Rows that bought above each of the sample's, and in all: (resamples, positives + 1)."""
        return _count_up(np.take(self.rows, self.sample.positives, axis=1))

    @cached_property
    def excess_by_p(self) -> np.ndarray:
        """Outcome less probability of the drawn rows, by rising probability."""
        return self.sample.rising_in_p(self.rows) * self.sample.excess_by_p

    @cached_property
    def tops(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows in the top of each list, and the place of the last of them: (resamples, TOP_FRACS)."""
        totals, at = np.unique(self.totals, return_inverse=True)
        counts = [[top_count(total, frac) for frac in TOP_FRACS] for total in totals.tolist()]
        cuts = np.array(counts, dtype=np.int32)[at]
        return cuts, _rows_of(self.cumulative, cuts)

    @cached_property
    def revenue_lifts(self) -> np.ndarray:
        """Mean value in the top of each list over that of all: (resamples, TOP_FRACS)."""
        value = self.sample.value
        if value is None:
            return np.full((len(self.weights), len(TOP_FRACS)), math.nan)
        cuts, last = self.tops
        # Rows below the lowest cut add nothing.
        counted = self.rows[:, : last.max() + 1] * value[: last.max() + 1]
        from_the_first = np.stack([np.zeros_like(last), last], axis=2).reshape(len(last), -1)
        sums = np.where(last == 0, 0.0, _sums_from(counted, from_the_first)[:, ::2])
        # A row drawn thrice may be cut after its first.
        sums += (cuts - np.take_along_axis(self.cumulative, last, axis=1)) * value[last]
        return _ratio(sums / cuts, self.mean(value)[:, None])

    @cached_property
    def base_rate(self) -> np.ndarray:
        """Positive rate of each resample."""
        return self.positives[:, -1] / self.totals

    @cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Per tie group with a positive: its positives, positives down to it, rows above and down to it."""
        first, start, end = self.sample.tie_groups
        above = np.take(self.positives, first, axis=1)
        down_to = np.concatenate([above[:, 1:], self.positives[:, -1:]], axis=1).astype(np.float64)
        rows_above, rows_down_to = (np.take(self.cumulative, at, axis=1) for at in (start, end))
        return down_to - above, down_to, rows_above, rows_down_to

    @cached_property
    def cox(self) -> tuple[np.ndarray, np.ndarray]:
        """Cox slope and intercept of each resample, to first order; see `weighted_cox`."""
        slope, intercept, terms = self.sample.cox
        step_intercept, step_slope = cox_step(*(self.mean(term) for term in terms))
        return slope + step_slope, intercept + step_intercept

    def mean(self, terms: np.ndarray) -> np.ndarray:
        """Return the weighted mean of one number per row."""
        return np.einsum("dr,r->d", self.weights, terms) / self.totals


Statistic = Callable[[Resamples], np.ndarray]


def _count_up(weights: np.ndarray) -> np.ndarray:
    """Cumulate whole numbers: as integers seven times as fast as a chain of float additions."""
    cumulative = np.zeros((weights.shape[0], weights.shape[1] + 1), dtype=np.int32)
    np.cumsum(weights.astype(np.int32), axis=1, out=cumulative[:, 1:])
    return cumulative


def _rows_of(above: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Return the place of the row that holds each cut, a number of drawn rows: (resamples, cuts)."""
    last = np.stack([row.searchsorted(cut) for row, cut in zip(above, cuts, strict=True)])
    return np.maximum(last - 1, 0)


def _sums_from(counted: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sum each resample's rows from each start up to the next; what follows the last is any number.

    To cumulate all rows is a chain of additions, four times as slow.
    """
    places = np.arange(len(counted))[:, None] * counted.shape[1] + starts
    return np.add.reduceat(counted.ravel(), places.ravel()).reshape(starts.shape)


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    undefined = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), math.nan)
    return np.divide(numerator, denominator, out=undefined, where=denominator > 0.0)


def weighted_auc(drawn: Resamples) -> np.ndarray:
    """Return `ranking.auc` of each resample; nan where it has a single class."""
    if len(drawn.sample.positives) == 0:
        return np.full(len(drawn.weights), math.nan)
    gained, listed_positives, above, down_to = drawn.pairs
    positives = listed_positives[:, -1]
    # Negatives above a group and down to it: their mean is what the group's positives lose to.
    lost = above + down_to - (listed_positives - gained) - listed_positives
    twice = np.einsum("dg,dg->d", gained, lost)
    return 1.0 - _ratio(twice / 2.0, positives * (drawn.totals - positives))


def weighted_pr_auc(drawn: Resamples) -> np.ndarray:
    """Return `ranking.pr_auc` of each resample; nan where it has no positive."""
    if len(drawn.sample.positives) == 0:
        return np.full(len(drawn.weights), math.nan)
    gained, listed_positives, _, down_to = drawn.pairs
    # A group before the first drawn row has no rows and adds nothing: 0 / 1 instead of 0 / 0.
    gain = np.einsum("dg,dg->d", gained, listed_positives / np.maximum(down_to, 1.0))
    return _ratio(gain, listed_positives[:, -1])


def weighted_lift(drawn: Resamples, *, top: int) -> np.ndarray:
    """Return `ranking.lift_at` of each resample, at a place of `TOP_FRACS`; nan without a positive."""
    cuts, last = (of_tops[:, top] for of_tops in drawn.tops)
    each, sample = np.arange(len(last)), drawn.sample
    whole = drawn.positives[each, np.searchsorted(sample.positives, last)]
    # A row drawn thrice may be cut after its first.
    bought = whole + (cuts - drawn.cumulative[each, last]) * sample.outcome[last]
    return _ratio(bought / cuts, drawn.base_rate)


def weighted_revenue_lift(drawn: Resamples, *, top: int) -> np.ndarray:
    """Return `ranking.revenue_lift_at` of each resample; nan without value, or where it sums to 0 or less."""
    return drawn.revenue_lifts[:, top]


def weighted_brier(drawn: Resamples) -> np.ndarray:
    """Return `calibration.brier` of each resample."""
    return drawn.mean(drawn.sample.squared_errors)


def weighted_log_loss(drawn: Resamples) -> np.ndarray:
    """Return `calibration.log_loss` of each resample."""
    return drawn.mean(drawn.sample.log_losses)


def weighted_cal_mae(drawn: Resamples) -> np.ndarray:
    """Return `calibration.cal_mae` of each resample, in its own equal-count bins."""
    cuts = np.floor_divide(drawn.totals[:, None] * np.arange(BINS + 1), BINS)
    above = drawn.cumulative_by_p
    last = _rows_of(above, cuts)
    sums = _sums_from(drawn.excess_by_p, last)[:, :-1]
    sums = np.where(last[:, :-1] == last[:, 1:], 0.0, sums)
    # A row drawn thrice may be cut after its first.
    cut_off = (cuts - np.take_along_axis(above, last, axis=1)) * drawn.sample.excess_by_p[last]
    sums += np.diff(cut_off, axis=1)
    return np.abs(sums).sum(axis=1) / drawn.totals


def weighted_ece(drawn: Resamples) -> np.ndarray:
    """Return `calibration.ece` of each resample."""
    excess = np.add.reduceat(drawn.excess_by_p, drawn.sample.width_starts, axis=1)
    return np.abs(excess).sum(axis=1) / drawn.totals


def weighted_cox(drawn: Resamples, *, part: int) -> np.ndarray:
    """Return the Cox slope (part 0) or intercept (part 1) of each resample, to first order.

    One Newton step from the sample's own fit: as good as the full fit to order 1/n (Davidson and
    MacKinnon 1999, Bootstrap testing in nonlinear models), at the price of five sums.
    """
    if math.isnan(drawn.sample.cox[0]):
        return np.full(len(drawn.weights), math.nan)
    return drawn.cox[part]


def weighted_base_rate(drawn: Resamples) -> np.ndarray:
    """Return the positive rate of each resample."""
    return drawn.base_rate


# The one place where a measure gets its name; `summary` reports them in this order.
STATISTICS: Mapping[str, Statistic] = {
    "base_rate": weighted_base_rate,
    "auc": weighted_auc,
    "pr_auc": weighted_pr_auc,
    "brier": weighted_brier,
    "log_loss": weighted_log_loss,
    "lift_5": partial(weighted_lift, top=0),
    "lift_10": partial(weighted_lift, top=1),
    "lift_20": partial(weighted_lift, top=2),
    "revenue_lift_5": partial(weighted_revenue_lift, top=0),
    "revenue_lift_10": partial(weighted_revenue_lift, top=1),
    "revenue_lift_20": partial(weighted_revenue_lift, top=2),
    "cal_mae": weighted_cal_mae,
    "ece": weighted_ece,
    "cox_slope": partial(weighted_cox, part=0),
    "cox_intercept": partial(weighted_cox, part=1),
}
