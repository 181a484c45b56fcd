"""Values of features cut into bins by a reference, and rows counted in them.

The bins are the reference's alone: what is counted later moves none. What two counts say of each other
is `stability`.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

RANGES = 10
# A value that so many rows of the reference have is a bin of its own, as zero always is.
SPECIAL_FRAC = 0.05
MOST_SPECIAL = 10
MOST_LEVELS = 20
MISSING, SPECIAL, RANGE, LEVEL, OTHER = "missing", "special", "range", "level", "other"
BINS_SCHEMA = pl.Schema(
    {
        "feature": pl.String(),
        "bin": pl.Int64(),
        "kind": pl.String(),
        # Of a range: above `low`, up to `high`; null for no end. Of a special value both are it.
        "low": pl.Float64(),
        "high": pl.Float64(),
        "level": pl.String(),
        "count": pl.Int64(),
    }
)


def fit_bins(table: pl.DataFrame, features: Sequence[str]) -> pl.DataFrame:
    """Cut the values of features into bins and count the rows in each.

    A number has a bin for missing, one for zero, one for each value that a twentieth of the rows
    have, and tenths of the rest; a text or a truth value one for missing, one for each of its most
    frequent values, one for all others.

    Parameters
    ----------
    table
        The reference: at least the columns of `features`; may be empty.
    features
        Names of columns: numbers, texts or truth values.

    Returns
    -------
    polars.DataFrame
        `BINS_SCHEMA`, by feature in the order given and bin from 0.

    Examples
    --------
    >>> table = pl.DataFrame({"x": [0.0, 0.0, 3.0, 3.0, 7.0, None]})
    >>> fit_bins(table, ["x"]).select("kind", "low", "count").rows()
    [('missing', None, 1), ('special', 0.0, 2), ('special', 3.0, 2), ('range', None, 1)]
    """
    parts = []
    for feature in features:
        column = table[feature]
        cut = _number_bins(column) if column.dtype.is_numeric() else _level_bins(column)
        parts.append(cut.with_columns(feature=pl.lit(feature), count=pl.lit(0, pl.Int64)))
    if not parts:
        return pl.DataFrame(schema=BINS_SCHEMA)
    bins = pl.concat(
        part.with_row_index("bin").select(pl.col(n).cast(t) for n, t in BINS_SCHEMA.items())
        for part in parts
    )
    return bins.with_columns(count=count_rows(bins, table))


def count_rows(bins: pl.DataFrame, table: pl.DataFrame) -> pl.Series:
    """Count the rows of a table in the bins of a reference.

    Parameters
    ----------
    bins
        `BINS_SCHEMA`, as `fit_bins` returns it.
    table
        At least the columns that it has bins of.

    Returns
    -------
    polars.Series
        Int64, one per row of `bins`; those of a feature sum to the rows of the table.
    """
    counted = count_groups(bins, table, np.zeros(table.height, np.int64), 1)
    return pl.Series("count", counted[0])


def count_groups(
    bins: pl.DataFrame, table: pl.DataFrame, group: np.ndarray, groups: int
) -> np.ndarray:
    """Count the rows of each group of a table in the bins of a reference.

    Parameters
    ----------
    bins, table
        As `count_rows`.
    group
        Number of each row's group, from 0.
    groups
        How many there are.

    Returns
    -------
    numpy.ndarray
        Int64, groups x rows of `bins`.
    """
    counted = [np.empty((groups, 0), np.int64)]
    for (feature,), cut in bins.group_by("feature", maintain_order=True):
        column = table[str(feature)]
        codes = _number_codes(cut, column) if column.dtype.is_numeric() else _codes(cut, column)
        places = np.bincount(group * cut.height + codes, minlength=groups * cut.height)
        counted.append(places.reshape(groups, cut.height))
    return np.concatenate(counted, axis=1).astype(np.int64)


def _number_bins(column: pl.Series) -> pl.DataFrame:
    values = column.cast(pl.Float64).to_numpy()
    known = values[~np.isnan(values)]
    different, counts = np.unique(known, return_counts=True)
    often = different[counts >= max(SPECIAL_FRAC * len(known), 2)]
    if len(often) > MOST_SPECIAL:
        most = np.lexsort((different, -counts))[:MOST_SPECIAL]
        often = different[most]
    special = np.unique(np.concatenate([[0.0], often + 0.0]))
    rest = known[~np.isin(known, special)]
    edges = np.empty(0)
    if len(rest) >= RANGES:
        parts = np.arange(1, RANGES) / RANGES
        edges = np.unique(np.quantile(rest, parts, method="inverted_cdf"))
    lows, highs = [None, *edges.tolist()], [*edges.tolist(), None]
    rows = [
        (MISSING, None, None),
        *((SPECIAL, value, value) for value in special.tolist()),
        *((RANGE, low, high) for low, high in zip(lows, highs, strict=True)),
    ]
    cut = pl.DataFrame(
        rows, schema={"kind": pl.String, "low": pl.Float64, "high": pl.Float64}, orient="row"
    )
    return cut.with_columns(level=pl.lit(None, pl.String))


def _level_bins(column: pl.Series) -> pl.DataFrame:
    counts = column.drop_nulls().cast(pl.String).alias("level").value_counts(name="rows")
    levels = counts.sort("rows", "level", descending=[True, False])["level"].head(MOST_LEVELS)
    kinds = [MISSING, *[LEVEL] * len(levels), OTHER]
    nothing = pl.lit(None, pl.Float64)
    cut = pl.DataFrame(
        {"kind": kinds, "level": [None, *levels, None]}, schema_overrides={"level": pl.String}
    )
    return cut.with_columns(low=nothing, high=nothing)


def _number_codes(cut: pl.DataFrame, column: pl.Series) -> np.ndarray:
    values = column.cast(pl.Float64).to_numpy()
    special = cut.filter(kind=SPECIAL)["low"].to_numpy()
    edges = cut.filter(kind=RANGE)["high"].drop_nulls().to_numpy()
    codes = 1 + len(special) + np.searchsorted(edges, values, side="left")
    at = np.minimum(np.searchsorted(special, values), max(len(special) - 1, 0))
    codes = np.where(special[at] == values, 1 + at, codes)
    return np.where(np.isnan(values), 0, codes)


def _codes(cut: pl.DataFrame, column: pl.Series) -> np.ndarray:
    levels = cut.filter(kind=LEVEL).select(value="level", code="bin")
    found = pl.DataFrame({"value": column.cast(pl.String)}).join(
        levels, on="value", how="left", maintain_order="left"
    )
    is_missing = pl.col("value").is_null()
    coded = pl.when(is_missing).then(0).otherwise(pl.col("code").fill_null(cut.height - 1))
    return found.select(code=coded)["code"].to_numpy()
