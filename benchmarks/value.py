"""What a purchase is worth: predicted against realised, on cutoffs later than all that was learnt from.

Buyers of the label window alone: predictions of value are conditional on buying. Realised values are
capped as the predictions are, at the quantile of past buyers; the total without the cap stands beside.
"""

import datetime as dt
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import polars as pl
from graph import build
from quality import ROOT, SHARED, read
from world import sample_world, show

from gosales_assets.models.value.levels import find_levels
from gosales_assets.operations.plan import Request
from gosales_assets.platform.platform import Platform
from gosales_checks.measures.amounts import decile_ratios, normalised_gini
from gosales_checks.measures.intervals import resample_weights
from gosales_checks.measures.ranking import tie_breaker
from gosales_resources.partitions.maturity import mature_labels
from gosales_resources.settings.loading import load_settings

DRAWS, SEED = 100, 20_240_101
CUTOFFS: Mapping[str, tuple[dt.date, ...]] = {
    "adventureworks_reseller": tuple(
        dt.date(2012, month, day) for month, day in ((4, 30), (6, 30), (8, 31), (10, 31))
    ),
    "complete_journey": tuple(dt.date(2017, month, day) for month, day in ((4, 30), (6, 30))),
    "sample company M": tuple(
        dt.date(2024, month, day) for month, day in ((3, 31), (6, 30), (9, 30), (12, 31))
    ),
}
SLICES = ("whitespace", "all")
OURS = "ours"
RIVALS = ("own average order", "industry mean", "division mean")
# A division with fewer buyers of a slice says nothing of the order within it.
LEAST_BUYERS = 30
OWN_ORDER, INDUSTRY = "rfm__all__gp_mean__24m", "attr__all__industry__asof"


@dataclass(frozen=True)
class Buyers:
    """Buyers of one cutoff and slice, all divisions."""

    customer: np.ndarray
    """Its id."""
    division: np.ndarray
    actual: np.ndarray
    uncapped: np.ndarray
    ties: np.ndarray
    predicted: Mapping[str, np.ndarray]
    """By whom; home currency."""


def value() -> None:
    """Compare the value model with plain means, log by log."""
    for name, cutoffs in CUTOFFS.items():
        with platform_of(name) as platform:
            if platform is None:
                print(f"\nvalue: {name} skipped, {SHARED / 'data'} is not there")
                continue
            asked = ("conditional_values", "labels", "features")
            build(platform, Request(cutoffs, assets=asked, upstream=True))
            of_cutoff = {cutoff: buyers_at(platform, cutoff) for cutoff in cutoffs}
        for part in SLICES:
            report(name, part, {c: slice_of(rows, part) for c, rows in of_cutoff.items()})


@contextmanager
def platform_of(name: str) -> Iterator[Platform | None]:
    """Give a log's platform with a store of its own; None where the log is not there."""
    if name.startswith("sample"):
        with sample_world("M") as folder:
            yield Platform.of(load_settings(folder / "gosales.yaml"))
    elif not (SHARED / "data").is_dir():
        yield None
    else:
        with tempfile.TemporaryDirectory() as store:
            config = ROOT / "examples" / name / "gosales.yaml"
            source = {"base_dir": str(SHARED / "data" / name)}
            settings = load_settings(config, {"storage": {"root": store}, "source": source})
            yield Platform.of(settings)


def buyers_at(platform: Platform, cutoff: dt.date) -> pl.DataFrame:
    """Return the buyers of a cutoff's label windows with their values, predicted each way."""
    parts = [buyers_of(platform, cutoff, d) for d in platform.settings.divisions.targets]
    return pl.concat([part for part in parts if part is not None])


def buyers_of(platform: Platform, cutoff: dt.date, division: str) -> pl.DataFrame | None:
    """Return the same of one division; None where nobody had bought it in a training window."""
    settings = platform.settings
    past = {
        t: read(platform, "labels", t, division).lazy()
        for t in platform.space.training_cutoffs(cutoff)
    }
    mature = mature_labels(past, cutoff, settings.models.training_cutoffs).used
    features = read(platform, "features", cutoff, division)
    if INDUSTRY not in features.columns:
        features = features.with_columns(pl.lit(None, dtype=pl.String).alias(INDUSTRY))
    known = features.select("customer_id", "is_whitespace", OWN_ORDER, industry=INDUSTRY)
    earlier = [past[t].filter(pl.col("label") == 1).collect() for t in mature]
    if not sum(map(len, earlier)):
        return None
    bought = pl.concat(earlier).join(known, on="customer_id", how="left")
    levels = find_levels(bought, settings.whitespace)
    if levels is None:
        return None
    labels = read(platform, "labels", cutoff, division).filter(pl.col("label") == 1)
    values = read(platform, "conditional_values", cutoff, division)
    rows = (
        labels.select("customer_id", uncapped="net_value_window")
        .join(known, on="customer_id")
        .join(values.select("customer_id", ours="conditional_value"), on="customer_id")
    )
    own = pl.col(OWN_ORDER).cast(pl.Float64)
    return rows.select(
        "customer_id",
        "is_whitespace",
        "uncapped",
        pl.col("ours").alias(OURS),
        pl.lit(division).alias("division"),
        pl.min_horizontal("uncapped", pl.lit(levels.cap)).alias("actual"),
        pl.when(own > 0).then(own).otherwise(levels.division).alias(RIVALS[0]),
        pl.Series(RIVALS[1], levels.of(rows["industry"])),
        pl.lit(levels.division).alias(RIVALS[2]),
    )


