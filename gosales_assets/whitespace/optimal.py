"""The selection of most expected value within all limits, with its proof and what a seat is worth.

Here: candidates as a seat problem, and its solution as tables. The solver stands in `seat_columns`,
the proof in `seat_network`, the choice among equals in `seat_ties`; greedy rules in `capacity`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from gosales_assets.whitespace.capacity import by_place, list_seats, with_seats
from gosales_assets.whitespace.seat_columns import solve_columns
from gosales_assets.whitespace.seat_network import Prices, Residual, largest_reduced_cost
from gosales_assets.whitespace.seat_problem import UNLIMITED, SeatProblem
from gosales_assets.whitespace.seat_ties import first_of_equals
from gosales_resources.settings.capacity import CapacitySettings

# Reps whose gain from one more seat is published, by what their last seat brings.
GAINS_SHOWN = 20


@dataclass(frozen=True)
class Proof:
    """Why no other selection has more expected value."""

    candidates: int
    """Candidates that could be chosen: ranked, with a value, and with a rep where anyone has one."""
    largest_reduced_cost_cents: int
    """Over all candidates that are not chosen; 0 or less is the proof."""
    rounds: int
    """Programs that were solved."""
    columns: int
    """Candidates in the last of them."""


@dataclass(frozen=True)
class Optimum:
    """The selection of most expected value."""

    rows: pl.DataFrame
    """All candidates by place, with `is_selected` and `seat`."""
    objective_cents: int
    """Expected value of the selected."""
    proof: Proof
    reps: pl.DataFrame
    """One row per rep: `rep`, `seats`, `selected_count`, `last_seat_cents`, `next_seat_cents`,
    `next_seat_fills_floor`. See `rep_prices`."""
    divisions: pl.DataFrame
    """One row per division: `division`, `selected_count`, `floor`, `unfilled_floor_count`, `cap`."""
    without_value: int
    """Ranked candidates without an expected value: they cannot be chosen."""
    without_rep: int
    """Ranked candidates without a rep where others have one: they cannot be chosen."""


def solve_optimal(candidates: pl.DataFrame, settings: CapacitySettings) -> Optimum:
    """Choose the candidates of most expected value within seats, offers, floors and caps.

    Floors come before money, as far as there are candidates and seats. Of selections of equal value
    that one is taken which has the best-placed candidate that the other lacks.

    Parameters
    ----------
    candidates
        One row per candidate: `place` (1 is best, unique), `customer_id`, `division`, `rep`
        (null: nobody's), `ev_cents` (null: not known), `is_ranked`; others are kept.
    settings
        Seats per rep (where nobody has a rep: of the list), offers per account, floors and caps.

    Returns
    -------
    Optimum
        The same to the bit for any order of the rows.

    Raises
    ------
    ValueError
        If places are not unique, an account has two reps, or values are too large to be exact.
    SolverError
        If the solver fails or its solution is not proven.

    References
    ----------
    SPEC, section 5; Ahuja, Magnanti, Orlin (1993), Network flows, chapter 9.
    """
    rows = by_place(candidates)
    ranked = rows.filter("is_ranked")
    has_books = ranked["rep"].count() > 0
    with_value = pl.col("ev_cents").is_not_null()
    with_rep = pl.col("rep").is_not_null() | pl.lit(not has_books)
    able = ranked.filter(with_value & with_rep)
    seats = settings.per_rep if has_books else list_seats(rows.height, settings)
    reps, divisions = able["rep"].unique().sort(), _divisions(able, settings)
    problem = _problem(able, reps, divisions, seats, settings)
    chosen, proof, residual, prices = _solved(problem)
    return Optimum(
        rows=with_seats(rows, able["place"].filter(pl.Series(chosen))),
        objective_cents=problem.total(chosen),
        proof=proof,
        reps=_rep_prices(problem, reps, residual, prices),
        divisions=_division_limits(problem, divisions, residual),
        without_value=ranked.filter(~with_value).height,
        without_rep=ranked.filter(~with_rep).height,
    )


def _solved(problem: SeatProblem) -> tuple[np.ndarray, Proof, Residual, Prices]:
    """Solve, prove, settle ties, and prove what came of that."""
    if len(problem) == 0:
        chosen = np.zeros(0, dtype=bool)
        residual = Residual(problem, chosen)
        return chosen, Proof(0, 0, 0, 0), residual, residual.prices()
    columns = solve_columns(problem)
    prices = Residual(problem, columns.chosen).prices()
    largest_reduced_cost(problem, columns.chosen, prices)
    chosen = first_of_equals(problem, columns.chosen, prices)
    residual = Residual(problem, chosen)
    prices = residual.prices()
    largest = largest_reduced_cost(problem, chosen, prices)
    return chosen, Proof(len(problem), largest, columns.rounds, columns.count), residual, prices


def _divisions(able: pl.DataFrame, settings: CapacitySettings) -> list[str]:
    """Return the divisions of candidates and those of floors, sorted: a floor may be of none."""
    floored = {name for name, floor in settings.division_floor.items() if floor}
    return sorted({*able["division"].to_list(), *floored})


def _problem(
    able: pl.DataFrame,
    reps: pl.Series,
    divisions: list[str],
    seats: int,
    settings: CapacitySettings,
) -> SeatProblem:
    accounts = able["customer_id"].unique().sort()
    floor, cap = settings.division_floor, settings.division_cap
    return SeatProblem(
        worth=able["ev_cents"].to_numpy().astype(np.int64),
        rep=_codes(able["rep"], reps),
        account=_codes(able["customer_id"], accounts),
        division=_codes(able["division"], pl.Series(divisions, dtype=pl.String)),
        seats=np.full(len(reps), seats, dtype=np.int64),
        offers=settings.offers_per_account or UNLIMITED,
        floor=np.array([floor.get(d, 0) for d in divisions], dtype=np.int64),
        cap=np.array([cap.get(d, UNLIMITED) for d in divisions], dtype=np.int64),
    )


def _codes(values: pl.Series, names: pl.Series) -> np.ndarray:
    """Return the place of each value among the names."""
    known = pl.DataFrame({"name": names}).with_row_index("code")
    found = values.to_frame("name").join(
        known, on="name", how="left", nulls_equal=True, maintain_order="left"
    )
    return found["code"].to_numpy().astype(np.int64)


def _rep_prices(
    problem: SeatProblem, reps: pl.Series, residual: Residual, prices: Prices
) -> pl.DataFrame:
    """Say what seats of reps are worth.

    `last_seat_cents` is what a rep's last seat brings, an upper bound of what one more brings: the
    largest optimal dual. `next_seat_cents` is what one more brings, for the reps of the largest
    last seats, null for others: to solve again with it would exchange along the best way of the
    residual network, which is found exactly. `next_seat_fills_floor`: that way fills a seat of a
    floor, which comes before money.
    """
    last_floor, last = _priced(problem, residual.last_seats())
    next_floor, more = _priced(problem, prices.rep)
    by_last = np.lexsort((np.arange(len(last)), -last, -last_floor))
    is_shown = np.zeros(len(last), dtype=bool)
    is_shown[by_last[:GAINS_SHOWN]] = True
    shown = pl.Series(is_shown, dtype=pl.Boolean)
    return pl.DataFrame(
        {
            "rep": reps,
            "seats": problem.seats,
            "selected_count": residual.used_rep,
            "last_seat_cents": last,
            "next_seat_cents": pl.select(pl.when(shown).then(pl.Series(more))).to_series(),
            "next_seat_fills_floor": pl.select(
                pl.when(shown).then(pl.Series(next_floor > 0))
            ).to_series(),
        }
    )


def _priced(problem: SeatProblem, price: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Part a price into seats of floors and cents; exchanges cost less than half a floor's seat."""
    floors = (price + problem.floor_price // 2) // problem.floor_price
    return floors, price - floors * problem.floor_price


def _division_limits(
    problem: SeatProblem, divisions: list[str], residual: Residual
) -> pl.DataFrame:
    """Say what became of floors and caps; a floor that is not filled is told, never left out."""
    used = residual.used_division
    cap = [None if limit == UNLIMITED else limit for limit in problem.cap.tolist()]
    return pl.DataFrame(
        {
            "division": pl.Series(divisions, dtype=pl.String),
            "selected_count": used.astype(np.int64),
            "floor": problem.floor,
            "unfilled_floor_count": np.maximum(problem.floor - used, 0),
            "cap": pl.Series(cap, dtype=pl.Int64),
        }
    )
