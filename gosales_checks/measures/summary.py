"""All measures of one scored list, as rows: what model selection and forward validation both report.

One list of names for both, so that a figure promised at training and the one found later are the
same quantity. Thresholds and alarms are the checks' business.
"""

import math
from dataclasses import dataclass

from gosales_checks.measures.intervals import bootstrap_intervals
from gosales_checks.measures.registry import STATISTICS
from gosales_checks.measures.sample import Sample

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


def evaluate(sample: Sample, *, draws: int, seed: int) -> list[Measurement]:
    """Measure a scored list in full.

    Parameters
    ----------
    sample
        The list. Without values revenue lifts are left out.
    draws
        Resamples for the intervals, 1000 by the specification.
    seed
        Seed of the draws.

    Returns
    -------
    list of Measurement
        One per name of `MEASURES`, in its order. An undefined measure is a row with nan, and an
        empty sample gives counts of 0 and nan for the rest.

    References
    ----------
    SPEC, section 4 (metrics) and section 6 (forward validation).

    Examples
    --------
    >>> import numpy as np
    >>> sample = Sample(np.array([0, 1]), np.array([0.2, 0.7]), np.arange(2))
    >>> [(row.measure, row.value) for row in evaluate(sample, draws=20, seed=7)[:4]]
    [('n', 2.0), ('positives', 1.0), ('base_rate', 0.5), ('auc', 1.0)]
    """
    named = [
        name
        for name in STATISTICS
        if sample.value is not None or not name.startswith("revenue")
    ]  # fmt: skip
    found = bootstrap_intervals(sample, named, draws=draws, seed=seed)
    counts = zip(COUNTS, (len(sample), len(sample.positives)), strict=True)
    return [
        *(Measurement(name, float(count), math.nan, math.nan) for name, count in counts),
        *(Measurement(name, one.value, one.low, one.high) for name, one in found.items()),
    ]
