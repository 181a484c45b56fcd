"""Recency, frequency, monetary: sums over windows ending at the cutoff, and recency decay."""

import polars as pl

from gosales_assets.features.asof import AsOf
from gosales_assets.features.declaration import ASOF, Block, Family, Feature, Scope
from gosales_assets.features.history import QUANTITY_SCALE
from gosales_resources.scope import Window, history_window, label_window, shift_months

WINDOWED = {
    "transactions": ("transaction_count", "Distinct invoices, returns left out"),
    "lines": ("line_count", "Invoice lines"),
    "returns": ("return_count", "Return lines"),
}
CENTS = 100


def _rfm(world: AsOf, scope: Scope) -> list[Block]:
    features = [
        feature
        for months in world.settings.features.windows_months
        for feature in _window(scope, history_window(world.cutoff, months), f"{months}m")
    ]
    return [Block(world.months(scope), features, is_grouped=True)]


def _season(world: AsOf, scope: Scope) -> list[Block]:
    """Declare sums of the same calendar window a year ago: who buys once a year or by season."""
    year_ago = shift_months(world.cutoff, -12)
    echo = label_window(year_ago, world.settings.labels.window_months)
    features = [
        _gp("season", scope, "gp_sum", "echo", echo, "of the label window, a year earlier"),
        Feature(
            "season",
            scope,
            "transactions",
            "echo",
            _sum("transaction_count", echo),
            pl.Int32,
            "count",
            "Distinct invoices in the months of the label window, a year earlier",
            0,
        ),
    ]
    return [Block(world.months(scope), features, is_grouped=True)]


def _recency(world: AsOf, scope: Scope) -> list[Block]:
    settings = world.settings.features
    actual = (pl.lit(world.cutoff) - pl.col("day").max()).dt.total_days()
    days = pl.max_horizontal(actual, pl.lit(settings.recency_floor_days, dtype=pl.Int64))
    floor = f"floored at {settings.recency_floor_days} days"
    features = [
        Feature(
            "recency",
            scope,
            "days",
            ASOF,
            days,
            pl.Int32,
            "days",
            f"Days since the last purchase, {floor}",
        ),
        Feature(
            "recency",
            scope,
            "log_days",
            ASOF,
            days.log1p(),
            pl.Float64,
            "log days",
            f"log(1 + days since the last purchase), {floor}",
        ),
    ]
    for half_life in settings.half_lives_days:
        decay = (-(days / half_life) * pl.lit(2.0).log()).exp()
        features.append(
            Feature(
                "recency",
                scope,
                f"decay_h{half_life}d",
                ASOF,
                decay,
                pl.Float64,
                "fraction",
                f"2^(-days/{half_life}) of the days since the last purchase, {floor}",
                0,
            )
        )
    return [Block(world.days(scope), features, is_grouped=True)]


def _window(scope: Scope, window: Window, name: str) -> list[Feature]:
    features = [
        Feature(
            "rfm",
            scope,
            measure,
            name,
            _sum(column, window),
            pl.Int32,
            "count",
            f"{text} in the last {name}",
            0,
        )
        for measure, (column, text) in WINDOWED.items()
    ]
    quantity = _sum("quantity_milli", window) / QUANTITY_SCALE
    active = (window.contains("month") & (pl.col("transaction_count") > 0)).sum()
    mean = _sum("gp_cents", window) / CENTS / _sum("transaction_count", window)
    has = _sum("transaction_count", window) > 0
    return [
        *features,
        _gp("rfm", scope, "gp_sum", name, window, f"in the last {name}"),
        Feature(
            "rfm",
            scope,
            "quantity",
            name,
            quantity,
            pl.Float64,
            "units",
            f"Units in the last {name}, returns netted",
            0,
        ),
        Feature(
            "rfm",
            scope,
            "gp_mean",
            name,
            pl.when(has).then(mean),
            pl.Float64,
            "usd",
            f"Net value per invoice in the last {name}; null without an invoice",
        ),
        Feature(
            "rfm",
            scope,
            "active_months",
            name,
            active,
            pl.Int32,
            "months",
            f"Months with a purchase in the last {name}",
            0,
        ),
    ]


def _delta(world: AsOf, scope: Scope) -> list[Block]:
    recent = history_window(world.cutoff, 12)
    before = Window(shift_months(world.cutoff, -24), recent.start)
    count = _sum("transaction_count", recent) - _sum("transaction_count", before)
    cents = _sum("gp_cents", recent) - _sum("gp_cents", before)
    features = [
        Feature(
            "delta",
            scope,
            "transactions",
            "12m",
            count,
            pl.Int32,
            "count",
            "Distinct invoices in the last 12 months less those in the 12 before",
            0,
        ),
        Feature(
            "delta",
            scope,
            "gp_sum",
            "12m",
            cents / CENTS,
            pl.Float64,
            "usd",
            "Net value in the last 12 months less that in the 12 before",
            0,
        ),
    ]
    return [Block(world.months(scope), features, is_grouped=True)]


def _gp(family: str, scope: Scope, measure: str, name: str, window: Window, text: str) -> Feature:
    return Feature(
        family,
        scope,
        measure,
        name,
        _sum("gp_cents", window) / CENTS,
        pl.Float64,
        "usd",
        f"Net value {text}",
        0,
    )


def _sum(column: str, window: Window) -> pl.Expr:
    return pl.when(window.contains("month")).then(pl.col(column)).otherwise(0).sum()


RFM = Family("rfm", "Sums over windows ending at the cutoff.", _rfm)
DELTA = Family("delta", "The last 12 months against the 12 before.", _delta)
SEASON = Family("season", "The months of the label window, a year earlier.", _season)
RECENCY = Family("recency", "Days since the last purchase, and decays of them.", _recency)
