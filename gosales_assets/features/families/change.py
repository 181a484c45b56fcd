"""Where a customer is heading: this year against the one before, and the course of its months."""

from functools import partial

import polars as pl

from gosales_assets.features.asof import AsOf
from gosales_assets.features.declaration import Block, Family, Feature, divide
from gosales_assets.features.families.rfm import sum_in
from gosales_assets.features.scopes import KEYS, Scope
from gosales_checks.contracts.contract import HOME_CURRENCY
from gosales_resources.dates import Window, history_window, shift_months
from gosales_resources.sources.cells import CENTS

# Monthly sum -> measure, what it is made of, unit, what one unit of the feature is of the sum's.
COURSES = (
    ("transaction_count", "transactions", "Distinct invoices", "count", 1),
    ("gp_cents", "gp_sum", "Net value", HOME_CURRENCY, CENTS),
)


def _delta(world: AsOf, scope: Scope) -> list[Block]:
    count = world.settings.features.delta_months
    recent = history_window(world.cutoff, count)
    before = Window(shift_months(world.cutoff, -2 * count), recent.start)
    features = []
    for column, measure, text, unit, scale in COURSES:
        now, then = sum_in(recent, column), sum_in(before, column)
        dtype = pl.Int32 if scale == 1 else pl.Float64
        change = now - then if scale == 1 else divide(now - then, scale)
        declare = partial(Feature, "delta", scope)
        spans = f"the last {count} months", f"the {count} before"
        features += [
            declare(
                measure,
                f"{count}m",
                change,
                dtype,
                unit,
                f"{text} in {spans[0]} less those in {spans[1]}",
                0,
            ),
            declare(
                f"{measure}_ratio",
                f"{count}m",
                pl.when(then > 0).then(now / then),
                pl.Float64,
                "ratio",
                f"{text} in {spans[0]} over those in {spans[1]}; null where these are not positive",
            ),
        ]
    return [Block(world.last_months(scope, 2 * count), features, is_grouped=True)]


def _trajectory(world: AsOf, scope: Scope) -> list[Block]:
    count = world.settings.features.trajectory_months
    ends = [shift_months(world.cutoff, -back) for back in range(count - 1, -1, -1)]
    sums = [
        pl.when(pl.col("month") == end)
        .then(pl.col(column))
        .otherwise(0)
        .sum()
        .alias(f"{column}{k}")
        for column, *_ in COURSES
        for k, end in enumerate(ends)
    ]
    features = []
    for column, measure, text, unit, scale in COURSES:
        declare = partial(Feature, "trajectory", scope)
        months = [pl.col(f"{column}{k}") for k in range(count)]
        shown = f"of the {count} monthly sums: {text[0].lower()}{text[1:]}"
        slope, deviation = _slope(months, scale), divide(_deviation(months), scale)
        name, per_month = f"{count}m", f"{unit} per month"
        features += [
            declare(f"{measure}_slope", name, slope, pl.Float64, per_month, f"Slope {shown}", 0),
            declare(
                f"{measure}_std",
                name,
                deviation,
                pl.Float64,
                unit,
                f"Standard deviation {shown}",
                0,
            ),
        ]
    by_month = world.last_months(scope, count).group_by(KEYS[scope]).agg(sums)
    return [Block(by_month, features)]


def _slope(months: list[pl.Expr], scale: int) -> pl.Expr:
    """Return the least-squares slope per month: an integer sum, divided once."""
    n = len(months)
    # Twice the distance of each month from the middle one.
    weighted = pl.sum_horizontal((2 * k - (n - 1)) * month for k, month in enumerate(months))
    return divide(6 * weighted, scale * n * (n * n - 1))


def _deviation(months: list[pl.Expr]) -> pl.Expr:
    """Return the sample standard deviation; row by row, so always added in the same order."""
    mean = divide(pl.sum_horizontal(months), len(months))
    squares = pl.sum_horizontal((month - mean) ** 2 for month in months)
    return divide(squares, len(months) - 1).sqrt()


DELTA = Family(
    "delta",
    "The last months (`features.delta_months`) against as many before: difference and ratio.",
    _delta,
)
TRAJECTORY = Family(
    "trajectory",
    "The course of the last calendar months (`features.trajectory_months`), months without a "
    "purchase being zeros: slope by least squares, and the sample standard deviation.",
    _trajectory,
)
