"""Cuts an increment for what is made of it: by division, or by customer where it is long.

The first increment holds all history before the first cutoff; it may be larger than memory.
"""

from collections.abc import Iterator

import polars as pl

from gosales_assets.star.history import build_purchase_history
from gosales_resources.partitions.customer_ranges import customer_ranges

# Lines held at a time, about 0.5 KB each.
HELD_LINES = 2_000_000


def hold_short_increment(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Read a short increment once for all its divisions; a long one is scanned for each.

    Parameters
    ----------
    lines
        `sales_log` of one increment, as stored.

    Returns
    -------
    polars.LazyFrame
        The same rows, in memory where they are at most `HELD_LINES`.
    """
    return lines if _length(lines) > HELD_LINES else lines.collect().lazy()


def lines_of_division(lines: pl.LazyFrame, division: str) -> Iterator[pl.LazyFrame]:
    """Cut the lines of one division out of an increment, in consecutive parts.

    Parameters
    ----------
    lines
        `sales_log` of one increment.
    division
        Slug.

    Yields
    ------
    polars.LazyFrame
        Its lines in their order, at least one part; parts are the same wherever lines are held.
    """
    for start in range(0, max(_length(lines), 1), HELD_LINES):
        yield lines.slice(start, HELD_LINES).filter(pl.col("division") == division)


def purchase_history_in_parts(facts: pl.LazyFrame, value: str) -> Iterator[pl.LazyFrame]:
    """Build `purchase_history` of one increment customer after customer.

    Parameters
    ----------
    facts, value
        As of `build_purchase_history`.

    Yields
    ------
    polars.LazyFrame
        Consecutive parts of it, at least one: its order begins with the customer.
    """
    if _length(facts) <= HELD_LINES:
        yield build_purchase_history(facts, value)
        return
    counts = facts.group_by("customer_id").agg(row_count=pl.len().cast(pl.Int64))
    for span in customer_ranges(counts.collect(engine="streaming"), HELD_LINES):
        yield build_purchase_history(facts.filter(span.hold()), value)


def _length(table: pl.LazyFrame) -> int:
    return int(table.select(pl.len()).collect().item())
