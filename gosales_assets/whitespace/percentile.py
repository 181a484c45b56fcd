"""Percentiles by average rank, the same to the bit in every run."""

import numpy as np
import polars as pl
from scipy.stats import rankdata


def percentile(values: pl.Expr) -> pl.Expr:
    """Return (average rank - 1/2) / count per row; null stays null and is not counted.

    Parameters
    ----------
    values
        Numbers to rank, low to high.

    Returns
    -------
    polars.Expr
        Float64 between 0 and 1.

    Examples
    --------
    >>> pl.select(percentile(pl.lit(pl.Series([5.0, 1.0, None, 5.0])))).to_series().to_list()
    [0.6666666666666666, 0.16666666666666666, None, 0.6666666666666666]
    """
    return values.map_batches(_percentiles, return_dtype=pl.Float64)


def percentiles_of(values: np.ndarray) -> np.ndarray:
    """Return the same of an array without missing values.

    Examples
    --------
    >>> percentiles_of(np.array([5.0, 1.0, 5.0])).tolist()
    [0.6666666666666666, 0.16666666666666666, 0.6666666666666666]
    """
    # Divided by NumPy: a table library's division by a scalar after a join differed in the last
    # bit between runs (polars 2.1, one row in a hundred).
    return (rankdata(values, method="average") - 0.5) / max(values.size, 1)


def _percentiles(values: pl.Series) -> pl.Series:
    known = values.is_not_null()
    found = np.full(values.len(), np.nan)
    found[known.to_numpy()] = percentiles_of(values.filter(known).to_numpy())
    return pl.Series(values.name, found, dtype=pl.Float64, nan_to_null=True)
