"""How far probabilities are from rates, division by division, and whether their intervals hold.

Divisions with both classes count; those of the whitespace with more than `SLICE_ROWS` rows, as in
`quality`. Intervals are judged on the whitespace: against the true probabilities where the log has
them, else against what happened, widened by the noise of so many outcomes.
"""

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import polars as pl
from pooled_rows import Judged
from quality import SLICE_ROWS, eight, mean_of
from world import show

from gosales_checks.measures.calibration import weighted_cal_mae
from gosales_checks.measures.cox import cox_slope_intercept, logit
from gosales_checks.measures.ordering import bin_edges
from gosales_checks.measures.rates import at_level, holds
from gosales_checks.measures.resamples import SampleResamples
from gosales_checks.measures.sample import BINS, Sample

LEVELS = (0.8, 0.9, 0.95)
SLICES = {"all customers": pl.lit(True), "whitespace": pl.col("is_whitespace")}
KEYS = ("cutoff", "division")


def told_calibration(found: Judged) -> list[dict]:
    """Print calibration and coverage; return the figures of each division and cutoff."""
    cells = {name: cells_of(found.rows.filter(rows)) for name, rows in SLICES.items()}
    for name, table in cells.items():
        show(f"pooled: {found.name}, calibration, {name}", summary(table))
    for name, table in cells.items():
        tell_divisions(f"{found.name}, {name}", table)
    tell_ranking(found)
    held = coverage(found)
    show(f"pooled: {found.name}, whitespace intervals that hold the rate", coverage_rows(held))
    told = [{"slice": name} | row for name, table in cells.items() for row in table.to_dicts()]
    return [*({"part": "calibration"} | row for row in told), *held.to_dicts()]


