"""All that is said of one scored list, as rows of a long table: measures, gains, calibration bins.

Training (on rows it did not fit) and forward validation (on what happened) report the same rows, so
that a figure promised and the one found are the same quantity.
"""

import math
from dataclasses import dataclass

import numpy as np

from gosales_checks.measures.calibration import calibration_bins
from gosales_checks.measures.corp import corp
from gosales_checks.measures.ordering import ranking_order, top_count
from gosales_checks.measures.ranking import gains
from gosales_checks.measures.sample import Sample
from gosales_checks.measures.summary import COUNTS, evaluate

OK, ONE_CLASS = "ok", "one_class"
# Shares of the list, in percent, whose lowest probability is the threshold to work them.
THRESHOLD_PERCENTS = (1, 2, 5, 10, 20, 30, 50)


@dataclass(frozen=True)
class ScoredList:
    """Customers with a stated probability and what happened, row by row."""

    label: np.ndarray
    p: np.ndarray
    score: np.ndarray
    """What ranks them: p, and what orders rows of equal p."""
    ties: np.ndarray
    """`tie_breaker` of the customer."""
    net_value: np.ndarray
    repeats: bool = False
    """A customer may have several rows, one a cutoff."""

    @property
    def has_order(self) -> bool:
        """Whether anything ranks the rows: where all scores are equal the hash of ties would."""
        return bool(np.ptp(self.score) > 0)


@dataclass(frozen=True)
class Row:
    """One figure; null where it is not defined."""

    measure: str
    bin: int
    value: float | None
    low: float | None
    high: float | None
    n: int
    positives: int
    status: str


def describe_list(found: ScoredList, *, draws: int, seed: int) -> list[Row]:
    """Measure a scored list in full.

    Parameters
    ----------
    found
        At least one row.
    draws, seed
        Of the customer bootstrap.

    Returns
    -------
    list of Row
        Measures with their 95 % intervals (bin 0); the CORP parts of the Brier score; gains (bins
        1 to 10, best first); calibration (bins 1 to 10, lowest probability first); thresholds (the
        bin is the percentage of the list). Where all scores are equal a top is what any rows are:
        lifts are 1, and gains and thresholds those of the whole.
    """
    return [
        *_measures(found, draws, seed),
        *_corp(found),
        *_gains(found),
        *_bins(found),
        *_thresholds(found),
    ]


def rank_within_ties(p: np.ndarray, margin: np.ndarray) -> np.ndarray:
    """Return the place of each row by p, then margin.

    Parameters
    ----------
    p
        Probability per row.
    margin
        What orders rows of equal p, one per row.

    Returns
    -------
    numpy.ndarray
        float64, from 1 for the lowest, in the order of the input; equal only where both are.

    Examples
    --------
    >>> rank_within_ties(np.array([0.2, 0.1, 0.2]), np.array([3.0, 5.0, 2.0])).tolist()
    [3.0, 1.0, 2.0]
    """
    order = np.lexsort((margin, p))
    new = np.ones(p.size, dtype=bool)
    new[1:] = (p[order][1:] != p[order][:-1]) | (margin[order][1:] != margin[order][:-1])
    rank = np.empty(p.size)
    rank[order] = np.cumsum(new)
    return rank


def known(value: float) -> float | None:
    """Return a figure, or None where it is nan."""
    return None if math.isnan(value) else float(value)


def _measures(found: ScoredList, draws: int, seed: int) -> list[Row]:
    n, positives = found.label.size, int(found.label.sum())
    sample = Sample(
        found.label,
        found.p,
        found.ties,
        score=found.score,
        value=found.net_value,
        customer=found.ties if found.repeats else None,
    )
    one_class = positives in (0, n)
    rows = []
    for m in evaluate(sample, draws=draws, seed=seed):
        if m.measure in COUNTS:
            continue
        status = ONE_CLASS if one_class and math.isnan(m.value) else OK
        figures = (known(m.value), known(m.low), known(m.high))
        if "lift_" in m.measure and not found.has_order and figures[0] is not None:
            figures = (1.0, None, None)
        rows.append(Row(m.measure, 0, *figures, n, positives, status))
    return rows


def _corp(found: ScoredList) -> list[Row]:
    n, positives = found.label.size, int(found.label.sum())
    parts = corp(found.label, found.p)
    return [
        Row(f"brier_{name}", 0, known(value), None, None, n, positives, OK)
        for name, value in parts.__dict__.items()
    ]


def _gains(found: ScoredList) -> list[Row]:
    rows, size, done = [], found.label.size, 0
    base = float(found.label.mean())
    for cut in gains(found.label, found.score, found.ties):
        at, n, positives = int(cut["bin"]), int(cut["n"]), int(cut["positives"])
        done += n
        if not found.has_order:
            cut["rate"], positives = base, round(base * n)
            cut["capture"] = done / size if base else math.nan
        for measure, value in (("gain_rate", cut["rate"]), ("gain_capture", cut["capture"])):
            rows.append(Row(measure, at, known(value), None, None, n, positives, OK))
    return rows


def _bins(found: ScoredList) -> list[Row]:
    rows = []
    for at, cut in enumerate(calibration_bins(found.label, found.p, found.ties), start=1):
        n = int(cut["n"])
        positives = round(float(cut["observed_rate"]) * n)
        stated, observed = known(cut["mean_p"]), known(cut["observed_rate"])
        low, high = known(cut["low"]), known(cut["high"])
        rows.append(Row("calibration_stated", at, stated, None, None, n, positives, OK))
        rows.append(Row("calibration_observed", at, observed, low, high, n, positives, OK))
    return rows


def _thresholds(found: ScoredList) -> list[Row]:
    """Say from which probability on the top K % begins, and how many of it bought."""
    order = ranking_order(found.score, found.ties, found.label)
    rows = []
    for percent in THRESHOLD_PERCENTS:
        top = order[: top_count(order.size, percent / 100)]
        bought = int(found.label[top].sum())
        rate = bought / top.size
        if not found.has_order:
            rate = float(found.label.mean())
            bought = round(rate * top.size)
        lowest = float(found.p[top].min())
        rows.append(Row("threshold_p", percent, lowest, None, None, top.size, bought, OK))
        rows.append(Row("threshold_precision", percent, rate, None, None, top.size, bought, OK))
    return rows
