"""Assets of the features phase."""

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import dagster as dg
import polars as pl

from gosales_assets.features.affinity import mine_rules
from gosales_assets.features.build import (
    FeatureFrame,
    Latest,
    build_features,
    declare_features,
    hold_short_table,
)
from gosales_assets.features.declaration import Family, Feature
from gosales_assets.features.embeddings import fit_embeddings, fit_installed, installed_by
from gosales_assets.features.families.als import ALS
from gosales_assets.features.families.basket import BASKET
from gosales_assets.features.families.registry import check_off
from gosales_assets.features.history import purchase_lines
from gosales_assets.features.ranges import CutoffTables, Worlds, cut_ranges, parts_of
from gosales_assets.features.scopes import Scope
from gosales_assets.features.stats import catalog_features, measure_features
from gosales_assets.platform.descriptions import Described
from gosales_assets.platform.pictures import embedded
from gosales_assets.platform.platform import Platform, by_cutoff, keys_of
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
from gosales_checks.verdicts.leakage import LATEST_SOURCE_ROWS, latest_days
from gosales_resources import markdown
from gosales_resources.dates import visible_at
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.partitions.targets import with_sets
from gosales_resources.settings.tree import Settings
from gosales_resources.store.io_managers import Partition, Partitions
from gosales_resources.store.upstream import Tables


def affinity_rules(platform: Platform) -> dg.AssetsDefinition:
    """Define the market basket."""
    settings = platform.settings

    @platform.table(AFFINITY_RULES)
    def affinity_rules(
        context: dg.AssetExecutionContext, purchase_history: pl.LazyFrame
    ) -> Partitions:
        lines = purchase_lines(purchase_history, settings.labels.denylist)

        def mine(cutoff: dt.date) -> Made:
            known = visible_at(lines, cutoff)
            of_sets = with_sets(known, settings.divisions)
            return mine_rules(of_sets, cutoff, settings.features.basket), _latest_lines(known)

        return _side_table(settings, keys_of(context), AFFINITY_RULES, BASKET, mine)

    return affinity_rules


def embeddings(platform: Platform) -> dg.AssetsDefinition:
    """Define the factors of customers and SKUs, and of customers by what they have installed."""
    settings = platform.settings

    @platform.table(EMBEDDINGS)
    def embeddings(
        context: dg.AssetExecutionContext, purchase_history: pl.LazyFrame, fact_assets: Tables
    ) -> Partitions:
        lines = purchase_lines(purchase_history, settings.labels.denylist)

        def fit(cutoff: dt.date) -> Made:
            known, owned = visible_at(lines, cutoff), installed_by(fact_assets[cutoff], cutoff)
            fitted = [
                fit_embeddings(known, cutoff, settings.features.als),
                fit_installed(owned, cutoff, settings.features.als),
            ]
            days = latest_days(owned, ["effective_purchase_date", "recorded_at"])
            return pl.concat(fitted), _latest_lines(known) | days

        return _side_table(settings, keys_of(context), EMBEDDINGS, ALS, fit)

    return embeddings


Made = tuple[pl.DataFrame, Mapping[str, str | None]]
"""A table of a cutoff, and the latest day in each column of dates of the rows that it is made of."""


def _latest_lines(known: pl.LazyFrame) -> dict[str, str | None]:
    return latest_days(known, ["order_date", "visible_cutoff"])


def _side_table(
    settings: Settings,
    keys: Sequence[PartitionKey],
    contract: Contract,
    family: Family,
    make: Callable[[dt.date], Made],
) -> Partitions:
    """Make a family's side table at each cutoff; empty where the family is off."""
    is_off = family.name in settings.features.off

    def made() -> Iterator[Partition]:
        for key in keys:
            if is_off:
                frame, behind, told = contract.schema.create_empty(lazy=True), {}, {"family": "off"}
            else:
                (frame, behind), told = make(key.cutoff), {}
            yield Partition(key, frame, metadata=told | {LATEST_SOURCE_ROWS: {family.name: behind}})

    return Partitions(made())


