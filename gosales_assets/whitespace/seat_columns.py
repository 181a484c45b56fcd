"""Solves the seat problem by column generation over HiGHS.

A program of all candidates is too large: one of each rep's best is solved, the rest is priced by
its duals, and what would pay is added until nothing does. Floats end here: `seat_network` proves
the solution in whole numbers.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from gosales_assets.whitespace.seat_problem import UNLIMITED, SeatProblem

# Of each rep's best, so many times its seats are in the first program (SPEC section 5).
FIRST_PER_SEAT = 4
# A vertex of a flow is whole; what is further off than this is no vertex.
WHOLE_TOLERANCE = 1e-5


class SolverError(RuntimeError):
    """The solver gave no solution, or one that is not what the problem's theory promises."""


@dataclass(frozen=True)
class Columns:
    """A solution of the whole problem by a part of its columns."""

    chosen: np.ndarray
    """Boolean per candidate."""
    rounds: int
    """Programs solved."""
    count: int
    """Columns of the last."""


def solve_columns(problem: SeatProblem) -> Columns:
    """Solve by column generation.

    Parameters
    ----------
    problem
        At least one candidate.

    Returns
    -------
    Columns
        No candidate outside has a positive reduced cost by the rounded duals of the last program.

    Raises
    ------
    SolverError
        If HiGHS stops without an optimum, or at one that is not whole.

    References
    ----------
    Desaulniers, Desrosiers, Solomon (2005), Column generation, chapter 1; SPEC, section 5.
    """
    inside = _first_columns(problem)
    rounds = 0
    while True:
        rounds += 1
        columns = np.flatnonzero(inside)
        solution, worth_left = _solve(problem, columns)
        added = _best_of_each_rep(problem, worth_left, (worth_left > 0) & ~inside, 1)
        if not len(added):
            chosen = np.zeros(len(problem), dtype=bool)
            chosen[columns[solution]] = True
            return Columns(chosen, rounds, len(columns))
        inside[added] = True


def _first_columns(problem: SeatProblem) -> np.ndarray:
    """Mark each rep's best, and each floored division's."""
    inside = np.zeros(len(problem), dtype=bool)
    everything = np.ones(len(problem), dtype=bool)
    inside[_best_of_each_rep(problem, problem.worth, everything, FIRST_PER_SEAT)] = True
    for division in np.flatnonzero(problem.floor):
        own = np.flatnonzero(problem.division == division)
        best = own[np.argsort(-problem.worth[own], kind="stable")]
        inside[best[: FIRST_PER_SEAT * problem.floor[division]]] = True
    return inside


def _best_of_each_rep(
    problem: SeatProblem, by: np.ndarray, among: np.ndarray, per_seat: int
) -> np.ndarray:
    """Return the rows of each rep that are largest in `by`, so many a seat, for one at least."""
    rows = np.flatnonzero(among)
    rows = rows[np.lexsort((-by[rows], problem.rep[rows]))]
    starts = np.searchsorted(problem.rep[rows], np.arange(len(problem.seats)))
    nth = np.arange(len(rows)) - starts[problem.rep[rows]]
    return rows[nth < per_seat * np.maximum(problem.seats, 1)[problem.rep[rows]]]


def _solve(problem: SeatProblem, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solve one program; return what it takes of its columns, and every candidate's reduced cost."""
    rows, limits, floored = _rows(problem, columns)
    lowest = len(columns), len(floored)
    costs = np.r_[-problem.worth[columns], np.full(len(floored), problem.floor_price)]
    most = np.r_[np.ones(lowest[0]), problem.floor[floored]]
    # The simplex: its optimum is a vertex, and vertices of a flow are whole.
    found = linprog(
        costs.astype(float), A_ub=rows, b_ub=limits, bounds=np.c_[np.zeros(sum(lowest)), most],
        method="highs-ds",
    )  # fmt: skip
    if found.status != 0:
        raise SolverError(f"seats: HiGHS stopped with '{found.message}' on {lowest[0]} columns.")
    taken = found.x[: lowest[0]]
    if np.abs(taken - np.rint(taken)).max(initial=0.0) > WHOLE_TOLERANCE:
        raise SolverError("seats: the optimum of a flow is not whole. Report this with the list.")
    duals = np.rint(-found.ineqlin.marginals).astype(np.int64)
    return taken > 0.5, _reduced(problem, columns, duals, floored)


def _rows(
    problem: SeatProblem, columns: np.ndarray
) -> tuple[sparse.csr_array, np.ndarray, np.ndarray]:
    """Return the limits as rows: reps, accounts that can exceed theirs, caps, floors with slack."""
    accounts, capped, floored = _limited(problem, columns)
    at = np.arange(len(columns))
    parts = [
        (problem.rep[columns], np.arange(len(problem.seats)), 1.0),
        (problem.account[columns], accounts, 1.0),
        (problem.division[columns], capped, 1.0),
        (problem.division[columns], floored, -1.0),
    ]
    blocks = []
    for codes, kept, sign in parts:
        place = np.searchsorted(kept, codes)
        is_kept = np.isin(codes, kept)
        data = np.full(int(is_kept.sum()), sign)
        shape = (len(kept), len(columns))
        blocks.append(sparse.coo_array((data, (place[is_kept], at[is_kept])), shape=shape))
    slack = sparse.vstack(
        [
            sparse.coo_array((sum(b.shape[0] for b in blocks[:-1]), len(floored))),
            -sparse.eye_array(len(floored)),
        ]
    )
    offers = np.full(len(accounts), problem.offers)
    limits = np.r_[problem.seats, offers, problem.cap[capped], -problem.floor[floored]]
    return sparse.csr_array(sparse.hstack([sparse.vstack(blocks), slack])), limits, floored


def _limited(
    problem: SeatProblem, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the codes of accounts, capped and floored divisions that have a row of their own."""
    of_account = np.bincount(problem.account[columns], minlength=len(problem.rep_of_account))
    return (
        np.flatnonzero(of_account > problem.offers),
        np.flatnonzero(problem.cap < UNLIMITED),
        np.flatnonzero(problem.floor),
    )


def _reduced(
    problem: SeatProblem, columns: np.ndarray, duals: np.ndarray, floored: np.ndarray
) -> np.ndarray:
    """Return each candidate's worth less what the limits that it uses are worth, cents."""
    accounts, capped, _ = _limited(problem, columns)
    sizes = [len(problem.seats), len(accounts), len(capped), len(floored)]
    rep, of_account, of_cap, of_floor = np.split(duals, np.cumsum(sizes)[:-1])
    account = np.zeros(len(problem.rep_of_account), dtype=np.int64)
    account[accounts] = of_account
    division = np.zeros(len(problem.cap), dtype=np.int64)
    division[capped] += of_cap
    division[floored] -= of_floor
    return problem.worth - rep[problem.rep] - account[problem.account] - division[problem.division]
