"""Vectors of customers and SKUs at one cutoff, by alternating least squares on implicit feedback.

Fitted anew for each cutoff; no state survives. Vectors of two cutoffs cannot be compared: models
see similarities made of them (`families/als.py`), never the factors. Vectors of customers by what
they have installed are a space of their own, for the order of the list alone.
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
    units = bought["cents"].clip(lower_bound=0) / CENTS
    of = pl.DataFrame({"customer_id": bought["customer_id"], "item": bought["sku"], "units": units})
    customers, skus = _factorise(of, settings)
    return pl.concat([_table("customer", *customers, cutoff), _table("sku", *skus, cutoff)])


def fit_installed(assets: pl.LazyFrame, cutoff: dt.date, settings: AlsSettings) -> pl.DataFrame:
    """Fit customer factors on the installed base, ever owned by the cutoff, by item rollup.

    Parameters
    ----------
    assets
        Bought by the cutoff (`installed_by`).
    cutoff
        As-of date.
    settings
        Size, confidence and seed; confidence is 1 + alpha log(1 + units).

    Returns
    -------
    polars.DataFrame
        `embeddings` of kind `installed`, sorted by customer; empty without an asset.
    """
    owned = (
        assets.group_by("customer_id", item="item_rollup")
        # A row of the register is one unit at least; exact in whatever order it is summed up.
        .agg(units=pl.col("quantity").fill_null(1).sum().cast(pl.Float64))
        .sort("customer_id", "item")
        .collect()
    )
    customers, _ = _factorise(owned, settings)
    return _table("installed", *customers, cutoff)


def installed_by(assets: pl.LazyFrame, cutoff: dt.date) -> pl.LazyFrame:
    """Return the rows of `fact_assets` that were bought by the cutoff."""
    return assets.filter(pl.col("effective_purchase_date") <= cutoff)


Factors = tuple[pl.Series, np.ndarray]
"""Ids, sorted, and a vector each."""


def _factorise(of: pl.DataFrame, settings: AlsSettings) -> tuple[Factors, Factors]:
    """Fit factors of customers and items: `of` has a row per pair, sorted, and its units."""
    customers, items = (of[name].unique().sort() for name in ("customer_id", "item"))
    if of.is_empty():
        nothing = np.empty((0, settings.factors))
        return (customers, nothing), (items, nothing)
    at = (of[name].rank("dense").cast(pl.Int32).to_numpy() - 1 for name in ("customer_id", "item"))
    confidence = (1 + settings.alpha * np.log1p(of["units"].to_numpy())).astype(np.float32)
    matrix = csr_matrix((confidence, tuple(at)), shape=(customers.len(), items.len()))
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
    return (customers, np.asarray(model.user_factors)), (items, np.asarray(model.item_factors))


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