def slice_of(rows: pl.DataFrame, part: str) -> Buyers:
    """Select the whitespace, or all."""
    kept = rows.filter(pl.col("is_whitespace").cast(pl.Boolean)) if part == "whitespace" else rows
    kept = kept.sort("division", "customer_id")
    keys = (kept["customer_id"] + "|" + kept["division"]).to_list()
    return Buyers(
        customer=kept["customer_id"].to_numpy(),
        division=kept["division"].to_numpy(),
        actual=kept["actual"].to_numpy(),
        uncapped=kept["uncapped"].to_numpy(),
        ties=tie_breaker(keys),
        predicted={one: kept[one].to_numpy() for one in (OURS, *RIVALS)},
    )


def figures(rows: Buyers, by: str, weights: np.ndarray) -> np.ndarray:
    """Return total, mean and worst distance of the tenths, Gini over all, Gini within divisions."""
    predicted = rows.predicted[by]
    total = np.sum(weights * predicted) / np.sum(weights * rows.actual)
    ratios = decile_ratios(predicted, rows.actual, weights, rows.ties)
    off = np.abs(ratios - 1)
    whole = normalised_gini(predicted, rows.actual, weights)
    return np.array(
        [total, mean_known(off), np.fmax.reduce(off), whole, within(rows, predicted, weights)]
    )


def within(rows: Buyers, predicted: np.ndarray, weights: np.ndarray) -> float:
    """Return the mean Gini of the divisions with buyers enough: what levels of divisions cannot give."""
    found = []
    for division in np.unique(rows.division):
        at = rows.division == division
        if at.sum() >= LEAST_BUYERS:
            found.append(normalised_gini(predicted[at], rows.actual[at], weights[at]))
    return mean_known(np.array(found))


def mean_known(values: np.ndarray) -> float:
    """Return the mean of those that are known; nan where none is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def report(name: str, part: str, of_cutoff: Mapping[dt.date, Buyers]) -> None:
    """Print the figures of each cutoff, and their means with customers drawn anew."""
    for cutoff, rows in of_cutoff.items():
        ones = np.ones(rows.actual.size)
        ratios = decile_ratios(rows.predicted[OURS], rows.actual, ones, rows.ties)
        raw = rows.predicted[OURS].sum() / rows.uncapped.sum()
        print(f"\nvalue: {name} at {cutoff}, {part}: {rows.actual.size:,} buyers, ours by tenths")
        print("  " + " ".join(f"{one:.2f}" for one in ratios) + f"; without a cap {raw:.2f} in all")
    shown = []
    everyone = np.unique(np.concatenate([rows.customer for rows in of_cutoff.values()]))
    for by in (OURS, *RIVALS):
        # Customers are drawn once for all cutoffs, whose figures are averaged draw by draw.
        drawn = [draws_of(rows, by, everyone) for rows in of_cutoff.values()]
        mean = np.array(
            [mean_known(column) for column in np.stack(drawn, axis=-1).reshape(-1, len(drawn))]
        )
        mean = mean.reshape(drawn[0].shape)
        low, high = np.quantile(mean[1:], (0.025, 0.975), axis=0)
        names = ("in all", "tenths off, mean", "tenths off, most", "Gini", "Gini in divisions")
        for at, what in enumerate(names):
            interval = f"{mean[0, at]:.3f} ({low[at]:.3f}, {high[at]:.3f})"
            shown.append((f"{by}: {what}", interval, target(by, what)))
    show(f"value: {name}, {part}, mean over {len(of_cutoff)} cutoffs", shown)


def target(by: str, what: str) -> str:
    """Say what a figure of ours should be."""
    if by != OURS:
        return ""
    return {"tenths off, most": "target <= 0.20", "Gini": "target: above the industry mean's"}.get(
        what, ""
    )


def draws_of(rows: Buyers, by: str, everyone: np.ndarray) -> np.ndarray:
    """Return the figures of the sample, then those of each resample of customers."""
    at = np.searchsorted(everyone, rows.customer)
    found = [figures(rows, by, np.ones(rows.actual.size))]
    for block in resample_weights(everyone.size, DRAWS, SEED):
        found += [figures(rows, by, weights[at]) for weights in block]
    return np.array(found)


if __name__ == "__main__":
    value()
