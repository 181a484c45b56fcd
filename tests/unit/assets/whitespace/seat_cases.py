"""Small seat problems, and their optimum by trying every selection."""

import itertools

import numpy as np
import polars as pl

from gosales_resources.settings.capacity import CapacitySettings

SCHEMA = {
    "place": pl.Int64,
    "customer_id": pl.String,
    "division": pl.String,
    "segment": pl.String,
    "rep": pl.String,
    "ev_cents": pl.Int64,
    "is_ranked": pl.Boolean,
}


def drawn_frame(
    seed: int, n: int, largest: int, *, reps: int = 3, divisions: int = 3
) -> pl.DataFrame:
    """Candidates by place; few accounts, so that offers bind, and few values, so that many are equal."""
    draw = np.random.default_rng(seed)
    accounts = max(1, n // 2)
    reps_of = draw.integers(0, reps, accounts)
    account = draw.integers(0, accounts, n)
    return pl.DataFrame(
        {
            "place": np.arange(1, n + 1),
            "customer_id": [f"c{a}" for a in account],
            "division": [f"d{d}" for d in draw.integers(0, divisions, n)],
            "segment": ["warm"] * n,
            "rep": [f"r{reps_of[a]}" for a in account],
            "ev_cents": draw.integers(0, largest + 1, n),
            "is_ranked": [True] * n,
        },
        SCHEMA,
    )


def is_legal(chosen: list[dict], settings: CapacitySettings) -> bool:
    """Tell whether a selection keeps all limits but floors."""
    limits = [("rep", dict.fromkeys((row["rep"] for row in chosen), settings.per_rep))]
    limits.append(("division", settings.division_cap))
    if settings.offers_per_account:
        accounts = (row["customer_id"] for row in chosen)
        limits.append(("customer_id", dict.fromkeys(accounts, settings.offers_per_account)))
    return all(
        sum(row[name] == key for row in chosen) <= most
        for name, limit in limits
        for key, most in limit.items()
    )


def worth(chosen: list[dict], settings: CapacitySettings) -> tuple[int, int]:
    """Return the seats of floors that are filled, and the expected value."""
    filled = sum(
        min(floor, sum(row["division"] == division for row in chosen))
        for division, floor in settings.division_floor.items()
    )
    return filled, sum(row["ev_cents"] for row in chosen)


def by_trying_all(
    frame: pl.DataFrame, settings: CapacitySettings
) -> tuple[set[int], tuple[int, int]]:
    """Return the places of the best selection and its worth; of equal ones, the first by place."""
    rows = frame.sort("place").to_dicts()
    best: tuple[set[int], tuple[int, int]] = (set(), worth([], settings))
    is_first = True
    # In this order a selection comes before another where it has the first row that they differ by.
    for bits in itertools.product([True, False], repeat=len(rows)):
        chosen = list(itertools.compress(rows, bits))
        if not is_legal(chosen, settings):
            continue
        if is_first or worth(chosen, settings) > best[1]:
            best, is_first = ({row["place"] for row in chosen}, worth(chosen, settings)), False
    return best


def greedy(frame: pl.DataFrame, settings: CapacitySettings) -> tuple[int, int]:
    """Return the worth of floors first, then the largest values, one after another."""
    rows = sorted(frame.to_dicts(), key=lambda row: (-row["ev_cents"], row["place"]))
    chosen: list[dict] = []
    for division, floor in [*settings.division_floor.items(), (None, len(rows))]:
        for row in rows:
            own = [r for r in chosen if r["division"] == division]
            is_wanted = division is None or (row["division"] == division and len(own) < floor)
            if is_wanted and row not in chosen and is_legal([*chosen, row], settings):
                chosen.append(row)
    return worth(chosen, settings)
