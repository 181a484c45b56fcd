"""Proves a solution of the seat problem in whole numbers, and prices its limits.

The residual network of a selection says what can be exchanged for what; prices that leave no
exchange with a gain are a proof over all candidates, whatever solver found the selection. They
are longest paths, so they do not depend on which of equal selections it was.
"""

from dataclasses import dataclass

import numpy as np

from gosales_assets.whitespace.seat_columns import SolverError
from gosales_assets.whitespace.seat_problem import SeatProblem

# Worth of a way that does not exist: no sum of worths comes near it.
NO_WAY = -(2**60)


@dataclass(frozen=True)
class Prices:
    """What a seat more is worth at each node, cents with the floor's price: the least optimal duals.

    The best exchange that one more seat at the node would allow.
    """

    rep: np.ndarray
    """Per rep, 0 or more."""
    account: np.ndarray
    """Per account: its rep's, or more where its offers are used up."""
    division: np.ndarray
    """Per division, of one candidate more in it; `NO_WAY` where it can have none."""

    def reduced(self, problem: SeatProblem) -> np.ndarray:
        """Return each candidate's worth less the price of what it uses, cents."""
        return problem.worth + self.division[problem.division] - self.account[problem.account]


class Residual:
    """The exchanges that a selection allows.

    Nodes that pass candidates on are reps and, each by itself, accounts without a free offer; an
    account that has one is as good as its rep.

    Parameters
    ----------
    problem
        The candidates.
    chosen
        Boolean per candidate, within all limits but floors.
    """

    def __init__(self, problem: SeatProblem, chosen: np.ndarray) -> None:
        self.problem = problem
        self.used_rep, used_account, self.used_division = problem.used(chosen)
        self.full = np.flatnonzero(used_account >= problem.offers)
        reps, divisions = len(problem.seats), len(problem.cap)
        self.node_of_account = problem.rep_of_account.copy()
        self.node_of_account[self.full] = reps + np.arange(len(self.full))
        cells = self.node_of_account[problem.account] * divisions + problem.division
        size = (reps + len(self.full)) * divisions
        gain, loss = np.full(size, NO_WAY), np.full(size, NO_WAY)
        np.maximum.at(gain, cells[~chosen], problem.worth[~chosen])
        np.maximum.at(loss, cells[chosen], -problem.worth[chosen])
        self.gain = gain.reshape(-1, divisions)
        """Most that a candidate not chosen brings, (nodes, divisions)."""
        self.loss = loss.reshape(-1, divisions)
        """Least that a chosen one costs, negative, (nodes, divisions)."""

    def prices(self) -> Prices:
        """Return the worth of the best way from each node out of the network.

        Raises
        ------
        SolverError
            If an exchange with a gain exists: the selection is not optimal.
        """
        problem, reps = self.problem, len(self.problem.seats)
        out = np.where(self.used_division < problem.cap, 0, NO_WAY)
        out[self.used_division < problem.floor] = problem.floor_price
        division, node = out.copy(), np.zeros(len(self.gain), dtype=np.int64)
        owner = problem.rep_of_account[self.full]
        # A way passes each division once.
        for _ in range(len(problem.cap) + 2):
            before = division, node
            node = np.maximum(node, _best(self.gain, division[None, :], 1))
            node[reps:] = np.maximum(node[reps:], node[owner])
            division = np.maximum(out, _best(self.loss, node[:, None], 0))
            if np.array_equal(before[0], division) and np.array_equal(before[1], node):
                return Prices(node[:reps], node[self.node_of_account], division)
        raise SolverError("seats: an exchange with a gain exists; HiGHS stopped too early.")

    def last_seats(self) -> np.ndarray:
        """Return what each rep's last seat brings, the largest optimal dual: cents, 0 or more."""
        problem, reps = self.problem, len(self.problem.seats)
        start = np.where(self.used_division > problem.floor, 0, NO_WAY)
        floored = (self.used_division > 0) & (self.used_division <= problem.floor)
        start[floored] = -problem.floor_price
        division, node = start.copy(), np.full(len(self.gain), NO_WAY)
        node[:reps][self.used_rep < problem.seats] = 0
        owner = problem.rep_of_account[self.full]
        for _ in range(len(problem.cap) + 2):
            division = np.maximum(division, _best(self.gain, node[:, None], 0))
            node = np.maximum(node, _best(self.loss, division[None, :], 1))
            np.maximum.at(node, owner, node[reps:])
        return np.where(self.used_rep > 0, -node[:reps], 0)


def largest_reduced_cost(problem: SeatProblem, chosen: np.ndarray, prices: Prices) -> int:
    """Check that prices prove a selection optimal; return the largest reduced cost outside of it.

    Parameters
    ----------
    problem
        All candidates.
    chosen
        Boolean per candidate.
    prices
        Of the same selection.

    Returns
    -------
    int
        Cents, 0 or less and not below minus the floor's price; 0 where nothing is outside. A
        candidate at 0 is as good as one that is chosen.

    Raises
    ------
    SolverError
        If a limit is broken, or the prices do not prove it.
    """
    rep, account, division = problem.used(chosen)
    kept = (rep <= problem.seats).all() and (division <= problem.cap).all()
    if not kept or (account > problem.offers).any():
        raise SolverError("seats: the selection breaks a limit. Report this with the list.")
    reduced = prices.reduced(problem)
    outside = int(reduced[~chosen].max(initial=NO_WAY)) if not chosen.all() else 0
    faults = [
        outside > 0,
        bool((reduced[chosen] < 0).any()),
        bool((prices.rep[rep < problem.seats] > 0).any()),
        bool((prices.division[division > problem.floor] > 0).any()),
        bool((prices.division[division > 0] > problem.floor_price).any()),
    ]
    if any(faults):
        raise SolverError(f"seats: the selection is not proven optimal ({faults}).")
    return max(outside, -problem.floor_price)


def _best(edges: np.ndarray, ahead: np.ndarray, axis: int) -> np.ndarray:
    """Return the best sum of an edge and what lies ahead of it, `NO_WAY` where there is none."""
    sums = np.where((edges > NO_WAY) & (ahead > NO_WAY), edges + ahead, NO_WAY)
    return sums.max(axis=axis, initial=NO_WAY)
