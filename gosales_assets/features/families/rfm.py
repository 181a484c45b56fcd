"""Recency, frequency, monetary: sums over windows ending at the cutoff, and recency decay."""

import datetime as dt

import polars as pl

from gosales_assets.features.declaration import ASOF, Feature, Scope
from gosales_assets.features.history import QUANTITY_SCALE
from gosales_resources.scope import Window, history_window, label_window, shift_months
from gosales_resources.settings.phases import FeatureSettings

WINDOWED = {
    "transactions": ("transaction_count", "Distinct invoices, returns left out"),
    "lines": ("line_count", "Invoice lines"),
    "returns": ("return_count", "Return lines"),
}
CENTS = 100


def monthly_features(
    scope: Scope, cutoff: dt.date, label_months: int, settings: FeatureSettings
) -> list[Feature]:
    """Declare what is computed from monthly sums (one row per keys and month at the cutoff)."""
    features = []
    for months in settings.windows_months:
        features += _window(scope, history_window(cutoff, months), f"{months}m")
    features += _changes(scope, cutoff)
    # The same calendar window a year ago: customers who buy once a year or by season.
    echo = label_window(shift_months(cutoff, -12), label_months)
    return [
        *features,
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


def recency_features(scope: Scope, cutoff: dt.date, settings: FeatureSettings) -> list[Feature]:
    """Declare recency and its decays (one row per keys with `last_day`)."""
    actual = (pl.lit(cutoff) - pl.col("last_day")).dt.total_days()
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
    return features


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


def _changes(scope: Scope, cutoff: dt.date) -> list[Feature]:
    recent = history_window(cutoff, 12)
    before = Window(shift_months(cutoff, -24), recent.start)
    count = _sum("transaction_count", recent) - _sum("transaction_count", before)
    cents = _sum("gp_cents", recent) - _sum("gp_cents", before)
    return [
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
