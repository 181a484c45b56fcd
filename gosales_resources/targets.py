"""Which lines count for a target: the one place that labels and features both go by.

A target is a division, whose lines all count, or a named set of SKUs, whose lines count in
whatever division they are.
"""

import polars as pl

from gosales_resources.settings.base import slugify
from gosales_resources.settings.tree import DivisionSettings


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


def by_target(lines: pl.LazyFrame, divisions: DivisionSettings) -> pl.LazyFrame:
    """Give each line every target that it counts for, in one pass.

    Parameters
    ----------
    lines
        Any table of lines with `division` and `sku`.
    divisions
        Which sets of SKUs there are, and which divisions get no model.

    Returns
    -------
    polars.LazyFrame
        The same columns; `division` is now the target. A line is there once for its own division,
        if that is a target, and once for each set that has its SKU; other lines are left out. In
        no particular order.
    """
    own = lines.filter(pl.col("division").is_in(divisions.targets))
    pairs = [
        (sku, slugify(name)) for name, skus in divisions.sku_targets.items() for sku in set(skus)
    ]
    if not pairs:
        return own
    sets = pl.LazyFrame(pairs, schema={"sku": pl.String, "division": pl.String}, orient="row")
    columns = lines.collect_schema().names()
    again = lines.drop("division").join(sets, on="sku", how="inner").select(columns)
    return pl.concat([own, again])
