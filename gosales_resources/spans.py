"""Cuts tables that are larger than memory along their customers."""

import polars as pl

CUSTOMER = "customer_id"


def customer_spans(counts: pl.DataFrame, rows: int) -> list[tuple[str, str]]:
    """Split customers into runs of about so many rows.

    Parameters
    ----------
    counts
        customer_id and row_count; a customer may be there several times.
    rows
        Rows of a run; one customer may have more.

    Returns
    -------
    list of tuple
        First and last customer of each run, both included, in rising order; a customer is in one.

    Examples
    --------
    >>> counts = pl.DataFrame({"customer_id": ["b", "a", "c"], "row_count": [2, 1, 2]})
    >>> customer_spans(counts, 3)
    [('a', 'b'), ('c', 'c')]
    """
    run = (pl.col("row_count").cum_sum() - 1) // rows
    return (
        counts.group_by(CUSTOMER)
        .agg(pl.col("row_count").sum())
        .sort(CUSTOMER)
        .group_by(run.alias("run"))
        .agg(first=pl.col(CUSTOMER).first(), last=pl.col(CUSTOMER).last())
        .sort("run")
        .select("first", "last")
        .rows()
    )


def inside(span: tuple[str, str]) -> pl.Expr:
    """Return the expression that is true for rows of a run's customers."""
    first, last = span
    return pl.col(CUSTOMER).is_between(pl.lit(first), pl.lit(last))
