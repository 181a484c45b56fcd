"""Shapley values in whole numbers: what each switch moved, exact, and summing to the whole.

Reference: Shapley, L. S. (1953), A value for n-person games. The value of a switch is the mean of what
turning it on changes, over all orders in which the switches can be turned on.
"""

from collections.abc import Callable, Sequence
from itertools import combinations
from math import factorial

import numpy as np

State = frozenset[str]


def shares_of_moves(
    switches: Sequence[str], outcome: Callable[[State], np.ndarray]
) -> dict[str, np.ndarray]:
    """Part the difference between all switches off and all on.

    Parameters
    ----------
    switches
        Names; one that changes no outcome gets 0.
    outcome
        The switches that are on -> int64, one per row, below 2^63 / n! for n switches. Asked once
        for each of the 2^n sets.

    Returns
    -------
    dict of str to numpy.ndarray
        Switch -> int64 per row; they sum to outcome(all) - outcome(none), row by row. Fractions are
        rounded by largest remainder, of equal ones the earlier switch first.

    Examples
    --------
    >>> both = {"model"} | {"data"}
    >>> found = shares_of_moves(["data", "model"], lambda on: np.array([9 if on == both else 0]))
    >>> {name: int(moved[0]) for name, moved in found.items()}
    {'data': 5, 'model': 4}
    """
    count = len(switches)
    if not count:
        return {}
    total = np.zeros_like(outcome(frozenset()))
    sums = [np.zeros_like(total) for _ in switches]
    for size in range(count + 1):
        for chosen in combinations(switches, size):
            found = outcome(frozenset(chosen))
            for at, name in enumerate(switches):
                # As what comes after the switch, or as what was before it.
                before = size - 1 if name in chosen else size
                orders = factorial(before) * factorial(count - before - 1)
                sums[at] += orders * found if name in chosen else -orders * found
            if size in (0, count):
                total = found - total if size else found
    return dict(zip(switches, _rounded(np.stack(sums), total, factorial(count)), strict=True))


def _rounded(sums: np.ndarray, total: np.ndarray, orders: int) -> np.ndarray:
    """Divide sums by the number of orders, so that whole numbers add up to the total."""
    whole, rest = np.divmod(sums, orders)
    missing = total - whole.sum(axis=0)
    by_rest = np.argsort(-rest, axis=0, kind="stable")
    place = np.argsort(by_rest, axis=0, kind="stable")
    return whole + (place < missing)
