"""How long intervals take: 1,000 resamples of 100,000 customers, ten measures, beside a plain loop."""

import time

import numpy as np
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score
from world import show

from gosales_checks.measures.intervals import bootstrap_intervals, resample_weights
from gosales_checks.measures.registry import STATISTICS
from gosales_checks.measures.resamples import SampleResamples
from gosales_checks.measures.sample import Sample

CUSTOMERS, DRAWS, PLAIN = 100_000, 1_000, 20
MEASURES = (
    "auc", "pr_auc", "brier", "log_loss", "cal_mae", "ece", "base_rate", "lift_5", "lift_10", "lift_20",
)  # fmt: skip
# Measure -> the same by another library.
OTHERS = {
    "auc": roc_auc_score, "pr_auc": average_precision_score, "brier": brier_score_loss,
    "log_loss": log_loss,
}  # fmt: skip


def bootstrap() -> None:
    """Print seconds of the intervals, of a plain loop, and how far their figures are apart."""
    draw = np.random.default_rng(4)
    p = draw.beta(0.5, 9.5, CUSTOMERS).clip(1e-6)
    label = (draw.random(CUSTOMERS) < p).astype(float)
    sample = Sample(label, p, np.arange(CUSTOMERS))
    began = time.perf_counter()
    bootstrap_intervals(sample, MEASURES, draws=DRAWS, seed=1)
    ours = time.perf_counter() - began
    began, furthest = time.perf_counter(), 0.0
    weights = next(iter(resample_weights(CUSTOMERS, PLAIN, 1)))
    for row in weights:
        rows = np.repeat(np.arange(CUSTOMERS), row.astype(int))
        for of in OTHERS.values():
            of(label[rows], p[rows])
    plain = (time.perf_counter() - began) / len(weights) * DRAWS
    for name, of in OTHERS.items():
        measured = STATISTICS[name](SampleResamples(sample, sample.weights_of_rows(weights[:2])))
        for row, mine in zip(weights, measured, strict=False):
            # Weights are of rows by rank.
            rows = np.repeat(sample.order, row.astype(int))
            furthest = max(furthest, abs(float(mine) - float(of(label[rows], p[rows]))))
    show(
        f"bootstrap: {DRAWS:,} resamples of {CUSTOMERS:,} customers",
        [
            (f"yardstick: {len(OTHERS)} measures by scikit-learn in a loop", f"{plain:.0f} s", ""),
            (f"{len(MEASURES)} measures", f"{ours:.1f} s = {ours / plain:.2f} x", "target <= 5 s"),
            ("furthest from scikit-learn", f"{furthest:.1e}", ""),
        ],
    )
