"""Feature tables of one cutoff: the families that are on, put together in both scopes."""

import datetime as dt
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import polars as pl

from gosales_assets.features.asof import AsOf
from gosales_assets.features.declaration import Block, Family, Feature, fill_absent
from gosales_assets.features.families.attributes import PREFIX
from gosales_assets.features.families.registry import FAMILIES
from gosales_assets.features.history import share_history
from gosales_assets.features.scopes import KEYS, Scope
from gosales_checks.contracts.accounts import DimCustomer, FactAssets
from gosales_checks.contracts.star import PurchaseHistory
from gosales_resources.errors import GosalesError
from gosales_resources.settings.base import slugify
from gosales_resources.settings.tree import Settings

Watch = Callable[[str], AbstractContextManager[None]]
"""What times a family while it is computed; nothing here reads a clock."""
Latest = dict[str, dict[str, dt.date | None]]
"""Family -> source it looked at -> latest day in that source's rows."""
# Number of a customer in the population, in place of its id.
ROW_NUMBER = "row_number"
# Of `division_features` in memory at once, about 0.7 KB each.
HELD_ROWS = 500_000


@dataclass(frozen=True)
class FeatureFrame:
    """A table of some customers, in parts, and the declarations of its features in their order."""

    parts: list[pl.LazyFrame]
    features: list[Feature]
    latest: Latest

    @property
    def frame(self) -> pl.LazyFrame:
        """The whole table."""
        return pl.concat(self.parts)


def build_customer_features(world: AsOf, watch: Watch = nullcontext) -> FeatureFrame:
    """Compute scope `all` at one cutoff.

    Parameters
    ----------
    world
        What was known at the cutoff.
    watch
        Times each family.

    Returns
    -------
    FeatureFrame
        One row per customer of the population, sorted by customer_id.
    """
    passes, features, latest = _computed(world, "all", watch)
    spine = world.population.select("customer_id", "segment", cutoff=pl.lit(world.cutoff)).collect()
    numbered = [_numbered(table, spine["customer_id"]) for table in passes]
    columns = ["customer_id", "cutoff", "segment", *(f.name for f in features)]
    table = _join_numbered(spine, numbered).with_columns(fill_absent(features)).select(columns)
    return FeatureFrame([table], features, latest)


def build_division_features(world: AsOf, watch: Watch = nullcontext) -> FeatureFrame:
    """Compute scope `div` for all targets at one cutoff, in one pass.

    Parameters
    ----------
    world
        What was known at the cutoff.
    watch
        Times each family.

    Returns
    -------
    FeatureFrame
        One row per target and customer of the population, sorted by both: a part for each target,
        so that what is in memory are the pairs that occur and one target's table.
    """
    passes, features, latest = _computed(world, "div", watch)
    ever = world.days("div").select(*KEYS["div"], is_whitespace=pl.lit(value=False)).unique()
    spine = world.population.select("customer_id", cutoff=pl.lit(world.cutoff)).collect()
    by_division = [
        _by_division(_numbered(table, spine["customer_id"])) for table in (ever.collect(), *passes)
    ]
    columns = ["division", "customer_id", "cutoff", "is_whitespace", *(f.name for f in features)]
    whitespace = pl.col("is_whitespace").fill_null(value=True)
    parts = []
    for target in sorted(world.settings.divisions.targets):
        numbered = [tables(target) for tables in by_division]
        frame = _join_numbered(spine.with_columns(division=pl.lit(target)), numbered)
        parts.append(frame.with_columns(whitespace, *fill_absent(features)).select(columns))
    return FeatureFrame(parts, features, latest)


def hold_short_table(division_features: pl.LazyFrame) -> pl.LazyFrame:
    """Read a short table once for all its targets; a long one is scanned for each.

    Targets lie in one group of rows, so that a scan for one decodes them all.

    Parameters
    ----------
    division_features
        Scope `div` at one cutoff, as stored.

    Returns
    -------
    polars.LazyFrame
        The same rows, in memory where they are at most `HELD_ROWS`.
    """
    rows = division_features.select(pl.len()).collect().item()
    return division_features if rows > HELD_ROWS else division_features.collect().lazy()


