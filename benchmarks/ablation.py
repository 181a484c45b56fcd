"""What each family of features is worth: one plain model, with all of them and with each left out.

Judged on the customers that never bought in the division (the whitespace slice), at cutoffs later
than all labels trained on. The model is fixed, the mean of a logistic regression and boosted trees,
so that a difference is the features'. Differences are paired by division and cutoff.
"""

import datetime as dt
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from graph import build
from quality import ROOT, SHARED, read
from threadpoolctl import threadpool_limits
from world import sample_world, show

from gosales_assets.features.families.registry import FAMILIES
from gosales_assets.models.learners.linear import fit_linear
from gosales_assets.models.learners.trees import fit_trees
from gosales_assets.models.rows.binning import bin_rows
from gosales_assets.models.rows.matrix import build_matrix
from gosales_assets.models.rows.model_inputs import ModelInputs
from gosales_assets.models.rows.preparation import feature_types, fit_preparation
from gosales_assets.operations.plan import Request
from gosales_assets.platform.platform import Platform
from gosales_checks.measures.ranking import auc, lift_at, tie_breaker
from gosales_resources.hashing import stable_key
from gosales_resources.settings.loading import load_settings
from gosales_resources.settings.tree import Settings

LINEAR = {"C": 0.01, "l1_ratio": 0.0}
TREES = {
    "num_leaves": 15,
    "leaf_frac": 0.005,
    "learning_rate": 0.05,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
}
ROUNDS = 80
# Rows a model is fitted on; a hash of the customer chooses them, the same for every family.
FITTED_ROWS = 6_000
# A slice of so few rows or positives says nothing.
LEAST_ROWS, LEAST_POSITIVES = 50, 10
Z95 = 1.959964
FULL = "all families"


@dataclass(frozen=True)
class World:
    """A log and the cutoffs that models of it are judged at."""

    name: str
    cutoffs: tuple[dt.date, ...]

    def open(self, stack: ExitStack) -> Settings:
        """Load its settings, with a store of its own."""
        on: dict[str, Any] = {"features": {"off": []}}
        if self.name == "sample company M":
            folder = stack.enter_context(sample_world("M"))
            return load_settings(folder / "gosales.yaml", on)
        store = stack.enter_context(tempfile.TemporaryDirectory(prefix="gosales-bench-"))
        source = {"base_dir": str(SHARED / "data" / self.name)}
        overrides = {"storage": {"root": store}, "source": source, **on}
        return load_settings(ROOT / "examples" / self.name / "gosales.yaml", overrides)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


WORLDS = (
    World("adventureworks_reseller", (day("2012-04-30"), day("2012-07-31"), day("2012-10-31"))),
    World("complete_journey", (day("2017-05-31"), day("2017-07-31"), day("2017-09-30"))),
    World("sample company M", (day("2023-12-31"), day("2024-12-31"))),
)


def ablation(names: tuple[str, ...] = ()) -> None:
    """Print the table of every world there is (or of those named)."""
    for world in WORLDS:
        if names and world.name not in names:
            continue
        if world.name != "sample company M" and not (SHARED / "data" / world.name).is_dir():
            print(f"\nablation: {world.name} skipped, {SHARED / 'data'} does not have it")
            continue
        with ExitStack() as stack:
            platform = materialised(world.open(stack), world.cutoffs)
            cells = pl.DataFrame(list(cells_of(platform, world.cutoffs)))
        tell(world, cells)


def materialised(settings: Settings, cutoffs: tuple[dt.date, ...]) -> Platform:
    """Make the features and labels that models of the cutoffs train on and are judged by."""
    platform = Platform.of(settings)
    needed = {t for c in cutoffs for t in (c, *platform.space.training_cutoffs(c))}
    request = Request(tuple(sorted(needed)), assets=("features", "labels"), upstream=True)
    build(platform, request)
    return platform


def cells_of(platform: Platform, cutoffs: tuple[dt.date, ...]) -> Iterator[dict[str, Any]]:
    """Measure each division and cutoff with all families and without each of them."""
    targets = platform.settings.divisions.targets
    cells = [(cutoff, division) for cutoff in cutoffs for division in targets]

    def measure(cell: tuple[dt.date, str]) -> list[dict[str, Any]]:
        found = list(variants_of(platform, *cell))
        print("." if found else "-", end="", flush=True, file=sys.stderr)
        return found

    # One thread each, as models are trained.
    with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(measure, cells):
            yield from found


