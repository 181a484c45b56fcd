"""Assets of the features phase."""

import datetime as dt
from collections.abc import Callable, Iterator

import dagster as dg
import polars as pl

from gosales_assets.features.affinity import mine_rules
from gosales_assets.features.asof import AsOf, empty_table
from gosales_assets.features.build import (
    FeatureFrame,
    build_customer_features,
    build_division_features,
    build_features,
)
from gosales_assets.features.declaration import Family
from gosales_assets.features.embeddings import fit_embeddings
from gosales_assets.features.families.als import ALS
from gosales_assets.features.families.basket import BASKET
from gosales_assets.features.families.registry import check_off
from gosales_assets.features.history import purchase_lines, share_history
from gosales_assets.platform import Platform
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.features import CUSTOMER_FEATURES, DIVISION_FEATURES, FEATURES
from gosales_checks.contracts.signals import AFFINITY_RULES, EMBEDDINGS
from gosales_resources.io_managers import Partition, Partitions
from gosales_resources.partitions import cutoff_of, division_of, partition_key
from gosales_resources.scope import visible_at


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
            lambda lines, cutoff: mine_rules(lines, cutoff, made_with),
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
        shared = share_history(purchase_history, settings.labels.denylist)
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

        def made(build: Callable[[AsOf], FeatureFrame]) -> Iterator[Partition]:
            for cutoff in cutoffs:
                table = build(world_at(cutoff))
                yield Partition(cutoff, table.frame, metadata={"features": len(table.features)})

        return Partitions(made(build_customer_features)), Partitions(made(build_division_features))

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
                # Read once per cutoff, used by every target.
                customers = customer_features[partition_key(cutoff)].collect()
                divisions = division_features[partition_key(cutoff)].collect()
                for division in sorted(d for c, d in asked if c == cutoff):
                    frame = build_features(division, customers.lazy(), divisions.lazy())
                    table = frame.collect()
                    yield Partition(cutoff, table, division, metadata=summarise(table))

        return Partitions(made())

    return [affinity_rules, embeddings, scoped_features, features]


def summarise(features: pl.DataFrame) -> dict[str, object]:
    """Return the figures shown per partition."""
    return {
        "population": features.height,
        "whitespace_population": int(features["is_whitespace"].sum()),
        "features": sum("__" in name for name in features.columns),
    }
