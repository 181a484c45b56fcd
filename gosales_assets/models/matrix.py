"""The training matrix: features and labels of the training cutoffs, joined where it is used."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from gosales_checks.measures.ranking import tie_breaker
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


def sample_rows(pairs: Sequence[tuple[pl.LazyFrame, pl.LazyFrame]], most: int) -> pl.DataFrame:
    """Stack features and labels of all targets at one cutoff, for a sample of customers.

    Parameters
    ----------
    pairs
        Features and labels of each target, one row per customer of the same population.
    most
        About how many rows.

    Returns
    -------
    polars.DataFrame
        `pooled_rows`, sorted by division and customer: the customers whose hash is below a bound,
        so that they are the same at every cutoff and in every division.
    """
    population = pairs[0][0].select("customer_id").collect()["customer_id"]
    share = min(1.0, most / max(population.len() * len(pairs), 1))
    bound = int(share * (2**64 - 1))
    drawn = population.filter(pl.Series(tie_breaker(population.to_list()) <= bound)).implode()
    parts = [
        features.filter(pl.col("customer_id").is_in(drawn))
        .join(labels.select("customer_id", "label", "window_end", "is_censored"), on="customer_id")
        .collect()
        for features, labels in pairs
    ]
    return pl.concat(parts).sort("division", "customer_id")


def stack_rows(parts: Sequence[pl.LazyFrame], cutoff: dt.date) -> pl.DataFrame:
    """Stack those `pooled_rows` of the training cutoffs whose outcome is known at `cutoff`."""
    known_by_then = ~pl.col("is_censored") & (pl.col("window_end") <= cutoff)
    frames = [part.filter(known_by_then).drop("is_censored").collect() for part in parts]
    known = [frame for frame in frames if frame.height]
    if not known:
        return pl.DataFrame()
    return pl.concat(known).sort("cutoff", "division", "customer_id")
