"""Vectors of customers and SKUs at one cutoff, by alternating least squares on implicit feedback.

Fitted anew for each cutoff; no state survives. Vectors of two cutoffs cannot be compared: models
see similarities made of them (`families/als.py`), never the factors.
"""

import datetime as dt

import numpy as np
import polars as pl
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from gosales_resources.dates import history_window
from gosales_resources.settings.features import AlsSettings
from gosales_resources.sources.cells import CENTS


def fit_embeddings(lines: pl.LazyFrame, cutoff: dt.date, settings: AlsSettings) -> pl.DataFrame:
    """Fit customer and SKU factors on the look-back window.

    Parameters
    ----------
    lines
        Lines known at the cutoff (`purchase_lines`).
    cutoff
        As-of date.
    settings
        Window, size, confidence and seed.

    Returns
    -------
    polars.DataFrame
        `embeddings`: customers, then SKUs, each sorted by id; empty without a purchase.

    References
    ----------
    Hu, Koren and Volinsky (2008): a purchase is preference 1 with confidence
    1 + alpha log(1 + value in units of the home currency); no purchase is preference 0 with confidence 1.
    """
    bought = _purchases(lines, cutoff, settings.als_lookback_months).collect()
    if bought.is_empty():
        return _table("customer", bought["customer_id"], np.empty((0, settings.factors)), cutoff)
    customers, skus = (bought[name].unique().sort() for name in ("customer_id", "sku"))
    value = bought["cents"].clip(lower_bound=0).to_numpy() / CENTS
    at = (
        bought[name].rank("dense").cast(pl.Int32).to_numpy() - 1 for name in ("customer_id", "sku")
    )
    confidence = (1 + settings.alpha * np.log1p(value)).astype(np.float32)
    matrix = csr_matrix((confidence, tuple(at)), shape=(customers.len(), skus.len()))
    # Two BLAS threads may add in another order than one.
    with threadpool_limits(1):
        model = AlternatingLeastSquares(
            factors=settings.factors,
            regularization=settings.regularization,
            iterations=settings.iterations,
            dtype=np.float32,
            num_threads=1,
            random_state=settings.seed,
        )
        model.fit(matrix, show_progress=False)
    return pl.concat(
        [
            _table("customer", customers, np.asarray(model.user_factors), cutoff),
            _table("sku", skus, np.asarray(model.item_factors), cutoff),
        ]
    )


def _purchases(lines: pl.LazyFrame, cutoff: dt.date, months: int) -> pl.LazyFrame:
    """Sum up the value of each customer's SKUs with a purchase in the window, sorted."""
    keys = ["customer_id", "sku"]
    return (
        lines.filter(history_window(cutoff, months).contains("order_date"))
        .group_by(keys)
        .agg(cents=pl.col("gp_cents").sum(), bought=pl.col("is_purchase").any())
        .filter("bought")
        .sort(keys)
    )


def _table(kind: str, ids: pl.Series, factors: np.ndarray, cutoff: dt.date) -> pl.DataFrame:
    vectors = pl.Series(
        "factors", factors.astype(np.float32), pl.Array(pl.Float32, factors.shape[1])
    )
    return pl.DataFrame({"id": ids, "factors": vectors.cast(pl.List(pl.Float32))}).select(
        pl.lit(kind).alias("kind"), "id", pl.lit(cutoff).alias("cutoff"), "factors"
    )
