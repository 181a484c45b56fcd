"""How a model's inputs were spread over its training rows: what later ones are held against."""

from collections.abc import Sequence

import polars as pl

from gosales_assets.models.bundle.model import REFERENCE_FILE, StoredModel
from gosales_assets.models.bundle.table_files import read_table
from gosales_checks.measures.reference_bins import BINS_SCHEMA, fit_bins

REFERENCE_SCHEMA = pl.Schema({**BINS_SCHEMA, "customer_count": pl.Int64()})


def reference_of(fitted: pl.DataFrame, features: Sequence[str]) -> pl.DataFrame:
    """Cut a model's inputs into bins over the rows that it was fitted on.

    Parameters
    ----------
    fitted
        Those rows: one per customer and training cutoff.
    features
        The inputs.

    Returns
    -------
    polars.DataFrame
        `REFERENCE_SCHEMA`, by feature and bin. `customer_count`: a customer has a row at each
        cutoff, and they are much alike; chance goes by customers.
    """
    customers = pl.lit(fitted["customer_id"].n_unique(), pl.Int64)
    return fit_bins(fitted, features).with_columns(customer_count=customers)


def read_reference(model: StoredModel) -> pl.DataFrame:
    """Read the reference of a model; empty where it has none.

    Raises
    ------
    BundleError
        When the file is damaged.
    """
    files = {} if model.reference is None else {REFERENCE_FILE: model.reference}
    return read_table(files, REFERENCE_FILE, REFERENCE_SCHEMA)
