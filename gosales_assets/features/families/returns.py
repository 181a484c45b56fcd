"""What came back, and what was left of a sale: returns and margins over the windows."""

from functools import partial

import polars as pl

from gosales_assets.features.asof import AsOf
from gosales_assets.features.declaration import Block, Family, Feature, divide
from gosales_assets.features.families.rfm import sum_in
from gosales_assets.features.scopes import Scope
from gosales_checks.contracts.contract import HOME_CURRENCY
from gosales_resources.dates import history_window
from gosales_resources.sources.cells import CENTS


def _returns(world: AsOf, scope: Scope) -> list[Block]:
    features = []
    for span in world.settings.features.windows_months:
        window, name = history_window(world.cutoff, span), f"{span}m"
        count, lines = sum_in(window, "return_count"), sum_in(window, "line_count")
        rate = pl.when(lines > 0).then(count / lines)
        value = divide(-sum_in(window, "returned_cents"), CENTS)
        text = f"in the last {span} months"
        declare = partial(Feature, "returns", scope)
        shown = f"Return lines over all lines {text}; null without a line"
        features += [
            declare("count", name, count, pl.Int32, "count", f"Return lines {text}", 0),
            declare("rate", name, rate, pl.Float64, "fraction", shown),
            declare(
                "value_sum", name, value, pl.Float64, HOME_CURRENCY, f"Value returned {text}", 0
            ),
        ]
    months = world.last_months(scope, max(world.settings.features.windows_months))
    return [Block(months, features, is_grouped=True)]


def _margin(world: AsOf, scope: Scope) -> list[Block]:
    features = []
    for span in world.settings.features.windows_months:
        window = history_window(world.cutoff, span)
        revenue = sum_in(window, "margin_revenue_cents")
        margin = pl.when(revenue > 0).then(sum_in(window, "margin_profit_cents") / revenue)
        text = f"Gross profit over revenue in the last {span} months"
        features.append(
            Feature(
                "margin",
                scope,
                "rate",
                f"{span}m",
                margin,
                pl.Float64,
                "fraction",
                f"{text}; null where no line has both, or revenue is not positive",
            )
        )
    months = world.last_months(scope, max(world.settings.features.windows_months))
    return [Block(months, features, is_grouped=True)]


RETURNS = Family("returns", "Return lines: their number, rate and value.", _returns)
MARGIN = Family(
    "margin",
    "Gross profit over revenue, of the lines that have both; all null where the source has no "
    "revenue.",
    _margin,
)
