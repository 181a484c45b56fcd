"""A scored list in full: what no order says of it."""

import numpy as np
import pytest

from gosales_checks.measures.scored_list import ScoredList, describe_list


def described(score):
    label = (np.arange(40) % 4 == 0).astype(float)
    p = np.full(40, 0.2)
    found = ScoredList(label, p, score, np.arange(40, dtype=np.uint64)[::-1], 10.0 * label)
    return describe_list(found, draws=50, seed=1)


def figures(rows, measure):
    return [row.value for row in rows if row.measure == measure]


@pytest.mark.parametrize("measure", ["lift_5", "lift_10", "lift_20", "revenue_lift_10"])
def test_without_an_order_lift_is_one(measure):
    assert figures(described(np.full(40, 0.2)), measure) == [1.0]


def test_without_an_order_gains_are_those_of_any_rows():
    rows = described(np.full(40, 0.2))
    assert figures(rows, "gain_rate") == [0.25] * 10
    assert figures(rows, "gain_capture") == pytest.approx(np.arange(1, 11) / 10)
    assert set(figures(rows, "threshold_precision")) == {0.25}


def test_with_an_order_the_best_come_first():
    label = (np.arange(40) % 4 == 0).astype(float)
    rows = described(label + 0.0)
    assert figures(rows, "lift_10") == [4.0]
    assert figures(rows, "gain_capture")[2] == 1.0
