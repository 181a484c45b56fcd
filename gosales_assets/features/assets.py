"""Assets of the features phase."""

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
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
from gosales_assets.features.embeddings import fit_embeddings
from gosales_assets.features.families.als import ALS
from gosales_assets.features.families.basket import BASKET
from gosales_assets.features.families.registry import check_off
from gosales_assets.features.history import purchase_lines
from gosales_assets.features.ranges import CutoffTables, Worlds, cut_ranges, parts_of
from gosales_assets.features.scopes import Scope
from gosales_assets.features.stats import catalog_features, measure_features
from gosales_assets.platform.pictures import embedded
from gosales_assets.platform.platform import Platform, column_schema
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
from gosales_checks.verdicts.leakage import LATEST_SOURCE_ROWS
from gosales_resources.dates import visible_at
from gosales_resources.partitions.space import cutoff_of, division_of, partition_key
from gosales_resources.partitions.targets import with_sets
from gosales_resources.store.io_managers import Partition, Partitions


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
                    yield Partition(
                        cutoff, contract.schema.create_empty(lazy=True), metadata={"family": "off"}
                    )
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
        cutoffs = [cutoff_of(key) for key in context.partition_keys]
        known = (dim_customer, fact_assets, affinity_rules, embeddings)
        tables = {c: CutoffTables(*(table[partition_key(c)] for table in known)) for c in cutoffs}
        ranges = cut_ranges(purchase_history, tables[max(cutoffs)].customers)
        worlds = Worlds(settings, purchase_history, tables, ranges)
        context.log.info("%d cutoffs, customers in %d range(s)", len(cutoffs), len(ranges))

        def made(contract: Contract, scope: Scope) -> Iterator[Partition]:
            watch = Stopwatch()
            for cutoff in cutoffs:
                # Filled while the parts are made, which is when they are written.
                seen = Seen(contract)
                yield Partition(
                    cutoff, parts_of(worlds, cutoff, scope, watch, seen), metadata=seen.shown
                )
            for family, seconds in watch.seconds.items():
                context.log.info("%s: %s: %.2f s", contract.name, family, seconds)

        return (
            Partitions(made(CUSTOMER_FEATURES, "all")),
            Partitions(made(DIVISION_FEATURES, "div")),
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
                divisions = hold_short_table(division_features[partition_key(cutoff)])
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


class Seen:
    """What is shown of a partition of a feature table: of all its ranges of customers together."""

    def __init__(self, contract: Contract) -> None:
        self.shown: dict[str, object] = {}
        self._contract = contract
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
            **schema_of(self._contract, frame.features),
        }


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
