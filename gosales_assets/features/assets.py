"""Assets of the features phase."""

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg
import polars as pl

from gosales_assets.features.affinity import mine_rules
from gosales_assets.features.asof import AsOf, empty_table
from gosales_assets.features.build import (
    FeatureFrame,
    Latest,
    Watch,
    build_customer_features,
    build_division_features,
    build_features,
    declare_features,
)
from gosales_assets.features.declaration import Family, Feature
from gosales_assets.features.embeddings import fit_embeddings
from gosales_assets.features.families.als import ALS
from gosales_assets.features.families.basket import BASKET
from gosales_assets.features.families.registry import check_off
from gosales_assets.features.history import purchase_lines, share_history
from gosales_assets.features.stats import catalog_features, measure_features
from gosales_assets.pictures import embedded
from gosales_assets.platform import Platform, column_schema
from gosales_assets.rendering.plots import plot_families
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.features import (
    CUSTOMER_FEATURES,
    DIVISION_FEATURES,
    FEATURE_CATALOG,
    FEATURE_STATS,
    FEATURES,
)
from gosales_checks.contracts.signals import AFFINITY_RULES, EMBEDDINGS
from gosales_checks.leakage import LATEST_SOURCE_ROWS
from gosales_resources.io_managers import Partition, Partitions
from gosales_resources.partitions import cutoff_of, division_of, partition_key
from gosales_resources.scope import visible_at
from gosales_resources.targets import with_sets

Build = Callable[[AsOf, Watch], FeatureFrame]


def define_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """Define the side tables, `customer_features`, `division_features` and `features`."""
    settings = platform.settings
    check_off(settings.features.off)

    def side_table(
        context: dg.AssetExecutionContext,
        history: pl.LazyFrame,
        contract: Contract,
        family: Family,
        make: Callable[[pl.LazyFrame, dt.date], pl.DataFrame],
    ) -> Partitions:
        """Make a family's side table at each cutoff; empty where the family is off."""
        lines = purchase_lines(history, settings.labels.denylist)
        cutoffs = [cutoff_of(key) for key in context.partition_keys]

        def made() -> Iterator[Partition]:
            for cutoff in cutoffs:
                if family.name in settings.features.off:
                    yield Partition(cutoff, empty_table(contract), metadata={"family": "off"})
                else:
                    yield Partition(cutoff, make(visible_at(lines, cutoff), cutoff).lazy())

        return Partitions(made())

    @platform.table(
        AFFINITY_RULES,
    )
    def affinity_rules(
        context: dg.AssetExecutionContext, purchase_history: pl.LazyFrame
    ) -> Partitions:
        made_with = settings.features.basket
        return side_table(
            context,
            purchase_history,
            AFFINITY_RULES,
            BASKET,
            lambda lines, cutoff: mine_rules(
                with_sets(lines, settings.divisions), cutoff, made_with
            ),
        )

    @platform.table(
        EMBEDDINGS,
    )
    def embeddings(context: dg.AssetExecutionContext, purchase_history: pl.LazyFrame) -> Partitions:
        made_with = settings.features.als
        return side_table(
            context,
            purchase_history,
            EMBEDDINGS,
            ALS,
            lambda lines, cutoff: fit_embeddings(lines, cutoff, made_with),
        )

    @platform.tables(
        [CUSTOMER_FEATURES, DIVISION_FEATURES],
        name="scoped_features",
    )
    def scoped_features(
        context: dg.AssetExecutionContext,
        purchase_history: pl.LazyFrame,
        dim_customer: dict,
        fact_assets: dict,
        affinity_rules: dict,
        embeddings: dict,
    ) -> tuple[Partitions, Partitions]:
        shared = share_history(purchase_history, settings.labels.denylist, settings.divisions)
        cutoffs = [cutoff_of(key) for key in context.partition_keys]
        context.log.info("history shared by %d cutoffs", len(cutoffs))

        def world_at(cutoff: dt.date) -> AsOf:
            key = partition_key(cutoff)
            return AsOf(
                cutoff,
                settings,
                shared,
                dim_customer[key],
                fact_assets[key],
                affinity_rules[key],
                embeddings[key],
            )

        def made(contract: Contract, build: Build) -> Iterator[Partition]:
            watch = Stopwatch()
            with watch("sums shared by all cutoffs"):
                _ = shared.scoped
            for cutoff in cutoffs:
                table = build(world_at(cutoff), watch)
                # A part is made when it is written.
                parts = iter(table.parts)
                shown = {
                    "features": len(table.features),
                    LATEST_SOURCE_ROWS: told(table.latest),
                    **schema_of(contract, table.features),
                }
                yield Partition(cutoff, parts, metadata=shown)
            for family, seconds in watch.seconds.items():
                context.log.info("%s: %s: %.2f s", build.__name__, family, seconds)

        return (
            Partitions(made(CUSTOMER_FEATURES, build_customer_features)),
            Partitions(made(DIVISION_FEATURES, build_division_features)),
        )

    @platform.table(
        FEATURES,
    )
    def features(
        context: dg.AssetExecutionContext,
        customer_features: dict,
        division_features: dict,
    ) -> Partitions:
        asked = {(cutoff_of(key), str(division_of(key))) for key in context.partition_keys}

        def made():
            for cutoff in sorted({cutoff for cutoff, _ in asked}):
                shared = customer_features[partition_key(cutoff)]
                count = sum("__" in name for name in shared.collect_schema().names())
                customers = shared.select("customer_id", "segment").collect()
                divisions = division_features[partition_key(cutoff)]
                for division in sorted(d for c, d in asked if c == cutoff):
                    table = build_features(division, customers, divisions)
                    yield Partition(cutoff, table, division, metadata=summarise(table, count))

        return Partitions(made())

    @platform.tables([FEATURE_CATALOG, FEATURE_STATS], name="feature_figures")
    def feature_figures(
        context: dg.AssetExecutionContext,
        customer_features: dict,
        division_features: dict,
    ) -> tuple[Partitions, Partitions]:
        declared, targets = declare_features(settings), settings.divisions.targets
        stats: dict[dt.date, pl.DataFrame] = {}
        for key in context.partition_keys:
            tables = customer_features[key], division_features[key]
            stats[cutoff_of(key)] = measure_features(declared, *tables, targets)
        catalogs = {c: catalog_features(declared, table) for c, table in stats.items()}
        return (
            Partitions(Partition(c, catalog) for c, catalog in catalogs.items()),
            Partitions(
                Partition(c, table, metadata={"plot": picture(catalogs[c], table, c)})
                for c, table in stats.items()
            ),
        )

    return [affinity_rules, embeddings, scoped_features, features, feature_figures]


