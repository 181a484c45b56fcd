"""Assets of the features phase."""

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg
import polars as pl

from gosales_assets.features.asof import AsOf
from gosales_assets.features.build import (
    FeatureFrame,
    Latest,
    Watch,
    build_customer_features,
    build_division_features,
    build_features,
)
from gosales_assets.features.families.registry import check_off
from gosales_assets.features.history import share_history
from gosales_assets.platform import Platform
from gosales_checks.contracts.features import CUSTOMER_FEATURES, DIVISION_FEATURES, FEATURES
from gosales_checks.leakage import LATEST_SOURCE_ROWS
from gosales_resources.io_managers import Partition, Partitions
from gosales_resources.partitions import cutoff_of, division_of, partition_key

Build = Callable[[AsOf, Watch], FeatureFrame]


def define_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """Define `customer_features`, `division_features` and `features`."""
    settings = platform.settings
    check_off(settings.features.off)

    @platform.tables(
        [CUSTOMER_FEATURES, DIVISION_FEATURES],
        name="scoped_features",
    )
    def scoped_features(
        context: dg.AssetExecutionContext,
        purchase_history: pl.LazyFrame,
        dim_customer: dict,
        fact_assets: dict,
    ) -> tuple[Partitions, Partitions]:
        shared = share_history(purchase_history, settings.labels.denylist)
        cutoffs = [cutoff_of(key) for key in context.partition_keys]
        context.log.info("history shared by %d cutoffs", len(cutoffs))

        def world_at(cutoff: dt.date) -> AsOf:
            key = partition_key(cutoff)
            return AsOf(cutoff, settings, shared, dim_customer[key], fact_assets[key])

        def made(build: Build) -> Iterator[Partition]:
            watch = Stopwatch()
            with watch("sums shared by all cutoffs"):
                _ = shared.scoped
            for cutoff in cutoffs:
                table = build(world_at(cutoff), watch)
                # A part is made when it is written.
                parts = iter(table.parts)
                shown = {"features": len(table.features), LATEST_SOURCE_ROWS: told(table.latest)}
                yield Partition(cutoff, parts, metadata=shown)
            for family, seconds in watch.seconds.items():
                context.log.info("%s: %s: %.2f s", build.__name__, family, seconds)

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

    return [scoped_features, features]


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


def summarise(features: pl.DataFrame) -> dict[str, object]:
    """Return the figures shown per partition."""
    return {
        "population": features.height,
        "whitespace_population": int(features["is_whitespace"].sum()),
        "features": sum("__" in name for name in features.columns),
    }
