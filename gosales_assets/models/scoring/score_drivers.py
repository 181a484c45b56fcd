"""The drivers that a score names: for whom, and as what text.

TreeSHAP takes a hundred times as long as the score itself, so the best of each slice get it: those
that a list can reach.
"""

import numpy as np
import polars as pl

from gosales_checks.measures.ordering import top_count

SEPARATOR = "; "


def worth_explaining(scored: pl.DataFrame, frac: float) -> pl.Series:
    """Return the places of the best rows of each slice, ascending.

    Parameters
    ----------
    scored
        p_icp, margin, is_whitespace, customer_id, in their final order.
    frac
        Share of each slice; ties go by customer_id.
    """
    if frac == 0 or scored.is_empty():
        return pl.Series([], dtype=pl.UInt32)
    best = (
        scored.with_row_index("at")
        .sort("p_icp", "margin", "customer_id", descending=[True, True, False])
        .select("at", "is_whitespace")
    )
    parts = []
    for white in (True, False):
        mine = best.filter(pl.col("is_whitespace") == white)["at"]
        if mine.len():
            parts.append(mine.head(top_count(mine.len(), frac)))
    return pl.concat(parts).sort()


def name_drivers(features: list[str], values: np.ndarray, shown: int) -> list[str | None]:
    """Write the strongest contributions of each row: `feature +0.42; other -0.17`.

    Parameters
    ----------
    features
        Names of the columns.
    values
        Contributions to the margin, rows x features.
    shown
        Most that are named; one that rounds to nothing is not.

    Returns
    -------
    list of str or None
        One per row; None where nothing contributes.

    Examples
    --------
    >>> name_drivers(["a", "b", "c"], np.array([[0.1, -0.5, 0.001]]), 2)
    ['b -0.50; a +0.10']
    """
    order = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :shown]
    strongest = np.take_along_axis(values, order, axis=1)
    texts = []
    for places, amounts in zip(order.tolist(), strongest.tolist(), strict=True):
        parts = [
            f"{features[at]} {amount:+.2f}"
            for at, amount in zip(places, amounts, strict=True)
            if abs(amount) >= 0.005
        ]
        texts.append(SEPARATOR.join(parts) or None)
    return texts
