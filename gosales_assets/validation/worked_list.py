"""The rows of a published list with what became of them, and the orders that it is held against."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from gosales_checks.contracts.validation import CHALLENGER, PUBLISHED
from gosales_checks.measures.captured import Pairs
from gosales_checks.measures.ranking import tie_breaker
from gosales_resources.sources.cells import CENTS

# Name -> score per row, more is better.
ORDERS: Mapping[str, pl.Expr] = {
    PUBLISHED: -pl.col("place").cast(pl.Float64),
    "p": pl.col("p_icp"),
    "ev": pl.col("ev").fill_null(0.0),
    "percentile": pl.col("p_icp_pct"),
    # What it does not score comes last.
    CHALLENGER: pl.col("score_challenger").fill_null(-1.0),
    "popularity": pl.col("popularity"),
    "rfm": pl.col("rfm_score").fill_null(0.0) * pl.col("popularity"),
    "last_year": pl.col("value_12m").fill_null(0.0),
}
TAKEN = ["customer_id", "division", "rfm_score", "value_12m"]


def worked_rows(listed: pl.LazyFrame, signals: pl.LazyFrame, labels: pl.LazyFrame) -> pl.DataFrame:
    """Put each row of a list beside its outcome.

    Parameters
    ----------
    listed
        `whitespace` of a cutoff.
    signals
        `whitespace_signals` of all its divisions.
    labels
        `labels` of the same.

    Returns
    -------
    polars.DataFrame
        The list's rows of the divisions whose window has ended, by place, with label, net value in
        whole cents, and what the orders go by. Empty where no window has ended.
    """
    owners = signals.group_by("division").agg(popularity=1.0 - pl.col("is_whitespace").mean())
    return (
        listed.join(outcomes(labels), on=["customer_id", "division"])
        .join(signals.select(TAKEN), on=["customer_id", "division"], how="left")
        .join(owners, on="division", how="left")
        .sort("place")
        .collect()
    )


def outcomes(labels: pl.LazyFrame) -> pl.LazyFrame:
    """Return label and net value in whole cents where the window has ended."""
    return labels.filter(~pl.col("is_censored")).select(
        "customer_id",
        "division",
        "label",
        cents=(pl.col("net_value_window") * CENTS).round().cast(pl.Int64),
    )


def pairs_of(rows: pl.DataFrame, codes: Mapping[str, int]) -> Pairs:
    """Return rows as the measures take them.

    Parameters
    ----------
    rows
        `worked_rows`.
    codes
        Customer -> its number, from 0: what resamples draw.
    """
    customers = rows["customer_id"].to_list()
    divisions = rows["division"].rank("dense").cast(pl.Int64)
    return Pairs(
        customer=np.array([codes[customer] for customer in customers], dtype=np.int64),
        ties=tie_breaker(customers),
        division=divisions.to_numpy(),
        label=rows["label"].to_numpy(),
        cents=rows["cents"].to_numpy(),
    )


def codes_of(lists: Sequence[pl.DataFrame]) -> dict[str, int]:
    """Give the customers of several lists one number each, in the order of their ids."""
    ids = sorted({customer for rows in lists for customer in rows["customer_id"].to_list()})
    return {customer: at for at, customer in enumerate(ids)}


def scores_of(rows: pl.DataFrame) -> dict[str, np.ndarray]:
    """Return order -> score per row; without the challenger's where nothing was learnt."""
    is_learnt = rows["score_challenger"].null_count() < rows.height
    return {
        name: rows.select(score).to_series().to_numpy()
        for name, score in ORDERS.items()
        if name != CHALLENGER or is_learnt
    }
