"""What a list put before people, so that the next one knows whom they have been told of."""

import polars as pl


def surfaced_rows(table: pl.LazyFrame) -> pl.LazyFrame:
    """Return the rows of a list within the capacity, as a surfacing log.

    Parameters
    ----------
    table
        `whitespace` of a cutoff.

    Returns
    -------
    polars.LazyFrame
        `surfaced`: one row per selected customer and division, in the order of the list.
    """
    return (
        table.filter(pl.col("is_selected"))
        .sort("place")
        .select("customer_id", "division", "rep", "rank", "seat", surfaced_date="cutoff")
    )
