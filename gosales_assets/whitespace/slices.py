"""The rows of one division of a list, as they stand in it."""

import polars as pl


def slice_of(listed: pl.LazyFrame, division: str) -> pl.DataFrame:
    """Cut one division's rows out of a list.

    Parameters
    ----------
    listed
        `whitespace` of a cutoff.
    division
        One that the list ranks.

    Returns
    -------
    polars.DataFrame
        `whitespace_slices`: the rows of the division with `rank_in_division`, by place. Empty where
        nobody of it is eligible.

    Examples
    --------
    >>> listed = pl.LazyFrame(
    ...     {"place": [1, 2, 3, 4], "rank": [1, 2, None, 3], "division": ["cad", "cam", "cam", "cam"]}
    ... )
    >>> slice_of(listed, "cam").rows()
    [(2, 2, 'cam', 1), (3, None, 'cam', None), (4, 3, 'cam', 2)]
    """
    is_ranked = pl.col("rank").is_not_null()
    return (
        listed.filter(pl.col("division") == division)
        .sort("place")
        .with_columns(rank_in_division=pl.when(is_ranked).then(is_ranked.cum_sum().cast(pl.Int64)))
        .collect()
    )