def schema_of(contract: Contract, features: list[Feature]) -> dict[str, object]:
    """Return the columns of a partition, each with description and unit, as the UI shows them."""
    columns = [
        dg.TableColumn(f.name, str(f.dtype), f"{f.description}. Unit: {f.unit}.") for f in features
    ]
    declared = column_schema(contract).columns
    return {"dagster/column_schema": dg.TableSchema(columns=[*declared, *columns])}


def picture(catalog: pl.DataFrame, stats: pl.DataFrame, cutoff: dt.date) -> dg.MetadataValue:
    """Show by family how widely its features are known and how many are zero."""
    found = (
        stats.join(catalog.select("feature", "family", "position"), on="feature")
        .with_columns(zero_frac=pl.col("zero_count") / pl.col("row_count"))
        .group_by("family")
        .agg(
            pl.col("position").min(),
            *(
                pl.col(c).quantile(q, "nearest").alias(f"{c}_{at}")
                for c in ("coverage_frac", "zero_frac")
                for at, q in (("low", 0.0), ("mid", 0.5), ("high", 1.0))
            ),
        )
        .sort("position")
    )
    shares = {
        title: [found[f"{c}_{at}"].fill_null(0.0).to_list() for at in ("low", "mid", "high")]
        for title, c in (("Known", "coverage_frac"), ("Zero", "zero_frac"))
    }
    return embedded(plot_families(found["family"].to_list(), shares, str(cutoff)), "families")


class Stopwatch:
    """Adds up how long each family took; for the log, never for a table."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, family: str) -> Iterator[None]:
        """Time what is done inside."""
        began = time.perf_counter()
        yield
        self.seconds[family] += time.perf_counter() - began


def told(latest: Latest) -> dict[str, dict[str, str | None]]:
    """Write the latest day of each source behind each family as text."""
    return {
        family: {source: day and day.isoformat() for source, day in days.items()}
        for family, days in latest.items()
    }


def summarise(features: pl.DataFrame, shared: int) -> dict[str, object]:
    """Return the figures shown per partition; `shared` features are those over all divisions."""
    return {
        "population": features.height,
        "whitespace_population": int(features["is_whitespace"].sum()),
        "features": shared + sum("__" in name for name in features.columns),
    }
