"""Frequency and money: sums over windows that end at the cutoff, and the same some days earlier.

What is summed here is shared by other families: `sum_in` reads one column of monthly sums in a
window, months being either those of the calendar or those counted back from a day.
"""

from functools import partial

import polars as pl

from gosales_assets.features.asof import AsOf
from gosales_assets.features.declaration import Block, Family, Feature, divide
from gosales_assets.features.history import QUANTITY_SCALE
from gosales_assets.features.scopes import Scope
from gosales_checks.contracts.contract import HOME_CURRENCY
from gosales_resources.dates import Window, history_window, shift_days
from gosales_resources.sources.cells import CENTS


def sum_in(window: Window, column: str) -> pl.Expr:
    """Sum a column of monthly sums over the months in a window.

    Parameters
    ----------
    window
        Which months, by their last day.
    column
        Never null.

    Returns
    -------
    polars.Expr
        An aggregate over the rows of a group; 0 without a month inside.
    """
    return pl.when(window.contains("month")).then(pl.col(column)).otherwise(0).sum()


def _rfm(world: AsOf, scope: Scope) -> list[Block]:
    features = [
        feature
        for count in world.settings.features.windows_months
        for feature in _window(
            "rfm", scope, history_window(world.cutoff, count), count, f"in the last {count} months"
        )
    ]
    months = world.last_months(scope, max(world.settings.features.windows_months))
    return [Block(months, features, is_grouped=True)]


def _offset(world: AsOf, scope: Scope) -> list[Block]:
    settings = world.settings.features
    end = shift_days(world.cutoff, -settings.offset_days)
    text = f"months that end {settings.offset_days} days before the cutoff"
    features = [
        feature
        for count in settings.windows_months
        for feature in _window(
            "offset", scope, history_window(end, count), count, f"in the {count} {text}"
        )
    ]
    months = world.months_before(scope, end, max(settings.windows_months))
    return [Block(months, features, is_grouped=True)]


def _window(family: str, scope: Scope, window: Window, count: int, text: str) -> list[Feature]:
    total = partial(sum_in, window)
    value, transactions = divide(total("gp_cents"), CENTS), total("transaction_count")
    active = (window.contains("month") & (pl.col("transaction_count") > 0)).sum()

    mean = pl.when(transactions > 0).then(value / transactions)
    quantity = divide(total("quantity_milli"), QUANTITY_SCALE)
    shown = f"Net value per invoice {text}; null without an invoice"
    rows: list[tuple] = [
        ("transactions", transactions, pl.Int32, "count", f"Distinct invoices {text}", 0),
        ("lines", total("line_count"), pl.Int32, "count", f"Invoice lines {text}", 0),
        ("gp_sum", value, pl.Float64, HOME_CURRENCY, f"Net value {text}", 0),
        ("quantity", quantity, pl.Float64, "units", f"Units {text}, returns netted", 0),
        ("gp_mean", mean, pl.Float64, HOME_CURRENCY, shown),
        ("active_months", active, pl.Int32, "months", f"Months with a purchase {text}", 0),
    ]
    return [Feature(family, scope, measure, f"{count}m", *rest) for measure, *rest in rows]


RFM = Family(
    "rfm",
    "How often, how much and for how much a customer bought, over windows of calendar months that "
    "end at the cutoff. An invoice counts once, on the day under which it first became known; "
    "returns are no purchase, their amounts are netted.",
    _rfm,
)
OFFSET = Family(
    "offset",
    "The same over windows that end some days before the cutoff (`features.offset_days`), by the "
    "day: what stood before the last weeks. Months are counted back from that day. What was posted "
    "since and is known at the cutoff counts.",
    _offset,
)
