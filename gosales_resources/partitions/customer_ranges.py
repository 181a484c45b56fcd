"""Cuts tables that are larger than memory along their customers."""

from dataclasses import dataclass
from itertools import pairwise

import polars as pl

CUSTOMER = "customer_id"


@dataclass(frozen=True)
class CustomerRange:
    """Customers after an id, up to and including another; None is no bound."""

    after: str | None = None
    until: str | None = None

    def hold(self, column: str = CUSTOMER) -> pl.Expr:
        """Tell whose rows are theirs."""
        inside = pl.lit(value=True)
        if self.after is not None:
            inside &= pl.col(column) > self.after
        if self.until is not None:
            inside &= pl.col(column) <= self.until
        return inside


EVERYONE = CustomerRange()


def customer_ranges(counts: pl.DataFrame, rows: int) -> list[CustomerRange]:
    """Split customers into runs of about so many rows.

    Parameters
    ----------
    counts
        customer_id and row_count; a customer may be there several times.
    rows
        Rows of a run; one customer may have more.

    Returns
    -------
    list of CustomerRange
        At least one, in rising order of customers; one of them holds any customer, counted or not.

    Examples
    --------
    >>> counts = pl.DataFrame({"customer_id": ["b", "a", "c"], "row_count": [2, 1, 2]})
    >>> spans = customer_ranges(counts, 3)
    >>> [counts.filter(span.hold())["customer_id"].to_list() for span in spans]
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
    return [CustomerRange(after, until) for after, until in pairwise([None, *lasts[:-1], None])]
