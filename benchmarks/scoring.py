"""How fast scores are made in how much memory, and whether their intervals hold the oracle's rates."""

import datetime as dt
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from graph import build
from threadpoolctl import threadpool_limits
from world import measured, peak_mib, sample_world, show

from gosales_assets.models.bundle.bundle import load_bundle
from gosales_assets.models.rows.model_inputs import ModelInputs
from gosales_assets.models.scoring.scoring import score
from gosales_assets.operations.plan import Request
from gosales_assets.platform.platform import Platform
from gosales_resources.settings.explanation import ExplanationSettings
from gosales_resources.settings.loading import load_settings
from gosales_resources.store.address import Address

CUTOFF = dt.date(2024, 6, 30)
SPEED_OF = "simulation"
ROWS = 1_000_000
# Groups of customers of like score, for each target: their mean true probability is the truth.
GROUPS = 20
LEVELS = (0.8, 0.9, 0.95)


def scoring() -> None:
    """Train on sample company M, then score a million rows, and hold intervals against the oracle."""
    with sample_world("M") as folder:
        config = str(folder / "gosales.yaml")
        platform = Platform.of(load_settings(folder / "gosales.yaml"))
        build(platform, Request((CUTOFF,), assets=("scores",), upstream=True))
        plain = measured("plain_predict", config)
        alone, named = measured("score_rows", config, "0"), measured("score_rows", config, "0.03")
        both = measured("score_side_by_side", config)
        rows = coverage(platform, folder)
    show(
        f"scoring: {ROWS:,} customers of one target, one core, after load",
        [
            ("yardstick: all rows in memory, inputs, predict", _speed(plain), ""),
            (
                "scores in batches, without drivers",
                _speed(alone),
                "half the target on each of two cores: 100,000",
            ),
            ("  over the yardstick", f"{alone['cpu'] / plain['cpu']:.2f} x", ""),
            (
                "scores in batches, drivers of the best 3 %",
                _speed(named),
                "half the target on each of two cores: 100,000",
            ),
            (
                f"{both['targets']} targets side by side, drivers of the best 3 %",
                f"{both['rows'] / both['seconds']:,.0f} a second",
                "target >= 200,000",
            ),
            ("  peak memory, batches", f"{named['peak_mib'] / 1024:.2f} GiB", ""),
            ("  peak memory, yardstick", f"{plain['peak_mib'] / 1024:.2f} GiB", ""),
        ],
    )
    show(f"intervals: groups of {GROUPS} a target whose true rate is inside", rows)


def coverage(platform: Platform, folder: Path) -> list[tuple[str, str, str]]:
    """Return the share of groups of like score whose mean true probability is in the interval."""
    truth = pl.read_parquet(folder / "data" / "truth" / "true_probabilities.parquet")
    found: dict[tuple[str, float], list[float]] = {}
    for division in platform.settings.divisions.targets:
        address = Address("model", CUTOFF, division)
        bundle = load_bundle(platform.store.read_bundle(address, None))
        if bundle.band is None:
            continue
        scored = platform.store.scan_table(Address("scores", CUTOFF, division), None).collect()
        both = scored.join(truth.filter(cutoff=CUTOFF, division=division), on="customer_id")
        for name, part in (("all", both), ("whitespace", both.filter("is_whitespace"))):
            ordered = part.sort("p_icp", "margin", "customer_id")
            white = ordered["is_whitespace"].to_numpy()
            p, true = ordered["p_icp"].to_numpy(), ordered["p_true"].to_numpy()
            for level in LEVELS:
                low, high = bundle.band.interval(p, white, level)
                inside = [
                    low[g].mean() <= true[g].mean() <= high[g].mean()
                    for g in np.array_split(np.arange(p.size), GROUPS)
                    if g.size
                ]
                found.setdefault((name, level), []).append(float(np.mean(inside)))
    return [
        (f"{name}, {level:.0%} intervals", f"{np.mean(shares):.1%}", f"target {level:.0%} +- 2")
        for (name, level), shares in sorted(found.items())
    ]


def score_rows(config: str, frac: str) -> dict:
    """Score a million stored rows."""
    bundle, path = _tiled(config)
    settings = ExplanationSettings(scored_frac=float(frac))
    began = time.process_time()
    scored = score(bundle, pl.scan_parquet(path), settings)
    return {"rows": scored.height, "cpu": time.process_time() - began, "peak_mib": peak_mib()}


def score_side_by_side(config: str) -> dict:
    """Score as `scores` does: as many targets at once as there are cores."""
    bundle, path = _tiled(config)
    workers = os.cpu_count() or 1
    settings = ExplanationSettings()
    # A bundle each: a booster predicts in one thread at a time.
    bundles = [
        replace(bundle, members=[replace(m) for m in bundle.members]) for _ in range(workers)
    ]
    began = time.perf_counter()
    with threadpool_limits(1), ThreadPoolExecutor(workers) as pool:
        scored = list(pool.map(lambda one: score(one, pl.scan_parquet(path), settings), bundles))
    seconds = time.perf_counter() - began
    return {"rows": sum(t.height for t in scored), "seconds": seconds, "targets": workers}


def plain_predict(config: str) -> dict:
    """Yardstick: what one would write: read all, make the inputs, call predict."""
    bundle, path = _tiled(config)
    prepared, calibrator = bundle.preparation, bundle.calibrator
    assert prepared is not None
    assert calibrator is not None
    began = time.process_time()
    table = pl.read_parquet(path)
    white = table["is_whitespace"].to_numpy().astype(float)
    margin = bundle.margin(ModelInputs.of(prepared, table), white)
    p = calibrator.probability(margin, white)
    return {"rows": p.size, "cpu": time.process_time() - began, "peak_mib": peak_mib()}


def _tiled(config: str):
    """Open the model, and lay its population out as often as makes a million rows."""
    platform = Platform.of(load_settings(config))
    address = Address("model", CUTOFF, SPEED_OF)
    bundle = load_bundle(platform.store.read_bundle(address, None))
    path = Path(config).parent / "tiled.parquet"
    if not path.exists():
        features = platform.store.scan_table(Address("features", CUTOFF, SPEED_OF), None)
        count = features.select(pl.len()).collect().item()
        parts = [
            features.with_columns(customer_id=pl.lit(f"{k:04d}-") + pl.col("customer_id"))
            for k in range(-(-ROWS // count))
        ]
        pl.concat(parts).head(ROWS).sink_parquet(path, row_group_size=262_144)
    return bundle, path


def _speed(found: dict) -> str:
    return f"{found['rows'] / found['cpu']:,.0f} a second and core"
