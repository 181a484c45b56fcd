"""How fast seats are dealt: the most expected value of a million candidates, with its proof."""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
from world import peak_mib, show

from gosales_assets.whitespace.capacity import select_candidates
from gosales_assets.whitespace.optimal import Optimum, solve_optimal
from gosales_resources.settings.capacity import CapacitySettings

ROWS, REPS, DIVISIONS, SEATS = 1_000_000, 200, 12, 25
WORLDS = {
    "values of the customer and the division": "plain",
    "many equal: a third of the divisions at one rate": "equal",
    "floors of 3 in 4 seats": "floors",
}


def capacity() -> None:
    """Print seconds, proof and memory beside sorting the candidates once."""
    for title, world in WORLDS.items():
        found, bare = _child(world, "optimal"), _child(world, "nothing")
        name = f"capacity: {ROWS:,} candidates, {REPS} reps, {DIVISIONS} divisions; {title}"
        ratio = f"{found['seconds']:.1f} s = {found['seconds'] / found['sorted']:.0f} x"
        proof = f"{found['largest_reduced_cost_cents']}, {found['rounds']}, {found['columns']:,}"
        value = f"{found['of_greedy']:.4f} x"
        rows = [
            ("yardstick: sorting the candidates once", f"{found['sorted']:.2f} s", ""),
            ("optimal: floors, caps, 2 offers an account", ratio, "target <= 30 s"),
            ("  largest reduced cost, programs, columns", proof, "proof: <= 0 over all"),
            ("  value of that of per_rep, which keeps no limits", value, ""),
            ("per_rep", f"{found['per_rep']:.2f} s", ""),
            ("peak memory; above that of drawing candidates",
             f"{found['peak_mib']:.0f}, {found['peak_mib'] - bare['peak_mib']:.0f} MiB", ""),
        ]  # fmt: skip
        show(name, rows)


def _child(world: str, what: str) -> dict:
    command = [sys.executable, str(Path(__file__)), world, what]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(done.stdout)


def candidates(world: str) -> pl.DataFrame:
    """Draw candidates: every customer in every division, by expected value."""
    draw = np.random.default_rng(1)
    account, division = np.arange(ROWS) // DIVISIONS, np.arange(ROWS) % DIVISIONS
    count = account[-1] + 1
    worth = np.exp(draw.normal(0, 1.0, count))[account]
    worth *= np.exp(draw.normal(0, 0.8, ROWS)) * np.exp(draw.normal(0, 0.7, DIVISIONS))[division]
    if world == "equal":
        worth[division % 3 == 0] = np.quantile(worth, 0.99)
    frame = pl.DataFrame(
        {
            "customer_id": pl.Series(account).cast(pl.String),
            "division": "d" + pl.Series(division).cast(pl.String),
            "segment": pl.Series(["warm", "cold"])[division % 2],
            "rep": pl.Series(draw.integers(0, REPS, count)[account]).cast(pl.String),
            "ev_cents": (worth * 10_000).astype(np.int64),
            "is_ranked": pl.Series([True]).new_from_index(0, ROWS),
        }
    )
    return frame.sort(
        "ev_cents", "customer_id", "division", descending=[True, False, False]
    ).with_row_index("place", 1)


def limits(world: str) -> CapacitySettings:
    """Caps on half of the divisions, floors on the others."""
    seats = REPS * SEATS
    floor = seats // 8 if world == "floors" else seats // 20
    return CapacitySettings(
        mode="optimal",
        per_rep=SEATS,
        offers_per_account=2,
        division_cap={f"d{d}": seats // 6 for d in range(0, DIVISIONS, 2)},
        division_floor={f"d{d}": floor for d in range(1, DIVISIONS, 2)},
    )


def measure(world: str, what: str) -> dict:
    """Time one world."""
    frame = candidates(world)
    if what == "nothing":
        return {"peak_mib": peak_mib()}
    began = time.perf_counter()
    frame.sort("ev_cents", "customer_id", "division")
    after_sort = time.perf_counter()
    found: Optimum = solve_optimal(frame, limits(world))
    after_optimal = time.perf_counter()
    plain = select_candidates(frame, CapacitySettings(mode="per_rep", per_rep=SEATS))
    return {
        "sorted": after_sort - began,
        "seconds": after_optimal - after_sort,
        "per_rep": time.perf_counter() - after_optimal,
        "rounds": found.proof.rounds,
        "columns": found.proof.columns,
        "largest_reduced_cost_cents": found.proof.largest_reduced_cost_cents,
        "of_greedy": found.objective_cents / plain.filter("is_selected")["ev_cents"].sum(),
        "peak_mib": peak_mib(),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("world", choices=list(WORLDS.values()))
    parser.add_argument("what", choices=["optimal", "nothing"])
    given = parser.parse_args()
    print(json.dumps(measure(given.world, given.what)))
