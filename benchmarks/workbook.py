"""How long the files of a list take: 100 representatives of 100 rows each, and one of 100,000 rows."""

import argparse
import datetime as dt
import io
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import polars as pl
from world import MIB, machine, peak_mib, show

from gosales_assets.delivery.exports import build_exports
from gosales_assets.delivery.listed import ListTerms
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.settings.delivery import DeliverySettings, ExportKind

TERMS = ListTerms(dt.date(2024, 6, 30), "USD", 6)
# Representatives, rows of each.
SIZES = ((100, 100), (100, 1_000))
KINDS: tuple[ExportKind, ...] = ("workbook", "csv", "crm", "parquet", "jsonl")
TARGET_SECONDS = 20


def workbook() -> None:
    """Print seconds, bytes and memory of each kind of file."""
    print(machine())
    for reps, rows in SIZES:
        found = [_child(kind, reps, rows) for kind in KINDS]
        target = f"target <= {TARGET_SECONDS} s" if (reps, rows) == SIZES[0] else ""
        show(f"files of {reps} representatives x {rows:,} rows", [
            (
                kind,
                f"{one['seconds']:.1f} s, {one['bytes'] / MIB:.1f} MiB, peak {one['peak_mib']:.0f} MiB",
                target if kind == "workbook" else "",
            )
            for kind, one in zip(KINDS, found, strict=True)
        ])  # fmt: skip


def _child(kind: str, reps: int, rows: int) -> dict:
    command = [sys.executable, str(Path(__file__)), kind, str(reps), str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(done.stdout)


def measure(kind: ExportKind, reps: int, rows: int) -> dict:
    """Write one kind of file; a workbook is read back by another library, outside of the time."""
    table, settings = draw(reps, rows), DeliverySettings(kinds=[kind], rows_per_sheet=100_000)
    began = time.perf_counter()
    files = build_exports(table.lazy(), TERMS, settings)
    seconds = time.perf_counter() - began
    peak = peak_mib()
    if kind == "workbook" and reps * rows <= 10_000:
        sheets = openpyxl.load_workbook(io.BytesIO(files["list.xlsx"]), read_only=True)
        assert len(sheets.sheetnames) == reps + 2
        assert sum(1 for _ in sheets["List"].rows) == reps * rows + 1
    size = sum(map(len, files.values()))
    return {"seconds": seconds, "bytes": size, "peak_mib": peak}


def draw(reps: int, rows: int) -> pl.DataFrame:
    """Draw a list: texts of usual lengths, every figure another."""
    draw, count = random.Random(5), reps * rows
    columns = {
        "place": range(1, count + 1),
        "rank": range(1, count + 1),
        "seat": range(1, count + 1),
        "customer_id": [f"{at:08d}" for at in range(count)],
        "customer_name": [f"Customer {draw.random():.12f} Ltd" for _ in range(count)],
        "rep": [f"Rep {at % reps:03d}" for at in range(count)],
        "p_icp": [draw.random() for _ in range(count)],
        "p_low": [draw.random() for _ in range(count)],
        "p_high": [draw.random() for _ in range(count)],
        "ev": [1000 * draw.random() for _ in range(count)],
        "conditional_value": [10_000 * draw.random() for _ in range(count)],
        "nba_reason": [f"bought Scanning {at % 9} times in 24 months, 41 % of such customers bought "
                       f"Services within {at} days" for at in range(count)],
    }  # fmt: skip
    same = {
        "division": "services", "division_name": "Services", "cutoff": TERMS.cutoff, "grade": "A",
        "segment": "warm", "industry": "Aerospace", "region": "North", "territory": "N1",
        "is_selected": True, "model_status": "fitted",
    }  # fmt: skip
    declared = {name: column.dtype for name, column in WHITESPACE.schema.columns().items()}
    frame = pl.DataFrame(columns).with_columns(**{n: pl.lit(v) for n, v in same.items()})
    missing = [pl.lit(None).alias(name) for name in declared if name not in frame.columns]
    return frame.with_columns(missing).select(pl.col(n).cast(t) for n, t in declared.items())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("reps", type=int)
    parser.add_argument("rows", type=int)
    given = parser.parse_args()
    print(json.dumps(measure(given.kind, given.reps, given.rows)))
