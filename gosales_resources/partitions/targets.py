"""Which lines count for a target: the one place that labels and features both go by.

A target is a division, whose lines all count, or a named set of SKUs, whose lines count in
whatever division they are.
"""

import polars as pl

from gosales_resources.settings.base import slugify
from gosales_resources.settings.divisions import DivisionSettings


def counts_for(target: str, divisions: DivisionSettings) -> pl.Expr:
    """Return the expression that is true for lines of a target.

    Parameters
    ----------
    target
        Slug of a division or of a set of SKUs.
    divisions
        The sets there are.

    Returns
    -------
    polars.Expr
        Over the columns `division` and `sku` of a table of lines.
    """
    skus = divisions.skus_of(target)
    return pl.col("division") == target if skus is None else pl.col("sku").is_in(skus)


def with_sets(lines: pl.LazyFrame, divisions: DivisionSettings) -> pl.LazyFrame:
    """Repeat lines for the targets that are sets of SKUs, in one pass for all.

    Parameters
    ----------
    lines
        Any table of lines with `division` and `sku`.
    divisions
        The sets there are.

    Returns
    -------
    polars.LazyFrame
        The same columns: every line with its own division, and again with the name of each set
        that has its SKU in place of it. In no particular order.
    """
    pairs = [
        (sku, slugify(name)) for name, skus in divisions.sku_targets.items() for sku in set(skus)
    ]
    sets = pl.LazyFrame(pairs, schema={"sku": pl.String, "division": pl.String}, orient="row")
    again = lines.drop("division").join(sets, on="sku", how="inner")
    return pl.concat([lines, again.select(lines.collect_schema().names())])
