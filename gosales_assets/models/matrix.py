"""The training matrix: features and labels of the training cutoffs, joined where it is used."""

from collections.abc import Sequence

import polars as pl

from gosales_resources.errors import ContractError

LABEL_COLUMNS = ["customer_id", "label", "net_gp_window_usd", "window_end"]


def build_matrix(pairs: Sequence[tuple[pl.LazyFrame, pl.LazyFrame]]) -> pl.DataFrame:
    """Join features and labels of each training cutoff and stack them.

    Parameters
    ----------
    pairs
        Features and labels of one target at each training cutoff (see `mature_labels`), one row
        per customer.

    Returns
    -------
    polars.DataFrame
        One row per customer and training cutoff, sorted by both; empty without training cutoffs.
        `window_end` says when the row's label was known.

    Raises
    ------
    ContractError
        When features and labels of a cutoff do not have the same customers.
    """
    parts = []
    for features, labels in pairs:
        outcome = labels.select(LABEL_COLUMNS).collect()
        table = features.collect()
        joined = table.join(outcome, on="customer_id", how="inner")
        if not table.height == outcome.height == joined.height:
            raise ContractError(
                f"features have {table.height} customers, labels {outcome.height}, "
                f"{joined.height} in common: rematerialise both from the same dim_customer."
            )
        parts.append(joined)
    if not parts:
        return pl.DataFrame()
    return pl.concat(parts).sort("cutoff", "customer_id")
