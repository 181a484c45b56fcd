"""How fast a list is put in order: a million customers and twelve divisions, seats dealt."""

import argparse
import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from world import peak_mib, show

from gosales_assets.whitespace.rank import rank_candidates
from gosales_assets.whitespace.selection import select
from gosales_checks.contracts.models import FITTED
from gosales_checks.contracts.whitespace import GENUINE
from gosales_resources.settings.whitespace import WhitespaceSettings

CUSTOMERS, DIVISIONS, REPS = 1_000_000, 12, 200
FLOATS = ("p_low", "p_high", "mb_lift_max", "als_similarity", "conditional_value", "ev")


def ranking() -> None:
    """Print seconds and memory of each order, beside sorting the probabilities once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "signals"
        path.mkdir()
        for division in range(DIVISIONS):
            signals(division).write_parquet(path / f"{division:02}.parquet")
        for order in ("wins", "blend"):
            found = _child(str(path), order)
            seconds = found["ranked"] + found["selected"]
            show(
                f"ranking: {CUSTOMERS:,} customers x {DIVISIONS} divisions, order {order}",
                [
                    ("yardstick: sorting the probabilities once", f"{found['sorted']:.1f} s", ""),
                    (
                        "ranked and dealt seats",
                        f"{seconds:.1f} s = {seconds / found['sorted']:.0f} x",
                        "target <= 60 s",
                    ),
                    ("  of it seats", f"{found['selected']:.1f} s", ""),
                    ("peak memory", f"{found['peak_mib'] / 1024:.1f} GiB", "target <= 8 GB"),
                ],
            )


def signals(division: int) -> pl.DataFrame:
    """Draw the signals of one division: four in five are eligible, a fifth have no basket."""
    draw = np.random.default_rng(division)
    p = draw.beta(0.5, 9.5, CUSTOMERS)
    worth = np.exp(draw.normal(7, 1, CUSTOMERS))
    numbers = pl.Series(np.arange(CUSTOMERS)).cast(pl.String).str.zfill(7)
    frame = pl.DataFrame(
        {
            "customer_id": numbers,
            "division": pl.Series([f"division_{division:02}"]).new_from_index(0, CUSTOMERS),
            "cutoff": pl.Series([dt.date(2024, 6, 30)]).new_from_index(0, CUSTOMERS),
            "segment": pl.Series(["warm", "cold"])[draw.integers(0, 2, CUSTOMERS)],
            "is_eligible": draw.random(CUSTOMERS) < 0.8,
            "is_cooling": draw.random(CUSTOMERS) < 0.01,
            "p_icp": p,
            "p_low": p / 2,
            "p_high": p * 1.5,
            "p_icp_pct": draw.random(CUSTOMERS),
            "mb_lift_max": draw.gamma(2, 1, CUSTOMERS),
            "als_similarity": draw.uniform(-1, 1, CUSTOMERS),
            "als_source": pl.Series([GENUINE]).new_from_index(0, CUSTOMERS),
            "conditional_value": worth,
            "ev": p * worth,
            "drivers": pl.Series([None], dtype=pl.String).new_from_index(0, CUSTOMERS),
            "model_status": pl.Series([FITTED]).new_from_index(0, CUSTOMERS),
        }
    )
    lifted = pl.when(pl.Series(draw.random(CUSTOMERS) < 0.8)).then("mb_lift_max")
    facts = pl.format("Last order {} months ago; bought Hardware and Services", pl.col("segment"))
    nothing = {"wallet": pl.lit(None, pl.Float64), "wallet_basis": pl.lit(None, pl.String)}
    return frame.with_columns(mb_lift_max=lifted, reason=facts, **nothing)


def _child(path: str, order: str) -> dict:
    command = [sys.executable, str(Path(__file__)), path, order]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(done.stdout)


def measure(path: str, order: str) -> dict:
    """Rank and deal seats once; return seconds and memory."""
    rows = pl.scan_parquet(Path(path) / "*.parquet")
    names = {f"division_{at:02}": f"Division {at}" for at in range(DIVISIONS)}
    ids = rows.filter(pl.col("division") == "division_00").select("customer_id").collect()
    texts = ["customer_name", "industry", "region", "territory"]
    reps = pl.Series(np.arange(CUSTOMERS) % REPS).cast(pl.String)
    customers = ids.with_columns(
        *(pl.lit(name).alias(name) for name in texts), rep=pl.format("Rep {}", reps)
    ).lazy()
    nobody = {"customer_id": pl.String, "rep": pl.String, "is_active": pl.Boolean}
    began = time.perf_counter()
    rows.select("p_icp").collect().to_series().sort()
    sorted_in = time.perf_counter() - began
    settings = WhitespaceSettings(order=order)  # type: ignore[arg-type]
    began = time.perf_counter()
    ranked = rank_candidates(rows, customers, pl.LazyFrame(schema=nobody), settings, names)
    at_ranked = time.perf_counter()
    chosen = select(ranked, settings.capacity).rows
    return {
        "sorted": sorted_in,
        "ranked": at_ranked - began,
        "selected": time.perf_counter() - at_ranked,
        "rows": chosen.height,
        "peak_mib": peak_mib(),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path")
    parser.add_argument("order")
    given = parser.parse_args()
    print(json.dumps(measure(given.path, given.order)))