def cells_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Measure each division and cutoff."""
    parts = rows.partition_by(*KEYS, as_dict=True, maintain_order=True)
    return pl.DataFrame(
        [dict(zip(KEYS, key, strict=True)) | cell(part) for key, part in parts.items()]
    )


def cell(part: pl.DataFrame) -> dict:
    y, p, p_rfm, ties = (part[n].to_numpy() for n in ("label", "p_icp", "p_rfm", "ties"))
    slope, intercept = cox_slope_intercept(y, p)
    counts = 0 < y.sum() < y.size and y.size > SLICE_ROWS
    return {
        "n": y.size,
        "status": part["model_status"][0],
        "counts": bool(counts),
        "rate": float(y.mean()),
        "mean_p": float(p.mean()),
        "past_rate": part["past_rate"][0],
        "cal_mae": cal_mae(y, p, ties),
        "cal_mae_rfm": cal_mae(y, p_rfm, ties),
        "cox_slope": slope,
        "cox_intercept": intercept,
        "off": off(p, y),
        "off_rfm": off(p_rfm, y),
    }


def cal_mae(y: np.ndarray, p: np.ndarray, ties: np.ndarray) -> float:
    return float(weighted_cal_mae(SampleResamples(Sample(y, p, ties)))[0])


def off(p: np.ndarray, y: np.ndarray) -> float:
    """Return sum p over sum y, less 1."""
    return float(p.sum() / y.sum() - 1) if y.any() else math.nan


def summary(table: pl.DataFrame) -> list[tuple[str, str, str]]:
    """Give what is said of a slice over divisions and cutoffs."""
    counted = table.filter("counts")
    ours, theirs = (counted[name].to_numpy() for name in ("cal_mae", "cal_mae_rfm"))
    fitted = counted.filter(pl.col("cox_slope").is_finite())
    away, away_rfm = (counted[n].abs().to_numpy() for n in ("off", "off_rfm"))
    by_cutoff = counted.group_by("cutoff").agg(pl.col("off").abs().median()).sort("cutoff")
    medians = " ".join(f"{value:.2f}" for value in by_cutoff["off"].to_list())
    prior = counted.filter(status="prior").height
    return [
        ("divisions x cutoffs, of them at the prior rate", f"{counted.height}, {prior}", ""),
        ("cal-MAE", mean_of(ours), f"target <= {theirs.mean():.4f}, the RFM regression's"),
        ("  less the RFM regression's", mean_of(ours - theirs), "target <= 0"),
        *(
            (f"Cox {name}, median and mean", middle_and_mean(fitted[f"cox_{name}"]), target)
            for name, target in (("slope", "target 0.9 to 1.1"), ("intercept", ""))
        ),
        (
            "|sum p / sum y - 1|, median and mean",
            middle_and_mean(pl.Series(away)),
            f"target <= 0.10; RFM regression {np.median(away_rfm):.3f}",
        ),
        ("  median of each cutoff", medians, ""),
    ]


def middle_and_mean(values: pl.Series) -> str:
    return f"{values.median():.3f}, {values.mean():.3f}"


def tell_divisions(title: str, table: pl.DataFrame) -> None:
    """Print mean p against the rate, so that one sees which division is off and where to."""
    cutoffs = table["cutoff"].unique().sort().to_list()
    print(f"\npooled: {title}: mean p / rate; |sum p / sum y - 1| in the median cutoff")
    print(" " * 30 + "".join(f"{cutoff!s:>16}" for cutoff in cutoffs))
    for (division,), part in table.partition_by(
        "division", as_dict=True, maintain_order=True
    ).items():
        by_cutoff = {row["cutoff"]: row for row in part.to_dicts()}
        texts = [stated_and_rate(by_cutoff.get(cutoff)) for cutoff in cutoffs]
        middle = part["off"].fill_nan(None).abs().median()
        told = "" if middle is None else f"{middle:10.2f}"
        print(f"  {division:<28}" + "".join(f"{text:>16}" for text in texts) + told)


def stated_and_rate(row: dict | None) -> str:
    return "" if row is None else f"{row['mean_p']:.3f}/{row['rate']:.3f}"


def tell_ranking(found: Judged) -> None:
    """Print AUC and lift as `quality` does."""
    told = {cutoff: eight(found.platform, cutoff) for cutoff in found.cutoffs}
    rows = [
        (
            str(cutoff),
            f"all {of['all', 'auc']:.3f}, {of['all', 'lift10']:.2f}",
            f"whitespace {of['whitespace', 'auc']:.3f}, {of['whitespace', 'lift10']:.2f}",
        )
        for cutoff, of in told.items()
    ]
    show(f"pooled: {found.name}, AUC and lift@10, mean over divisions", rows)


def coverage(found: Judged) -> pl.DataFrame:
    """Tell of each division and cutoff, whole and in bins, whether its interval holds the rate."""
    rows = found.rows.filter("is_whitespace", pl.col("p_low").is_not_null())
    parts = rows.partition_by(*KEYS, as_dict=True, maintain_order=True)
    level = found.platform.settings.explanation.interval_level
    told = [
        {"part": "coverage"} | dict(zip(KEYS, key, strict=True)) | one
        for key, part in parts.items()
        for one in held_in(part.sort("p_icp", "ties"), level)
    ]
    return pl.DataFrame(told)


def held_in(part: pl.DataFrame, level: float) -> Iterator[dict]:
    """Judge the whole division and each bin, at each level."""
    truth = "p_true" if "p_true" in part.columns else None
    rate, past = float(part["label"].mean()), part["past_rate"][0]  # type: ignore[arg-type]
    moved = abs(float(logit(np.array(rate)) - logit(np.array(past))))
    edges = bin_edges(part.height, BINS)
    groups = [
        ("division", part),
        *(("bin", part[a:b]) for a, b in pairwise(edges)),
    ]
    for kind, rows in groups:
        p, low, high = (rows[name].to_numpy() for name in ("p_icp", "p_low", "p_high"))
        for wanted in LEVELS:
            ends = (at_level(p, end, level, wanted) for end in (low, high))
            is_held = holds(rows[truth or "label"].mean(), p, *ends, None if truth else wanted)  # type: ignore[arg-type]
            yield {"groups": kind, "level": wanted, "is_held": is_held, "moved": moved}


def coverage_rows(held: pl.DataFrame) -> list[tuple[str, str, str]]:
    """Give the shares held, in all and where the rate moved most since the newest mature window."""
    middle = held["moved"].median()
    rows = []
    for kind, name in (("division", "whole divisions"), ("bin", "bins of like p")):
        for level in LEVELS:
            chosen = held.filter(groups=kind, level=level)
            far = chosen.filter(pl.col("moved") > middle)["is_held"].mean()
            told = f"{chosen['is_held'].mean():.1%} of {chosen.height}; moved most {far:.1%}"
            rows.append((f"{name}, {level:.0%}", told, f"target {level:.0%} +- 2"))
    return rows
