"""Where a customer stands in its buying life: tenure, gaps between purchase days, whether due."""

import polars as pl

from gosales_assets.features.asof import AsOf
from gosales_assets.features.declaration import ASOF, KEYS, Block, Family, Feature, Scope


def purchase_days(days: pl.LazyFrame, keys: list[str]) -> pl.LazyFrame:
    """Summarise the purchase days known at a cutoff.

    Parameters
    ----------
    days
        One row per keys and purchase day, sorted by keys and day.
    keys
        Customer, or customer and division.

    Returns
    -------
    polars.LazyFrame
        One row per keys, sorted: first and last day, their number, and gap statistics in days
        (null where there are fewer than two days).
    """
    gap = pl.col("day").diff().dt.total_days()
    count, total = pl.col("gap").count().cast(pl.Int64), pl.col("gap").sum()
    squares = (pl.col("gap") ** 2).sum()
    # From integer sums: a running variance depends, in its last bits, on how many threads ran.
    variance = (count * squares - total**2) / (count * (count - 1))
    return (
        days.with_columns(same=pl.all_horizontal(pl.col(k) == pl.col(k).shift() for k in keys))
        .with_columns(gap=pl.when("same").then(gap))
        .group_by(keys, maintain_order=True)
        .agg(
            first_day=pl.col("day").first(),
            last_day=pl.col("day").last(),
            day_count=pl.len(),
            gap_mean=pl.when(count > 0).then(total / count),
            gap_last=pl.col("gap").last(),
            gap_std=pl.when(count > 1).then(variance.sqrt()),
        )
    )


def _lifecycle(world: AsOf, scope: Scope) -> list[Block]:
    since_last = (pl.lit(world.cutoff) - pl.col("last_day")).dt.total_days()
    tenure = (pl.lit(world.cutoff) - pl.col("first_day")).dt.total_days()
    due = since_last / pl.col("gap_mean")
    features = [
        Feature(
            "lifecycle",
            scope,
            "tenure_days",
            ASOF,
            tenure,
            pl.Int32,
            "days",
            "Days since the first purchase",
        ),
        Feature(
            "lifecycle",
            scope,
            "purchase_days",
            ASOF,
            pl.col("day_count"),
            pl.Int32,
            "count",
            "Distinct purchase days ever",
            0,
        ),
        Feature(
            "lifecycle",
            scope,
            "gap_mean_days",
            ASOF,
            pl.col("gap_mean"),
            pl.Float64,
            "days",
            "Mean gap between purchase days; null below two",
        ),
        Feature(
            "lifecycle",
            scope,
            "gap_last_days",
            ASOF,
            pl.col("gap_last"),
            pl.Int32,
            "days",
            "Last gap between purchase days; null below two",
        ),
        Feature(
            "lifecycle",
            scope,
            "gap_std_days",
            ASOF,
            pl.col("gap_std"),
            pl.Float64,
            "days",
            "Standard deviation of the gaps; null below three purchase days",
        ),
        Feature(
            "lifecycle",
            scope,
            "due_ratio",
            ASOF,
            due,
            pl.Float64,
            "ratio",
            "Days since the last purchase over the mean gap: above 1 is overdue",
        ),
    ]
    return [Block(purchase_days(world.days(scope), KEYS[scope]), features)]


LIFECYCLE = Family("lifecycle", "Tenure, gaps between purchase days, whether due.", _lifecycle)
