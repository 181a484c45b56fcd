"""A scored list as measures take it: its rows best first, and all that does not depend on weights.

Sorted once, it is shared by all its resamples (`resamples`): the order, the tie groups, the bins,
and what each row adds to a sum. Undefined measures are their business, illegal rows `ordering`'s.
"""

from functools import cached_property

import numpy as np

from gosales_checks.measures.cox import cox_slope_intercept, cox_terms, logit
from gosales_checks.measures.ordering import paired, probabilities, ranking_order, width_bin

# Bins of the calibration errors.
BINS = 10


class Ranking:
    """Outcomes of a scored list, best score first.

    Parameters
    ----------
    y
        Outcome per row, 0 or 1.
    score
        Score per row, any monotone scale.
    ties
        What orders rows of equal score, one value per row each: `ranking.tie_breaker` of the
        customer first. Not needed where no measure cuts the list and so parts ties (AUC, PR-AUC).
    value
        Gross profit per row, home currency; None where revenue lift is not asked for.

    Raises
    ------
    ValueError
        Where `ordering.paired` does.
    """

    def __init__(
        self,
        y: np.ndarray,
        score: np.ndarray,
        *ties: np.ndarray,
        value: np.ndarray | None = None,
    ) -> None:
        outcome, scores = paired(y, score)
        amounts = None if value is None else np.asarray(value, dtype=np.float64)
        keys = ties if amounts is None else (*ties, amounts)
        # Without ties any order of equal scores will do, and this is five times as fast.
        self.order = ranking_order(scores, *keys) if keys else np.argsort(-scores)
        self.outcome, self.score = outcome[self.order], scores[self.order]
        self.value = None if amounts is None else amounts[self.order]

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
        of_positives, rising = self.score[self.positives], self.score[::-1]
        first = np.flatnonzero(np.r_[True, of_positives[1:] != of_positives[:-1]])
        held = of_positives[first]
        start = len(self) - np.searchsorted(rising, held, "right")
        return first, start, len(self) - np.searchsorted(rising, held, "left")


class Sample(Ranking):
    """A ranking whose rows state a probability.

    Parameters
    ----------
    y
        Outcome per row, 0 or 1.
    p
        Probability per row, 0 to 1.
    ties
        `ranking.tie_breaker` of the customer per row. With it no measure depends on row order, to
        the bit.
    score
        What ranks the rows; None ranks by `p`. The margin, where isotonic probabilities tie.
    value
        Gross profit per row, home currency; None where revenue lift is not asked for.
    customer
        Customer of each row, any numbers, where one may have several (one a cutoff): its rows are
        drawn together. None where each row is another one.

    Raises
    ------
    ValueError
        Where `ordering.probabilities` does, and if a score is not finite.
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
        scores = stated if score is None else score
        super().__init__(outcome, scores, ties, stated, outcome, value=value)
        self.p = stated[self.order]
        self.customer = None
        if customer is not None:
            self.customer = np.unique(customer, return_inverse=True)[1][self.order]
        # The reverse of ranking by p, so that both orders break ties alike; None when it is the
        # plain reverse of this order, as it is wherever the score orders rows of equal p alone.
        by_p = ranking_order(self.p, np.asarray(ties)[self.order], self.outcome)[::-1]
        self.by_p = None if (np.diff(by_p) == -1).all() else by_p

    @property
    def customer_count(self) -> int:
        """Number of customers: what a resample draws."""
        return len(self) if self.customer is None else int(self.customer.max()) + 1

    def weights_of_rows(self, weights: np.ndarray) -> np.ndarray:
        """Give each row the weight of its customer.

        Parameters
        ----------
        weights
            How often each customer was drawn: (resamples, customers).

        Returns
        -------
        numpy.ndarray
            (resamples, rows), in this sample's order.
        """
        # Where each row is a customer any order is as random as another.
        return weights if self.customer is None else weights[:, self.customer]

    def rising_in_p(self, rows: np.ndarray) -> np.ndarray:
        """Reorder rows by rising probability.

        Parameters
        ----------
        rows
            Anything per row, in this sample's order; rows are the last axis.

        Returns
        -------
        numpy.ndarray
            Of the same shape; a view where the order is the plain reverse.
        """
        return rows[..., ::-1] if self.by_p is None else np.take(rows, self.by_p, axis=-1)

    @cached_property
    def squared_errors(self) -> np.ndarray:
        """(p - y)^2: what each row adds to the Brier score."""
        return np.square(self.p - self.outcome)

    @cached_property
    def log_losses(self) -> np.ndarray:
        """-log of the probability given to what happened, clipped as in scikit-learn."""
        given = np.where(self.outcome == 1.0, self.p, 1.0 - self.p)
        return -np.log(np.maximum(given, np.finfo(np.float64).eps))

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
