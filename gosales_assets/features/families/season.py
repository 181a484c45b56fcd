"""When in the year a customer buys: shares of the quarters, and the label window a year earlier."""

import polars as pl

from gosales_assets.features.asof import AsOf
from gosales_assets.features.declaration import Block, Family, Feature, divide
from gosales_assets.features.families.rfm import sum_in
from gosales_assets.features.scopes import Scope
from gosales_checks.contracts.contract import HOME_CURRENCY
from gosales_resources.dates import history_window, label_window, shift_months
from gosales_resources.sources.cells import CENTS

QUARTERS = (1, 2, 3, 4)


def _season(world: AsOf, scope: Scope) -> list[Block]:
    features = [*_echo(world, scope), *_shares(world, scope)]
    # At least a year: the label window of a year ago lies within.
    months = world.settings.features.seasonality_months
    return [Block(world.last_months(scope, months), features, is_grouped=True)]


def _echo(world: AsOf, scope: Scope) -> list[Feature]:
    year_ago = shift_months(world.cutoff, -12)
    echo = label_window(year_ago, world.settings.labels.window_months)
    value, count = divide(sum_in(echo, "gp_cents"), CENTS), sum_in(echo, "transaction_count")
    text = "in the months of the label window, a year earlier"
    return [
        Feature(
            "season",
            scope,
            "gp_sum",
            "echo",
            value,
            pl.Float64,
            HOME_CURRENCY,
            f"Net value {text}",
            0,
        ),
        Feature(
            "season",
            scope,
            "transactions",
            "echo",
            count,
            pl.Int32,
            "count",
            f"Distinct invoices {text}",
            0,
        ),
    ]


def _shares(world: AsOf, scope: Scope) -> list[Feature]:
    count = world.settings.features.seasonality_months
    window = history_window(world.cutoff, count)
    total = sum_in(window, "transaction_count")
    inside = pl.when(window.contains("month")).then(pl.col("transaction_count")).otherwise(0)
    return [
        Feature(
            "season",
            scope,
            f"share_q{quarter}",
            f"{count}m",
            pl.when(total > 0).then(
                (inside * (pl.col("month").dt.quarter() == quarter)).sum() / total
            ),
            pl.Float64,
            "fraction",
            f"Share of the invoices of the last {count} months in the {quarter}. quarter of the "
            "calendar; null without an invoice",
        )
        for quarter in QUARTERS
    ]


SEASON = Family(
    "season",
    "Who buys once a year or by season: what was bought in the months of the label window a year "
    "earlier, and how invoices spread over the quarters (`features.seasonality_months`).",
    _season,
)
