"""Cuts tables that are larger than memory along their customers."""

from itertools import pairwise

import polars as pl

CUSTOMER = "customer_id"


def customer_spans(counts: pl.DataFrame, rows: int) -> list[pl.Expr]:
    """Split customers into runs of about so many rows.

    Parameters
    ----------
    counts
        customer_id and row_count; a customer may be there several times.
    rows
        Rows of a run; one customer may have more.

    Returns
    -------
    list of polars.Expr
        At least one, in rising order of customers; each is true for the rows of its run, and one of
        them for any customer, counted or not.

    Examples
    --------
    >>> counts = pl.DataFrame({"customer_id": ["b", "a", "c"], "row_count": [2, 1, 2]})
    >>> [counts.filter(span)["customer_id"].to_list() for span in customer_spans(counts, 3)]
    [['b', 'a'], ['c']]
    """
    run = (pl.col("row_count").cum_sum() - 1) // rows
    lasts = (
        counts.group_by(CUSTOMER)
        .agg(pl.col("row_count").sum())
        .sort(CUSTOMER)
        .group_by(run.alias("run"))
        .agg(pl.col(CUSTOMER).last())
        .sort("run")[CUSTOMER]
        .to_list()
    )
    return [_between(after, until) for after, until in pairwise([None, *lasts[:-1], None])]


def _between(after: str | None, until: str | None) -> pl.Expr:
    inside = pl.lit(value=True)
    if after is not None:
        inside &= pl.col(CUSTOMER) > after
    if until is not None:
        inside &= pl.col(CUSTOMER) <= until
    return inside
