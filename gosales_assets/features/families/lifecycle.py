"""Where a customer stands in its buying life: tenure, gaps between purchase days, whether due."""

import polars as pl

from gosales_assets.features.asof import AsOf
from gosales_assets.features.declaration import ASOF, Block, Family, Feature
from gosales_assets.features.scopes import KEYS, Scope


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
    bucket = _bucket(tenure, world.settings.features.tenure_bounds_days)
    due = since_last / pl.col("gap_mean")
    gaps = "of the gaps between purchase days; null below"
    rows: list[tuple] = [
        ("tenure_days", tenure, pl.Int32, "days", "Days since the first purchase"),
        (
            "tenure_bucket",
            bucket,
            pl.String,
            "category",
            "Days since the first purchase, in ranges",
        ),
        ("purchase_days", pl.col("day_count"), pl.Int32, "count", "Distinct purchase days ever", 0),
        ("gap_mean_days", pl.col("gap_mean"), pl.Float64, "days", f"Mean {gaps} two"),
        ("gap_last_days", pl.col("gap_last"), pl.Int32, "days", f"Last {gaps} two"),
        ("gap_std_days", pl.col("gap_std"), pl.Float64, "days", f"Standard deviation {gaps} three"),
        (
            "due_ratio",
            due,
            pl.Float64,
            "ratio",
            "Days since the last purchase over the mean gap: above 1 is overdue; null below two days",
        ),
    ]
    active = (pl.col("transaction_count") > 0).sum()
    text = "Calendar months with a purchase ever"
    months = Feature("lifecycle", scope, "active_months", ASOF, active, pl.Int32, "months", text, 0)
    return [
        Block(
            purchase_days(world.days(scope), KEYS[scope]),
            [Feature("lifecycle", scope, measure, ASOF, *rest) for measure, *rest in rows],
        ),
        Block(world.months(scope), [months], is_grouped=True),
    ]


def _bucket(days: pl.Expr, bounds: list[int]) -> pl.Expr:
    """Name the range that a number of days is in; null where it is."""
    starts = [0, *bounds]
    ends = [f"-{bound - 1}" for bound in bounds] + ["+"]
    names = [f"{start}{end}" for start, end in zip(starts, ends, strict=True)]
    found = pl.lit(names[-1])
    for bound, name in zip(reversed(bounds), reversed(names[:-1]), strict=True):
        found = pl.when(days < bound).then(pl.lit(name)).otherwise(found)
    return pl.when(days.is_not_null()).then(found)


LIFECYCLE = Family(
    "lifecycle",
    "Where a customer stands in its buying life: tenure, in days and in ranges "
    "(`features.tenure_bounds_days`), active months, gaps between purchase days, whether the next "
    "one is due. Returns are no purchase.",
    _lifecycle,
)
