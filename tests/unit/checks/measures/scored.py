"""Scored lists for the tests of measures, and each measure as plainly as it can be said."""

import math

import numpy as np
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    roc_auc_score,
)

from gosales_checks.measures.sample import Sample


def scored(n: int = 400, seed: int = 0, levels: int | None = None) -> tuple[np.ndarray, ...]:
    """Draw outcomes, their stated probabilities (tied when `levels`), ties and values."""
    draw = np.random.default_rng(seed)
    p = draw.beta(1, 5, n)
    if levels:
        p = np.round(p * levels) / levels
    y = (draw.random(n) < p).astype(float)
    return y, np.clip(p, 0.001, 0.999), draw.permutation(n), y * draw.integers(1, 900, n)


CASES = {
    "distinct": scored(),
    "tied": scored(seed=1, levels=8),
    "small": scored(57, 2),
    "mostly tied": scored(400, 3, 3),
}


def sample_of(case: tuple[np.ndarray, ...], **more: np.ndarray) -> Sample:
    """Return a case as measures take it."""
    y, p, ties, value = case
    return Sample(y, p, ties, value=value, **more)


def lift(numbers: list[float], percent: int) -> float:
    """Mean of the first rows over the mean of all, by counting."""
    top = -(-len(numbers) * percent // 100)
    overall = math.fsum(numbers) / len(numbers)
    return math.fsum(numbers[:top]) / top / overall if overall > 0 else math.nan


def calibration_error(bins: list[list[tuple[float, float]]], n: int) -> float:
    """Mean |observed - stated| over bins of (outcome, probability), by count."""
    return sum(abs(math.fsum(y - p for y, p in rows)) for rows in bins) / n


def equal_count(rows: list, bins: int = 10) -> list[list]:
    """Cut a list into equal counts."""
    return [rows[i * len(rows) // bins : (i + 1) * len(rows) // bins] for i in range(bins)]


def by_definition(
    y: np.ndarray, p: np.ndarray, ties: np.ndarray, value: np.ndarray
) -> dict[str, float]:
    """Return every measure but Cox's, from scikit-learn or by counting row by row."""
    ranked = sorted(zip(-p, ties, y, value, strict=True))
    sold, worth = [row[2] for row in ranked], [row[3] for row in ranked]
    rising = [(outcome, -minus) for minus, _, outcome, _ in reversed(ranked)]
    widths = [[r for r in rising if min(int(r[1] * 10), 9) == i] for i in range(10)]
    both = 0 < sum(y) < len(y)
    return {
        "base_rate": sum(y) / len(y),
        "auc": roc_auc_score(y, p) if both else math.nan,
        "pr_auc": average_precision_score(y, p) if sum(y) else math.nan,
        "brier": brier_score_loss(y, p) if both else float(np.mean((p - y) ** 2)),
        "log_loss": log_loss(y, p, labels=[0, 1]),
        **{f"lift_{k}": lift(sold, k) for k in (5, 10, 20)},
        **{f"revenue_lift_{k}": lift(worth, k) for k in (5, 10, 20)},
        "cal_mae": calibration_error(equal_count(rising), len(y)),
        "ece": calibration_error(widths, len(y)),
    }


def newton_step(
    y: np.ndarray, p: np.ndarray, slope: float, intercept: float
) -> tuple[float, float]:
    """Return slope and intercept after one Newton step of a logistic regression on the logit."""
    x = np.column_stack([np.log(p / (1 - p)), np.ones_like(p)])
    line = np.array([slope, intercept])
    fitted = 1 / (1 + np.exp(-x @ line))
    information = (x * (fitted * (1 - fitted))[:, None]).T @ x
    slope, intercept = line + np.linalg.solve(information, x.T @ (y - fitted))
    return float(slope), float(intercept)
