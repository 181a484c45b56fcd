"""Feature tables of one cutoff: families put together, in both scopes.

Everything starts from `SharedHistory`, filtered to what was visible at the cutoff; nothing else
knows of time.
"""

import datetime as dt
from dataclasses import dataclass

import dataframely as dy
import polars as pl

from gosales_assets.features.declaration import Feature, Scope, fill_absent
from gosales_assets.features.families.attributes import PREFIX, attribute_features
from gosales_assets.features.families.cross_division import cross_division_features
from gosales_assets.features.families.lifecycle import lifecycle_features, purchase_days
from gosales_assets.features.families.rfm import monthly_features, recency_features
from gosales_assets.features.history import SUMS, ScopedHistory, SharedHistory, share_history
from gosales_checks.contracts.accounts import DimCustomer
from gosales_checks.contracts.star import PurchaseHistory
from gosales_resources.scope import visible_at
from gosales_resources.settings.base import slugify
from gosales_resources.settings.tree import Settings


@dataclass(frozen=True)
class FeatureFrame:
    """A table and the declarations of its feature columns, in column order."""

    frame: pl.LazyFrame
    features: list[Feature]


def build_customer_features(
    shared: SharedHistory, customers: pl.LazyFrame, cutoff: dt.date, settings: Settings
) -> FeatureFrame:
    """Compute scope `all` at one cutoff.

    Parameters
    ----------
    shared
        The pass over purchase history; increments after the cutoff are ignored.
    customers
        `dim_customer` of the cutoff.
    cutoff
        The as-of date C.
    settings
        Windows, half-lives, population mode, divisions.

    Returns
    -------
    FeatureFrame
        One row per customer of the population, sorted by customer_id.
    """
    own = _scope_features(shared.by_customer, "all", cutoff, settings)
    months = visible_at(shared.by_division.months.lazy(), cutoff)
    cross, declared = cross_division_features(months, cutoff, settings.divisions.slugs)
    attributes = attribute_features(customers.collect_schema())
    population = customers
    if settings.labels.mode == "expansion":
        population = customers.filter(pl.col("is_buyer"))
    features = [*own.features, *declared, *attributes]
    frame = (
        population.select(
            "customer_id", "segment", *(f.column for f in attributes), cutoff=pl.lit(cutoff)
        )
        .join(own.frame, on="customer_id", how="left")
        .join(cross, on="customer_id", how="left")
        .with_columns(fill_absent([*own.features, *declared]))
        .select("customer_id", "cutoff", "segment", *(f.name for f in features))
        .sort("customer_id")
    )
    return FeatureFrame(frame, features)


def build_division_features(
    shared: SharedHistory, cutoff: dt.date, settings: Settings
) -> FeatureFrame:
    """Compute scope `div` for all targets at one cutoff, in one pass.

    Returns
    -------
    FeatureFrame
        One row per customer and target division it has history in, sorted by both.
    """
    own = _scope_features(shared.by_target, "div", cutoff, settings)
    frame = (
        own.frame.filter(pl.col("division").is_in(settings.divisions.targets))
        .with_columns(cutoff=pl.lit(cutoff))
        .with_columns(fill_absent(own.features))
        .select("customer_id", "division", "cutoff", *(f.name for f in own.features))
        .sort("customer_id", "division")
    )
    return FeatureFrame(frame, own.features)


def build_features(
    division: str,
    customer_features: pl.LazyFrame,
    division_features: pl.LazyFrame,
    declared: list[Feature],
) -> pl.LazyFrame:
    """Put one target's feature table together: what training and scoring both read.

    Parameters
    ----------
    division
        The target.
    customer_features, division_features
        Both scopes at the cutoff.
    declared
        Declarations of scope `div`, for what customers without history in the target have.

    Returns
    -------
    polars.LazyFrame
        One row per customer of the population, sorted by customer_id.
    """
    here = division_features.filter(pl.col("division") == division).drop("division", "cutoff")
    ever = pl.col("lifecycle__div__purchase_days__asof")
    return (
        customer_features.join(here, on="customer_id", how="left")
        .with_columns(fill_absent(declared))
        .with_columns(division=pl.lit(division), is_whitespace=ever == 0)
        .sort("customer_id")
    )


def division_declarations(cutoff: dt.date, settings: Settings) -> list[Feature]:
    """Return the declarations of scope `div`."""
    monthly, daily = _declared("div", cutoff, settings)
    return [*monthly, *daily]


def declare_features(settings: Settings) -> list[Feature]:
    """List every feature a target's table has, in column order, without any data.

    The feature dictionary, the column schema in the UI and the tests come from here.
    """
    nothing = pl.LazyFrame(schema=_schema_of(PurchaseHistory))
    roster = pl.LazyFrame(schema=_schema_of(DimCustomer) | attribute_schema(settings))
    shared, cutoff = share_history(nothing, [], settings.divisions), settings.calendar.start
    return [
        *build_customer_features(shared, roster, cutoff, settings).features,
        *division_declarations(cutoff, settings),
    ]


def attribute_schema(settings: Settings) -> dict[str, pl.DataType]:
    """Return the attribute columns that the configured customer source gives `dim_customer`."""
    source = settings.source.customers
    if source is None:
        return {}
    numbers = {f"{PREFIX}{slugify(name)}": pl.Float64() for name in source.numeric_attributes}
    texts = {f"{PREFIX}{slugify(name)}": pl.String() for name in source.categorical_attributes}
    return {**numbers, **texts}


def _declared(
    scope: Scope, cutoff: dt.date, settings: Settings
) -> tuple[list[Feature], list[Feature]]:
    monthly = monthly_features(scope, cutoff, settings.labels.window_months, settings.features)
    daily = [
        *recency_features(scope, cutoff, settings.features),
        *lifecycle_features(scope, cutoff),
    ]
    return monthly, daily


def _schema_of(schema: type[dy.Schema]) -> dict[str, pl.DataType]:
    return {name: column.dtype for name, column in schema.columns().items()}


def _scope_features(
    history: ScopedHistory, scope: Scope, cutoff: dt.date, settings: Settings
) -> FeatureFrame:
    keys = history.keys
    monthly, daily = _declared(scope, cutoff, settings)
    frame = (
        visible_at(history.months.lazy(), cutoff)
        .group_by(*keys, "month")
        .agg(pl.col(*SUMS, "transaction_count").sum())
        .group_by(keys)
        .agg(f.column for f in monthly)
    )
    days = purchase_days(visible_at(history.days.lazy(), cutoff), keys)
    daily_frame = days.select(*keys, *(f.column for f in daily))
    return FeatureFrame(frame.join(daily_frame, on=keys, how="left"), [*monthly, *daily])
