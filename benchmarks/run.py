"""Runs the benchmarks and prints what they found; see README.md beside this file."""

import argparse
import shutil
from pathlib import Path

from ablation import ablation
from alerts import alerts
from bootstrap import bootstrap
from capacity import capacity
from faults import faults
from features import features
from matching import matching
from noise import noise
from oracle import against_oracle
from pooled import pooled
from quality import against_simple_models
from ranking import ranking
from rates import rates
from scoring import scoring
from shifts import shifts
from training import training
from value import value
from workbook import workbook
from world import machine, measured, sample_world, show

EIGHT = "2023-03-31..2024-12-31"


def speed() -> None:
    """Time star, labels and features, and the whole graph, on sample company M."""
    with sample_world("M") as folder:
        config = str(folder / "gosales.yaml")
        raw = measured("read_raw", config)
        one = _fresh(folder, config, "2024-06-30", "features")
        eight = _fresh(folder, config, EIGHT, "features")
        whole = _fresh(folder, config, "2024-06-30", "all")
    yard = raw["seconds"]
    memory = one["peak_mib"] / 1024
    show(
        f"speed: sample company M, {raw['rows']:,} raw rows, {raw['mib']:.0f} MiB of CSV",
        [
            ("yardstick: reading the raw CSV once as text", f"{yard:.1f} s", ""),
            _timed("star + labels + features, one cutoff", one, yard, "target <= 10 s"),
            ("  peak memory", f"{memory:.2f} GiB", "target <= 2 GB"),
            _timed("the same for eight cutoffs", eight, yard, ""),
            ("  over one cutoff", f"{eight['seconds'] / one['seconds']:.2f} x", "target <= 3 x"),
            _timed("whole graph, one cutoff, with training", whole, yard, "target <= 90 s"),
        ],
    )


def overhead() -> None:
    """Time Dagster's own share of a headless backfill."""
    with sample_world("S") as folder:
        found = measured("overhead", str(folder / "gosales.yaml"))
    count = found["partitions"]
    own = (found["through_dagster"] - found["direct"]) / count * 1000
    direct = found["direct"] / count * 1000
    show(
        f"overhead: {count} one-row partitions in one run",
        [
            ("yardstick: the same writes without Dagster", f"{direct:.2f} ms each", ""),
            ("Dagster's own cost", f"{own:.1f} ms each", "target <= 50 ms"),
        ],
    )


def ingest() -> None:
    """Measure the ingest of XL, and of one more quarter at its end."""
    with sample_world("XL") as folder:
        measure_ingest(folder / "gosales.yaml", "XL")


def measure_ingest(path: Path, size: str) -> None:
    """Measure the ingest of a world whole; then of all but the last quarter, and that quarter."""
    config, span = str(path), "2022-12-31..2025-06-30"
    raw = yard = measured("scan_to_parquet", config)
    whole = measured("materialize", config, span, "log")
    again = measured("materialize", config, span, "log")
    shutil.rmtree(path.parent / "gosales_home")
    quarter = measured("split_last_quarter", config)
    measured("materialize", config, span, "log")
    measured("append_last_quarter", config)
    more = measured("materialize", config, span, "log")
    memory = f"{whole['peak_mib'] / 1024:.2f} GiB"
    share = f"{more['seconds'] / whole['seconds']:.1%} of the whole"
    appended = f"one quarter more ({quarter['mib']:.0f} MiB), appended to the file"
    show(
        f"ingest: sample company {size}, {raw['rows']:,} raw rows, {raw['mib']:,.0f} MiB of CSV",
        [
            ("yardstick: Polars, scan CSV, sink Parquet", f"{yard['seconds']:.1f} s", ""),
            _timed("sales_log, rejects, ledger", whole, yard["seconds"], "target <= 3 x"),
            ("  peak memory", memory, "target <= 4 GB"),
            _timed("the same again, nothing new", again, yard["seconds"], ""),
            _timed(appended, more, yard["seconds"], ""),
            ("  over the whole", share, "target <= 15 %"),
        ],
    )


def scale() -> None:
    """Measure memory of star and features on XL."""
    with sample_world("XL") as folder:
        config = str(folder / "gosales.yaml")
        # Reading XL whole as text takes more memory than a small machine has.
        raw = measured("scan_to_parquet", config)
        one = _fresh(folder, config, "2024-12-31", "features")
    show(
        f"scale: sample company XL, {raw['rows']:,} raw rows, {raw['mib']:.0f} MiB of CSV",
        [
            _timed("star + labels + features, one cutoff", one, raw["seconds"], ""),
            ("  peak memory", f"{one['peak_mib'] / 1024:.2f} GiB", "target <= 6 GB"),
        ],
    )


def quality() -> None:
    """Measure the scores."""
    against_oracle()
    against_simple_models()


def _fresh(folder, config: str, cutoffs: str, what: str) -> dict:
    found = measured("materialize", config, cutoffs, what)
    for path in sorted((folder / "gosales_home").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return found


def _timed(name: str, found: dict, yard: float, target: str) -> tuple[str, str, str]:
    ratio = f"{found['seconds']:.1f} s = {found['seconds'] / yard:.1f} x"
    return (f"{name} ({found['partitions']} partitions)", ratio, target)


BENCHMARKS = {
    "speed": speed,
    "overhead": overhead,
    "quality": quality,
    "ingest": ingest,
    "scale": scale,
    "matching": matching,
    "shifts": shifts,
    "bootstrap": bootstrap,
    "capacity": capacity,
    "ranking": ranking,
    "faults": faults,
    "ablation": ablation,
    "scoring": scoring,
    "features": features,
    "training": training,
    "noise": noise,
    "pooled": pooled,
    "value": value,
    "workbook": workbook,
    "rates": rates,
    "alerts": alerts,
}
USUAL = ["speed", "overhead", "quality"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "benchmarks",
        nargs="*",
        metavar="BENCHMARK",
        help=f"out of {', '.join(BENCHMARKS)}; without any: {', '.join(USUAL)}",
    )
    chosen = parser.parse_args().benchmarks or USUAL
    if unknown := [name for name in chosen if name not in BENCHMARKS]:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    print(machine())
    for name in chosen:
        BENCHMARKS[name]()


if __name__ == "__main__":
    main()
