"""All measures of one scored list, as rows: what model selection and forward validation both report.

One list of names for both, so that a figure promised at training and the one found later are the
same quantity. Thresholds and alarms are the checks' business.
"""

import math
from dataclasses import dataclass

import numpy as np

from gosales_checks.measures.intervals import bootstrap_intervals
from gosales_checks.measures.weighted import STATISTICS

# Counts are not estimates: they come without an interval.
COUNTS = ("n", "positives")
MEASURES = (*COUNTS, *STATISTICS)


@dataclass(frozen=True)
class Measurement:
    """One measure of one scored list; `low` and `high` are nan where there is no interval."""

    measure: str
    value: float
    low: float
    high: float


def evaluate(
    y: np.ndarray,
    p: np.ndarray,
    ties: np.ndarray,
    *,
    draws: int,
    seed: int,
    value: np.ndarray | None = None,
    score: np.ndarray | None = None,
    customer: np.ndarray | None = None,
) -> list[Measurement]:
    """Measure a scored list in full.

    Parameters
    ----------
    y
        Outcome per row, 0 or 1.
    p
        Probability per row, 0 to 1.
    ties
        `ranking.tie_breaker` of the customer per row.
    draws
        Resamples for the intervals, 1000 by the specification.
    seed
        Seed of the draws.
    value
        Gross profit per row, home currency; None leaves revenue lifts out.
    score
        What ranks the rows where it is not `p`.
    customer
        Customer of each row where one may have several; None where each has one row.

    Returns
    -------
    list of Measurement
        One per name of `MEASURES`, in its order. An undefined measure is a row with nan, and an
        empty input gives counts of 0 and nan for the rest.

    References
    ----------
    SPEC, section 4 (metrics) and section 6 (forward validation).

    Examples
    --------
    >>> rows = evaluate(np.array([0, 1]), np.array([0.2, 0.7]), np.arange(2), draws=20, seed=7)
    >>> [(row.measure, row.value) for row in rows[:4]]
    [('n', 2.0), ('positives', 1.0), ('base_rate', 0.5), ('auc', 1.0)]
    """
    named = [name for name in STATISTICS if value is not None or not name.startswith("revenue")]
    found = bootstrap_intervals(
        y,
        p,
        ties,
        draws=draws,
        seed=seed,
        measures=named,
        score=score,
        value=value,
        customer=customer,
    )
    counts = zip(COUNTS, (float(len(y)), float(np.sum(y))), strict=True)
    return [
        *(Measurement(name, count, math.nan, math.nan) for name, count in counts),
        *(Measurement(name, one.value, one.low, one.high) for name, one in found.items()),
    ]
