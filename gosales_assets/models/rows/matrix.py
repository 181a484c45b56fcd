"""The training matrix: features and labels of the training cutoffs, joined where it is used."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from gosales_checks.measures.draws import drawn_customers
from gosales_resources.errors import ContractError

LABEL_COLUMNS = ["customer_id", "label", "net_value_window", "window_end"]


def build_matrix(
    pairs: Sequence[tuple[pl.LazyFrame, pl.LazyFrame]], most: int | None = None
) -> pl.DataFrame:
    """Join features and labels of each training cutoff and stack them.

    Parameters
    ----------
    pairs
        Features and labels of one target at each training cutoff (see `mature_labels`), one row
        per customer.
    most
        About how many rows; None for all. A sample is of customers, the same ones at every cutoff.

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
    outcomes = [labels.select(LABEL_COLUMNS).collect() for _, labels in pairs]
    share = min(1.0, most / max(sum(map(len, outcomes)), 1)) if most else 1.0
    parts = []
    for (features, _), known in zip(pairs, outcomes, strict=True):
        outcome, table = known, features
        if share < 1.0:
            outcome = known.join(drawn_customers(known["customer_id"], share), on="customer_id")
            table = features.join(
                outcome.select("customer_id").lazy(), on="customer_id", how="semi"
            )
        table = table.collect()
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
    drawn = drawn_customers(population, share).lazy()
    parts = [
        features.join(drawn, on="customer_id", how="semi")
        .join(labels.select(*LABEL_COLUMNS, "is_censored"), on="customer_id")
        .collect()
        for features, labels in pairs
    ]
    return pl.concat(parts).sort("division", "customer_id")


def stack_rows(parts: Sequence[pl.LazyFrame], cutoff: dt.date) -> pl.DataFrame:
    """Stack those `pooled_rows` of the training cutoffs whose outcome is known by then.

    Parameters
    ----------
    parts
        `pooled_rows`, one table per training cutoff.
    cutoff
        As of which a model is trained.

    Returns
    -------
    polars.DataFrame
        One row per cutoff, division and customer, sorted by them, without `is_censored`; empty, without
        columns, where no outcome is known.
    """
    known_by_then = ~pl.col("is_censored") & (pl.col("window_end") <= cutoff)
    frames = [part.filter(known_by_then).drop("is_censored").collect() for part in parts]
    known = [frame for frame in frames if frame.height]
    if not known:
        return pl.DataFrame()
    return pl.concat(known).sort("cutoff", "division", "customer_id")