def build_features(
    division: str, customer_features: pl.DataFrame, division_features: pl.LazyFrame
) -> pl.DataFrame:
    """Cut one target's own part of its feature table out of all targets' rows.

    What training and scoring read is this with the columns of `customer_features` beside it.

    Parameters
    ----------
    division
        The target.
    customer_features
        customer_id and segment at the cutoff, sorted by customer_id.
    division_features
        Scope `div` at the cutoff, sorted by its keys.

    Returns
    -------
    polars.DataFrame
        One row per customer of the population, sorted by customer_id, with its segment.

    Raises
    ------
    GosalesError
        When the two scopes are not about the same customers.
    """
    here = division_features.filter(pl.col("division") == division).collect()
    # Both scopes have the whole population in one order: side by side is a join.
    if not here["customer_id"].equals(customer_features["customer_id"]):
        raise GosalesError(
            f"customer_features and division_features of {division} differ in their customers: "
            "they are not of one run. Materialise both again."
        )
    return here.with_columns(customer_features["segment"])


def declare_features(settings: Settings) -> list[Feature]:
    """List every feature a target's table has, in column order, without any data.

    The feature dictionary, the column schema in the UI and the tests come from here.
    """
    world = AsOf(
        settings.calendar.start,
        settings,
        share_history(PurchaseHistory.create_empty(lazy=True), [], settings.divisions),
        pl.LazyFrame(schema={**DimCustomer.create_empty().schema, **attribute_schema(settings)}),
        FactAssets.create_empty(lazy=True),
    )
    return [
        feature
        for scope in KEYS
        for family in families_of(settings, scope)
        for block in family.blocks(world, scope)
        for feature in block.features
    ]


def attribute_schema(settings: Settings) -> dict[str, pl.DataType]:
    """Return the attribute columns that the configured customer source gives `dim_customer`."""
    source = settings.source.customers
    if source is None:
        return {}
    numbers = {f"{PREFIX}{slugify(name)}": pl.Float64() for name in source.numeric_attributes}
    texts = {f"{PREFIX}{slugify(name)}": pl.String() for name in source.categorical_attributes}
    return {**numbers, **texts}


def _computed(
    world: AsOf, scope: Scope, watch: Watch
) -> tuple[list[pl.DataFrame], list[Feature], Latest]:
    """Compute each family that is on: a table per source, all features in order, latest days."""
    # Not any one family's: it would be the first that asks. Of the first cutoff, all cutoffs' too.
    with watch("sums"):
        world.months(scope)
        world.days(scope)
    tables, features, latest = [], [], {}
    for family in families_of(world.settings, scope):
        with watch(family.name):
            with world.noted() as sources:
                blocks = family.blocks(world, scope)
            tables += pl.collect_all(_passes(blocks, scope))
        features += [f for block in blocks for f in block.features]
        latest[family.name] = {source: world.latest(source) for source in sorted(sources)}
    return tables, features, latest


def families_of(settings: Settings, scope: Scope) -> list[Family]:
    """List the families of a scope that are on, in column order."""
    off = settings.features.off
    return [f for f in FAMILIES if scope in f.scopes and f.name not in off]


def _passes(blocks: list[Block], scope: Scope) -> list[pl.LazyFrame]:
    """Put blocks of one source together: one pass over it."""
    keys = KEYS[scope]
    by_source: dict[tuple[int, bool], list[Block]] = {}
    for block in blocks:
        by_source.setdefault((id(block.source), block.is_grouped), []).append(block)
    passes = []
    for (_, is_grouped), same in by_source.items():
        source, columns = same[0].source, [f.column for block in same for f in block.features]
        made = source.group_by(keys).agg(columns) if is_grouped else source.select(*keys, *columns)
        passes.append(made)
    return passes


def _numbered(table: pl.DataFrame, population: pl.Series) -> pl.DataFrame:
    """Give a table's rows the number of their customer in the population, instead of its id.

    Ids are compared once per table here; a join per target would compare them all again.
    """
    numbers = pl.LazyFrame({"customer_id": population}).with_row_index(ROW_NUMBER)
    # Customers outside the population fall out.
    return table.lazy().join(numbers, on="customer_id", how="inner").drop("customer_id").collect()


def _join_numbered(spine: pl.DataFrame, numbered: Iterable[pl.DataFrame]) -> pl.LazyFrame:
    """Join numbered tables to the population; null where a table has no row."""
    frame = spine.lazy().with_row_index(ROW_NUMBER)
    for table in numbered:
        frame = frame.join(
            table.lazy(), on=ROW_NUMBER, how="left", validate="m:1", maintain_order="left"
        )
    return frame


def _by_division(table: pl.DataFrame) -> Callable[[str], pl.DataFrame]:
    cut = table.partition_by("division", as_dict=True, include_key=False)
    none = table.clear().drop("division")
    return lambda division: cut.get((division,), none)
