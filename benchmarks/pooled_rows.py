"""Scores, outcomes and simple models of a log's cutoffs, side by side: what `pooled` measures."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from quality import outcomes, read
from rfm import Afternoon
from threadpoolctl import threadpool_limits

from gosales_assets.platform.platform import Platform
from gosales_checks.measures.ranking import tie_breaker
from gosales_checks.measures.rates import moved_to_rate

TRUTH = "true_probabilities.parquet"


@dataclass(frozen=True)
class Judged:
    """All there is to judge a log's scores by."""

    name: str
    platform: Platform
    rows: pl.DataFrame
    """One row per cutoff, division and customer of the population, sorted."""
    unscored: list[str]
    """Partitions that have no probability: left out of `rows`."""

    @property
    def cutoffs(self) -> list[dt.date]:
        return self.rows["cutoff"].unique().sort().to_list()

    @property
    def has_truth(self) -> bool:
        return "p_true" in self.rows.columns


def judged(name: str, platform: Platform, cutoffs: tuple[dt.date, ...]) -> Judged:
    """Read what was built and fit the simple models."""
    simple, parts, unscored = Afternoon(platform), [], []
    with threadpool_limits(1):
        for cutoff in cutoffs:
            for division in platform.settings.divisions.targets:
                part = cell(platform, simple, cutoff, division)
                if part["p_icp"].null_count():
                    unscored.append(f"{cutoff} {division}")
                else:
                    parts.append(part)
    rows = with_truth(platform, pl.concat(parts)).sort("cutoff", "division", "customer_id")
    ties = tie_breaker(rows["customer_id"].to_list())
    codes = pl.col("customer_id").rank("dense").cast(pl.Int64) - 1
    numbered = rows.with_columns(ties=pl.Series(ties), customer=codes)
    return Judged(name, platform, numbered, unscored)


def cell(platform: Platform, simple: Afternoon, cutoff: dt.date, division: str) -> pl.DataFrame:
    """Put one division and cutoff together."""
    told = read(platform, "labels", cutoff, division).select("customer_id", "net_value_window")
    worth = read(platform, "whitespace_signals", cutoff, division).select("customer_id", "ev")
    return (
        outcomes(platform, cutoff, division)
        .select("customer_id", "label", "is_whitespace", "p_icp", "p_low", "p_high", "model_status")
        .join(told, on="customer_id")
        .join(worth, on="customer_id")
        .join(simple.of(cutoff, division), on="customer_id")
        .select(pl.lit(cutoff).alias("cutoff"), pl.lit(division).alias("division"), pl.all())
        .pipe(with_true_rate)
    )


def with_true_rate(part: pl.DataFrame) -> pl.DataFrame:
    """Add p moved to the rate that the whitespace of the division turned out to have."""
    moved = np.full(part.height, np.nan)
    white = part["is_whitespace"].to_numpy()
    if white.any() and not part["p_icp"].null_count():
        label, p = (part[name].to_numpy()[white] for name in ("label", "p_icp"))
        moved[white] = moved_to_rate(p, float(label.mean()))
    return part.with_columns(p_at_true_rate=pl.Series(moved))


def with_truth(platform: Platform, rows: pl.DataFrame) -> pl.DataFrame:
    """Add the true probabilities where the log has them."""
    path = platform.settings.source_dir / "truth" / TRUTH
    if not path.exists():
        return rows
    truth = pl.read_parquet(path).select("customer_id", "division", "cutoff", "p_true")
    return rows.join(truth, on=["customer_id", "division", "cutoff"], how="left")
