"""How two columns of a log hang together: one value of the one, one value of the other."""

import polars as pl

from gosales.onboarding.profile import share_of
from gosales_resources.sources.cells import text

# Shares from which a dependency holds (an invoice has one customer): the rest are slips.
HOLDS = 0.98
FEWEST_RUNS = 3


def one_to_one(frame: pl.DataFrame, one: str, other: str) -> bool:
    """Tell whether two columns say the same in other words.

    Parameters
    ----------
    frame
        Rows of a sample.
    one, other
        Columns of it.

    Returns
    -------
    bool
        True where at least `HOLDS` of the values of each go with one value of the other.
    """
    return determines(frame, one, other) >= HOLDS and determines(frame, other, one) >= HOLDS


def determines(frame: pl.DataFrame, one: str, other: str) -> float:
    """Return the share of the values of one column that go with a single value of the other.

    Parameters
    ----------
    frame
        Rows of a sample.
    one, other
        Columns of it; rows with a blank in either do not count.

    Returns
    -------
    float
        0 to 1; 0 without a row that has both.
    """
    pairs = frame.select(text(one).alias("one"), text(other).alias("other")).drop_nulls()
    counts = pairs.group_by("one").agg(pl.col("other").n_unique())
    return share_of(counts["other"] == 1) if counts.height else 0.0


def is_filled_once_per_group(frame: pl.DataFrame, column: str) -> bool:
    """Tell whether a column has its value on the first row of each group alone, blank below.

    Parameters
    ----------
    frame
        Consecutive rows of a sample.
    column
        One of it.

    Returns
    -------
    bool
        True where the first row is filled, blanks follow, and no value comes twice in a row.
    """
    cells = frame.select(text(column)).to_series()
    if not cells.len() or cells[0] is None:
        return False
    filled = cells.drop_nulls()
    repeated = share_of((filled == filled.shift()).fill_null(value=False))
    runs = int((cells.is_null() & cells.shift().is_not_null()).sum())
    return runs >= FEWEST_RUNS and repeated <= 1 - HOLDS
