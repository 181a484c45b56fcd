"""Whether held-out predictions rank buyers better than chance would."""

import numpy as np
import polars as pl

from gosales_checks.measures.ranking import auc

# Two-sided 95 %.
Z95 = 1.959964
# Spread of p below this share of the base rate tells nobody from anybody. (An absolute 0.01 would
# throw away a good model of a division that one customer in a hundred buys in.)
LEAST_SPREAD = 0.1


def nothing_learnt(held_out: pl.DataFrame) -> str | None:
    """Say why predictions are no better than the prior rate, or None where they are.

    Parameters
    ----------
    held_out
        One row per customer and validation cutoff: cutoff, label, and p from a calibration that
        the customer did not take part in.

    Returns
    -------
    str or None
        The AUC, mean over cutoffs, has an interval that covers 0.5, or probabilities hardly differ.

    References
    ----------
    Hanley and McNeil (1982), The meaning and use of the area under a ROC curve.
    """
    areas, variances = [], []
    for _, part in held_out.sort("cutoff").group_by("cutoff", maintain_order=True):
        y, p = part["label"].to_numpy(), part["p"].to_numpy()
        positives = int(y.sum())
        if 0 < positives < y.size:
            area = auc(y, p)
            areas.append(area)
            variances.append(_hanley_mcneil(area, positives, y.size - positives))
    if not areas:
        return "no validation fold has both classes"
    area, error = float(np.mean(areas)), float(np.sqrt(np.sum(variances)) / len(areas))
    if area - Z95 * error <= 0.5:
        return f"validation AUC {area:.3f} +- {Z95 * error:.3f} is not above 0.5"
    spread, rate = (
        float(np.std(held_out["p"].to_numpy())),
        float(np.mean(held_out["label"].to_numpy())),
    )
    if spread < LEAST_SPREAD * rate:
        return f"probabilities hardly differ: standard deviation {spread:.5f}"
    return None


def _hanley_mcneil(area: float, positives: int, negatives: int) -> float:
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (positives - 1) * (q1 - area**2) + (negatives - 1) * (q2 - area**2)
    return max(spread, 0.0) / (positives * negatives)
