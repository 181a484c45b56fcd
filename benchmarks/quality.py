"""How good the scores are on real logs: against simple models. On the sample company: `oracle`."""

import datetime as dt
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from graph import build
from world import show

from gosales_assets.operations.plan import Request
from gosales_assets.platform.platform import Platform
from gosales_checks.measures.ranking import auc, lift_at, tie_breaker
from gosales_resources.settings.loading import load_settings
from gosales_resources.store.address import Address

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
# A slice of so few customers says nothing; the yardstick leaves it out too.
SLICE_ROWS = 50
LOGS = (
    (
        "adventureworks_reseller",
        (dt.date(2012, 4, 30), dt.date(2012, 6, 30), dt.date(2012, 10, 31)),
        6,
    ),
    ("complete_journey", (dt.date(2017, 6, 30),), 3),
)


def mean_of(values: np.ndarray) -> str:
    """Show a mean with the 95 % interval that its spread over divisions and cutoffs gives."""
    known = values[~np.isnan(values)]
    if known.size < 2:
        return f"{known.mean():.4f}"
    half = 1.96 * known.std(ddof=1) / np.sqrt(known.size)
    return f"{known.mean():.4f} +- {half:.4f}"


def against_simple_models() -> None:
    """Compare with what a user would build in an afternoon, on real logs."""
    if not (SHARED / "data").is_dir():
        print(f"\nquality on real logs: skipped, {SHARED / 'data'} is not there")
        return
    for name, cutoffs, window in LOGS:
        with tempfile.TemporaryDirectory() as store:
            config = ROOT / "examples" / name / "gosales.yaml"
            source = {"base_dir": str(SHARED / "data" / name)}
            overrides = {"storage": {"root": store}, "source": source}
            platform = run(load_settings(config, overrides), cutoffs)
            ours = {cutoff: eight(platform, cutoff) for cutoff in cutoffs}
            best = {c: simple_models(name, c, window, Path(store) / "simple.json") for c in cutoffs}
        for cutoff in cutoffs:
            compare(f"{name} at {cutoff}", ours[cutoff], best[cutoff])
        keys = ours[cutoffs[0]]
        ratios = {k: np.array([ours[c][k] / best[c][k] for c in cutoffs]) for k in keys}
        rows = [(f"{part} {m}", mean_of(r), "target >= 1") for (part, m), r in ratios.items()]
        show(f"quality: {name}, ratio to the best simple model over {len(cutoffs)} cutoffs", rows)


def compare(
    title: str, ours: dict[tuple[str, str], float], best: dict[tuple[str, str], float]
) -> None:
    """Show the means over divisions beside those of the best simple model."""
    rows = [
        (f"{part} {measure}", f"{ours[part, measure]:.4f} of {best[part, measure]:.4f}",
         f"ratio {ours[part, measure] / best[part, measure]:.3f}, target >= 1")
        for part, measure in ours
    ]  # fmt: skip
    show(f"quality: {title}, mean over divisions, ours of the best simple model", rows)


def run(settings, cutoffs: tuple[dt.date, ...]) -> Platform:
    platform = Platform.of(settings)
    build(platform, Request(cutoffs))
    return platform


def read(platform: Platform, table: str, cutoff: dt.date, division: str) -> pl.DataFrame:
    return platform.store.scan_table(Address(table, cutoff, division), None).collect()


def outcomes(platform: Platform, cutoff: dt.date, division: str) -> pl.DataFrame:
    labels = read(platform, "labels", cutoff, division).select("customer_id", "label")
    scores = read(platform, "scores", cutoff, division).drop("division", "cutoff")
    return scores.join(labels, on="customer_id", how="inner").sort("customer_id")


def rank_of(scored: pl.DataFrame) -> np.ndarray:
    """Rank by p_icp; the margin behind it orders rows of equal p_icp."""
    tied = pl.struct("p_icp", pl.col("margin").fill_null(0.0))
    return scored.select(tied.rank("dense").cast(pl.Float64)).to_series().to_numpy()


def eight(platform: Platform, cutoff: dt.date) -> dict[tuple[str, str], float]:
    """Measure as the yardstick does: mean over divisions with both classes."""
    found: dict[tuple[str, str], list[float]] = {}
    for division in platform.settings.divisions.targets:
        scored = outcomes(platform, cutoff, division)
        for part, rows in (("all", scored), ("whitespace", scored.filter("is_whitespace"))):
            y = rows["label"].to_numpy()
            few = part == "whitespace" and rows.height <= SLICE_ROWS
            if few or not 0 < y.sum() < y.size or not 0 < scored["label"].sum() < scored.height:
                continue
            ties = tie_breaker(rows["customer_id"].to_list())
            found.setdefault((part, "auc"), []).append(auc(y, rank_of(rows)))
            found.setdefault((part, "lift10"), []).append(lift_at(y, rank_of(rows), ties, 0.10))
    return {key: float(np.mean(values)) for key, values in found.items()}


def simple_models(
    name: str, cutoff: dt.date, window: int, out: Path
) -> dict[tuple[str, str], float]:
    command = [
        sys.executable, str(SHARED / "bench" / "baselines.py"),
        str(SHARED / "data" / name / "sales_log.parquet"), str(cutoff), str(window), "1", str(out),
        "revenue",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    means = json.loads(out.read_text(encoding="utf-8"))["mean"]
    return {
        (part, measure): max(model[measure] for model in models.values())
        for part, models in means.items()
        for measure in ("auc", "lift10")
    }