def scoped_features(platform: Platform) -> dg.AssetsDefinition:
    """Define the features of customers, over all divisions and within each target."""
    settings = platform.settings
    check_off(settings.features.off)

    @platform.tables(CUSTOMER_FEATURES, DIVISION_FEATURES)
    def scoped_features(
        context: dg.AssetExecutionContext,
        purchase_history: pl.LazyFrame,
        dim_customer: Tables,
        fact_assets: Tables,
        affinity_rules: Tables,
        embeddings: Tables,
    ) -> tuple[Partitions, Partitions]:
        cutoffs = [key.cutoff for key in keys_of(context)]
        known = (dim_customer, fact_assets, affinity_rules, embeddings)
        tables = {c: CutoffTables(*(table[c] for table in known)) for c in cutoffs}
        ranges = cut_ranges(purchase_history, tables[max(cutoffs)].customers)
        worlds = Worlds(settings, purchase_history, tables, ranges)
        context.log.info("%d cutoffs, customers in %d range(s)", len(cutoffs), len(ranges))

        def made(contract: Contract, scope: Scope) -> Iterator[Partition]:
            watch = Stopwatch()
            for cutoff in cutoffs:
                # Filled while the parts are made, which is when they are written.
                seen = Seen(Described(contract, settings))
                parts = parts_of(worlds, cutoff, scope, watch, seen)
                yield Partition(PartitionKey(cutoff), parts, metadata=seen.shown)
            for family, seconds in watch.seconds.items():
                context.log.info("%s: %s: %.2f s", contract.name, family, seconds)

        return (
            Partitions(made(CUSTOMER_FEATURES, "all")),
            Partitions(made(DIVISION_FEATURES, "div")),
        )

    return scoped_features


def features(platform: Platform) -> dg.AssetsDefinition:
    """Define one target's feature table."""

    @platform.table(FEATURES)
    def features(
        context: dg.AssetExecutionContext, customer_features: Tables, division_features: Tables
    ) -> Partitions:
        def made() -> Iterator[Partition]:
            for cutoff, targets in by_cutoff(keys_of(context)).items():
                shared = customer_features[cutoff]
                count = sum("__" in name for name in shared.collect_schema().names())
                customers = shared.select("customer_id", "segment").collect()
                divisions = hold_short_table(division_features[cutoff])
                for target in targets:
                    table = build_features(target, customers, divisions)
                    key = PartitionKey(cutoff, target)
                    yield Partition(key, table, metadata=summarise(table, count))

        return Partitions(made())

    return features


def feature_figures(platform: Platform) -> dg.AssetsDefinition:
    """Define the catalog of features, and figures for each."""
    settings = platform.settings

    @platform.tables(FEATURE_CATALOG, FEATURE_STATS)
    def feature_figures(
        context: dg.AssetExecutionContext, customer_features: Tables, division_features: Tables
    ) -> tuple[Partitions, Partitions]:
        declared, targets = declare_features(settings), settings.divisions.targets
        stats = {
            key: measure_features(declared, customer_features[key], division_features[key], targets)
            for key in keys_of(context)
        }
        catalogs = {key: catalog_features(declared, table) for key, table in stats.items()}
        return (
            Partitions(Partition(key, catalog) for key, catalog in catalogs.items()),
            Partitions(
                Partition(key, table, {"plot": picture(catalogs[key], table, key.cutoff)})
                for key, table in stats.items()
            ),
        )

    return feature_figures


class Seen:
    """What is shown of a partition of a feature table: of all its ranges of customers together."""

    def __init__(self, described: Described) -> None:
        self.shown: dict[str, object] = {}
        self._described = described
        self._latest: Latest = {}

    def __call__(self, frame: FeatureFrame) -> None:
        """Take a range's table in."""
        for family, days in frame.latest.items():
            before = self._latest.setdefault(family, {})
            for source, day in days.items():
                known = [d for d in (before.get(source), day) if d is not None]
                before[source] = max(known, default=None)
        self.shown |= {
            "features": len(frame.features),
            LATEST_SOURCE_ROWS: told(self._latest),
            **schema_of(self._described, frame.features),
        }


def schema_of(described: Described, features: list[Feature]) -> dict[str, object]:
    """Return the columns of a partition, each with description and unit, as the UI shows them."""
    columns = [
        dg.TableColumn(
            f.name, str(f.dtype), described.told(markdown.paragraph(f"{f.description}."), f.unit)
        )
        for f in features
    ]
    return {"dagster/column_schema": dg.TableSchema(columns=[*described.columns, *columns])}


def picture(catalog: pl.DataFrame, stats: pl.DataFrame, cutoff: dt.date) -> dg.MetadataValue:
    """Show by family how widely its features are known and how many are zero.

    Parameters
    ----------
    catalog, stats
        `feature_catalog` and `feature_stats` of the cutoff: a row a feature (and target).
    cutoff
        As-of date, in the title.
    """
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
    """Return the figures shown per partition; `shared` features are those over all divisions.

    Parameters
    ----------
    features
        A target's own part of its table: one row per customer of the population.
    shared
        How many features it has in common with the other targets.
    """
    return {
        "population": features.height,
        "whitespace_population": int(features["is_whitespace"].sum()),
        "features": shared + sum("__" in name for name in features.columns),
    }
