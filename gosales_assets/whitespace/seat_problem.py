"""The seat problem as arrays: what `optimal` solves, and the price that puts floors before money.

Rows are candidates by place. How it is solved stands in `seat_columns`, how the solution is proven
in `seat_network`, which of equal solutions is taken in `seat_ties`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

# Whole numbers up to this are exact in the floats of a solver.
EXACT = 2**53
UNLIMITED = 2**40


@dataclass(frozen=True)
class SeatProblem:
    """Choose candidates of most worth within seats per rep, offers per account, floors and caps.

    An account lies within one rep, so the limits are a flow: seats go from reps to accounts to
    divisions, and a candidate is an edge that takes one at most.
    """

    worth: np.ndarray
    """Cents per candidate, int64."""
    rep: np.ndarray
    """Code of the rep per candidate, from 0."""
    account: np.ndarray
    """Code of the account per candidate, from 0."""
    division: np.ndarray
    """Code of the division per candidate, from 0."""
    seats: np.ndarray
    """Seats per rep, 0 or more."""
    offers: int
    """Most candidates of an account; `UNLIMITED` is no limit."""
    floor: np.ndarray
    """Seats per division that come before money; 0 is no floor."""
    cap: np.ndarray
    """Most seats per division, not below the floor; `UNLIMITED` is no cap."""

    def __post_init__(self) -> None:
        if 2 * self.floor_price >= EXACT:
            raise ValueError(
                f"ev_cents: found {np.abs(self.worth).max()}; with {len(self.cap)} divisions legal is "
                f"less than {EXACT // (8 * len(self.cap) + 16)}. Count in a larger unit."
            )
        first = np.full(self.account.max(initial=-1) + 1, -1)
        first[self.account] = self.rep
        if (first[self.account] != self.rep).any():
            count = len(np.unique(self.account[first[self.account] != self.rep]))
            raise ValueError(
                f"rep: {count} accounts have two; legal is one. Settle whose they are."
            )

    def __len__(self) -> int:
        return len(self.worth)

    @cached_property
    def floor_price(self) -> int:
        """What one seat of a floor is worth, cents: more than any exchange that frees it can cost.

        An exchange passes each division once, so it drops one candidate of each at most.
        """
        return 4 * (len(self.cap) + 2) * (int(np.abs(self.worth).max(initial=0)) + 1)

    @cached_property
    def rep_of_account(self) -> np.ndarray:
        """Code of the rep per account."""
        reps = np.zeros(self.account.max(initial=-1) + 1, dtype=np.int64)
        reps[self.account] = self.rep
        return reps

    def used(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Count the chosen of each rep, account and division.

        Parameters
        ----------
        chosen
            Boolean per candidate.
        """
        codes = (self.rep, self.account, self.division)
        sizes = (len(self.seats), len(self.rep_of_account), len(self.cap))
        rep, account, division = (
            np.bincount(code[chosen], minlength=size)
            for code, size in zip(codes, sizes, strict=True)
        )
        return rep, account, division

    def total(self, chosen: np.ndarray) -> int:
        """Return the worth of the chosen, cents."""
        return int(self.worth[chosen].sum())
