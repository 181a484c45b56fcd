"""Feature tables of one cutoff: the families that are on, put together in both scopes."""

from dataclasses import dataclass

import dataframely as dy
import polars as pl

from gosales_assets.features.asof import AsOf
from gosales_assets.features.declaration import KEYS, Block, Feature, Scope, fill_absent
from gosales_assets.features.families.attributes import PREFIX
from gosales_assets.features.families.registry import FAMILIES
from gosales_assets.features.history import share_history
from gosales_checks.contracts.accounts import DimCustomer, FactAssets
from gosales_checks.contracts.star import PurchaseHistory
from gosales_resources.settings.base import slugify
from gosales_resources.settings.tree import Settings


@dataclass(frozen=True)
class FeatureFrame:
    """A table and the declarations of its feature columns, in column order."""

    frame: pl.LazyFrame
    features: list[Feature]


def build_customer_features(world: AsOf) -> FeatureFrame:
    """Compute scope `all` at one cutoff.

    Parameters
    ----------
    world
        What was known at the cutoff.

    Returns
    -------
    FeatureFrame
        One row per customer of the population, sorted by customer_id.
    """
    spine = world.population.select("customer_id", "segment", cutoff=pl.lit(world.cutoff))
    made = _joined(spine, _blocks(world, "all"), "all")
    columns = ["customer_id", "cutoff", "segment", *(f.name for f in made.features)]
    return FeatureFrame(made.frame.select(columns).sort("customer_id"), made.features)


def build_division_features(world: AsOf) -> FeatureFrame:
    """Compute scope `div` for all targets at one cutoff, in one pass.

    Parameters
    ----------
    world
        What was known at the cutoff.

    Returns
    -------
    FeatureFrame
        One row per target and customer of the population, sorted by both.
    """
    targets = pl.LazyFrame({"division": sorted(world.settings.divisions.targets)})
    ever = world.days("div").select(*KEYS["div"], is_whitespace=pl.lit(value=False)).unique()
    spine = (
        targets.join(world.population.select("customer_id"), how="cross")
        .join(ever, on=KEYS["div"], how="left")
        .with_columns(pl.col("is_whitespace").fill_null(value=True), cutoff=pl.lit(world.cutoff))
    )
    made = _joined(spine, _blocks(world, "div"), "div")
    columns = ["division", "customer_id", "cutoff", "is_whitespace"]
    frame = made.frame.select(*columns, *(f.name for f in made.features))
    return FeatureFrame(frame.sort("division", "customer_id"), made.features)


def build_features(
    division: str, customer_features: pl.LazyFrame, division_features: pl.LazyFrame
) -> pl.LazyFrame:
    """Put one target's feature table together: what training and scoring both read.

    Parameters
    ----------
    division
        The target.
    customer_features, division_features
        Both scopes at the cutoff.

    Returns
    -------
    polars.LazyFrame
        One row per customer of the population, sorted by customer_id.
    """
    here = division_features.filter(pl.col("division") == division).drop("cutoff")
    return customer_features.join(here, on="customer_id", how="inner").sort("customer_id")


def declare_features(settings: Settings) -> list[Feature]:
    """List every feature a target's table has, in column order, without any data.

    The feature dictionary, the column schema in the UI and the tests come from here.
    """
    world = AsOf(
        settings.calendar.start,
        settings,
        share_history(pl.LazyFrame(schema=_schema_of(PurchaseHistory)), []),
        pl.LazyFrame(schema=_schema_of(DimCustomer) | attribute_schema(settings)),
        pl.LazyFrame(schema=_schema_of(FactAssets)),
    )
    return [f for scope in KEYS for block in _blocks(world, scope) for f in block.features]


def attribute_schema(settings: Settings) -> dict[str, pl.DataType]:
    """Return the attribute columns that the configured customer source gives `dim_customer`."""
    source = settings.source.customers
    if source is None:
        return {}
    numbers = {f"{PREFIX}{slugify(name)}": pl.Float64() for name in source.numeric_attributes}
    texts = {f"{PREFIX}{slugify(name)}": pl.String() for name in source.categorical_attributes}
    return {**numbers, **texts}


def _blocks(world: AsOf, scope: Scope) -> list[Block]:
    off = world.settings.features.off
    return [
        block
        for family in FAMILIES
        if scope in family.scopes and family.name not in off
        for block in family.blocks(world, scope)
    ]


def _joined(spine: pl.LazyFrame, blocks: list[Block], scope: Scope) -> FeatureFrame:
    """Join blocks to the spine, those of one source in one pass over it."""
    keys = KEYS[scope]
    passes: dict[tuple[int, bool], list[Block]] = {}
    for block in blocks:
        passes.setdefault((id(block.source), block.is_grouped), []).append(block)
    frame = spine
    for same in passes.values():
        columns = [f.column for block in same for f in block.features]
        source, is_grouped = same[0].source, same[0].is_grouped
        made = source.group_by(keys).agg(columns) if is_grouped else source.select(*keys, *columns)
        frame = frame.join(made, on=keys, how="left", validate="m:1")
    features = [f for block in blocks for f in block.features]
    return FeatureFrame(frame.with_columns(fill_absent(features)), features)


def _schema_of(schema: type[dy.Schema]) -> dict[str, pl.DataType]:
    return {name: column.dtype for name, column in schema.columns().items()}
