"""What was made of a list: the selected rows that were called, won, rejected, by rep."""

import polars as pl

from gosales_checks.contracts.calls import LIST_CALLS
from gosales_checks.contracts.crm import OUTCOMES
from gosales_resources.dates import Window

NO_REP = "no rep"


def count_calls(
    listed: pl.LazyFrame, outcomes: pl.LazyFrame, window: Window, status: str
) -> pl.DataFrame:
    """Count what came of the selected rows of a list.

    Parameters
    ----------
    listed
        `whitespace` of the cutoff.
    outcomes
        `list_outcomes` of the latest cutoff that is known.
    window
        The label window: outcomes on its days count.
    status
        Whether all of it is known.

    Returns
    -------
    polars.DataFrame
        `list_calls`, by rep. A row that was won and called counts as both, each once; empty where
        nothing is selected.
    """
    found = (
        outcomes.filter(window.contains("outcome_date"))
        .group_by("customer_id", "division")
        .agg((pl.col("outcome") == kind).any().alias(kind) for kind in OUTCOMES)
    )
    # Whatever came of it, it was called.
    was_called = pl.any_horizontal(pl.col(kind).fill_null(value=False) for kind in OUTCOMES)
    return (
        listed.filter("is_selected")
        .select("customer_id", "division", rep=pl.col("rep").fill_null(NO_REP))
        .join(found, on=["customer_id", "division"], how="left")
        .group_by("rep")
        .agg(
            selected_count=pl.len().cast(pl.Int64),
            called_count=was_called.sum().cast(pl.Int64),
            won_count=pl.col("won").sum().cast(pl.Int64),
            rejected_count=pl.col("rejected").sum().cast(pl.Int64),
        )
        .with_columns(cutoff=pl.lit(window.start), status=pl.lit(status))
        .select(list(LIST_CALLS.schema.columns()))
        .sort("rep")
        .collect()
    )
