"""The roster as of a cutoff: every customer known by then, its attributes of the day, its segment."""

import datetime as dt

import polars as pl

from gosales_assets.accounts.observations import SeenDates
from gosales_resources.dates import history_window


def build_dim_customer(
    cutoff: dt.date, history: pl.LazyFrame, seen: SeenDates, assets: pl.LazyFrame, warm_months: int
) -> pl.DataFrame:
    """Build the roster of a cutoff.

    Parameters
    ----------
    cutoff
        As-of date.
    history
        `dim_customer_history` of the cutoff: everyone in the sales log, the asset register or the
        CRM by then has a current version in it.
    seen
        When customers were seen in the log.
    assets
        `fact_assets` of the cutoff.
    warm_months
        A customer is warm that bought within so many months.

    Returns
    -------
    polars.DataFrame
        `dim_customer`, one row per customer, sorted by customer_id.
    """
    # A register may be larger than memory.
    owning = assets.select("customer_id").unique().collect(engine="streaming")
    owners = owning.lazy().with_columns(has_asset=pl.lit(value=True))
    bought = pl.col("last_purchase_date").is_not_null()
    warm = history_window(cutoff, warm_months).contains("last_purchase_date")
    return (
        history.filter(pl.col("valid_to").is_null())
        .drop("version_number", "valid_from", "valid_to")
        .join(seen.at(cutoff).lazy(), on="customer_id", how="left")
        .join(owners, on="customer_id", how="left")
        # Not among the owners of the register is a fact, not an unknown.
        .with_columns(pl.col("has_asset").fill_null(value=False), is_buyer=bought)
        .with_columns(
            segment=pl.when(warm)
            .then(pl.lit("warm"))
            .when(pl.col("is_buyer") | pl.col("has_asset"))
            .then(pl.lit("cold"))
            .otherwise(pl.lit("prospect"))
        )
        .drop("last_purchase_date")
        .sort("customer_id")
        .collect()
    )