def variants_of(platform: Platform, cutoff: dt.date, division: str) -> Iterator[dict[str, Any]]:
    """Measure one division and cutoff; nothing where too few rows or buyers would tell."""
    train = matrix_of(platform, platform.space.training_cutoffs(cutoff), division)
    test = matrix_of(platform, [cutoff], division)
    white = test.filter("is_whitespace") if test.height else test
    if min(train.height, white.height) < LEAST_ROWS:
        return
    positives = (int(train["label"].sum()), int(white["label"].sum()))
    if min(positives) < LEAST_POSITIVES or positives[1] == white.height:
        return
    train = fewer(train)
    for family, kept in variants(train):
        figures = judged(train.select(kept), white.select(kept), platform.settings)
        yield {"cutoff": cutoff, "division": division, "without": family, **figures}


def matrix_of(platform: Platform, cutoffs: Sequence[dt.date], division: str) -> pl.DataFrame:
    pairs = [
        (read(platform, "features", t, division).lazy(), read(platform, "labels", t, division).lazy())
        for t in cutoffs
    ]  # fmt: skip
    return build_matrix(pairs)


def fewer(train: pl.DataFrame) -> pl.DataFrame:
    """Keep the rows of so many customers that the models fit in seconds."""
    if train.height <= FITTED_ROWS:
        return train
    draw = stable_key(["customer_id"]).str.head(4).str.to_integer(base=16) / 16**4
    return train.filter(draw < FITTED_ROWS / train.height)


def variants(train: pl.DataFrame) -> Iterator[tuple[str, list[str]]]:
    """Yield nothing, then each family, with the columns that are left without it."""
    yield FULL, train.columns
    for family in FAMILIES:
        kept = [c for c in train.columns if not c.startswith(f"{family.name}__")]
        if len(kept) < train.width:
            yield family.name, kept


def judged(train: pl.DataFrame, white: pl.DataFrame, settings: Settings) -> dict[str, float]:
    """Fit the plain model and measure it on whitespace customers."""
    prepared = fit_preparation(train, settings.models)
    raw, label = prepared.raw(train), train["label"].to_numpy()
    linear = fit_linear(prepared.standardised(raw), label, LINEAR, settings.models)
    trees = fit_trees(bin_rows(raw, label), TREES, settings.models, rounds=ROUNDS)
    rows = ModelInputs.of(prepared, white)
    margin = (linear.margin(rows) + trees.margin(rows)) / 2
    y, ties = white["label"].to_numpy(), tie_breaker(white["customer_id"].to_list())
    return {
        "features": len(feature_types(train.schema)),
        "auc": auc(y, margin),
        "lift": lift_at(y, margin, ties, 0.10),
    }


def tell(world: World, cells: pl.DataFrame) -> None:
    """Print what is lost without each family, with a 95 % interval over the cells."""
    full = cells.filter(without=FULL).drop("without", "features")
    count = full.height
    rows = [
        (
            f"{FULL} ({count} divisions x cutoffs)",
            f"AUC {full['auc'].mean():.4f}",
            f"lift@10 {full['lift'].mean():.3f}",
        )
    ]
    for family in [f.name for f in FAMILIES if f.name in cells["without"].unique()]:
        left = cells.filter(without=family).join(full, on=["cutoff", "division"], suffix="_full")
        losses = [left[f"{m}_full"] - left[m] for m in ("auc", "lift")]
        columns = cells.filter(without=FULL)["features"][0] - left["features"][0]
        texts = [_interval(x.to_numpy()) for x in losses]
        name = f"  {family} ({columns} columns) is worth"
        rows.append((name, f"AUC {texts[0]}", f"lift@10 {texts[1]}"))
    span = ", ".join(str(c) for c in world.cutoffs)
    show(f"ablation on whitespace customers: {world.name} at {span}", rows)


def _interval(losses: np.ndarray) -> str:
    error = losses.std(ddof=1) / losses.size**0.5
    return f"{losses.mean():+.4f} +- {Z95 * error:.4f}"


if __name__ == "__main__":
    ablation(tuple(sys.argv[1:]))
