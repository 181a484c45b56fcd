"""Assets of the enrichment: matches and the worst unmatched names, by cutoff."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import polars as pl

from gosales_assets.enrichment.build import EnrichmentTables, RawTables, enrich, no_tables
from gosales_assets.platform.platform import Platform, keys_of
from gosales_checks.contracts.enrichment import CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED
from gosales_checks.verdicts.coverage import measure_coverage
from gosales_resources import markdown
from gosales_resources.settings.inputs import FileSource
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.table import read_table
from gosales_resources.store.io_managers import Partition, Partitions

SHOWN_UNMATCHED = 20


def enrichment(platform: Platform) -> dg.AssetsDefinition:
    """Define the customers found in the company directory, and those that were not."""

    @platform.tables(CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED)
    def enrichment(
        context: dg.AssetExecutionContext, sales_log: pl.LazyFrame
    ) -> Iterator[dg.Output[Partitions]]:
        settings, keys = platform.settings, keys_of(context)
        found = enrich(settings, read_raw(settings), sales_log, [key.cutoff for key in keys])
        if found:
            context.log.info("enrichment: %d pairs of names compared", found.comparisons)

        def made(is_matched: bool) -> Iterator[Partition]:
            for key in keys:
                tables = found.at(key.cutoff) if found else no_tables()
                frame = tables.matched if is_matched else tables.unmatched
                yield Partition(key, frame, metadata=coverage_metadata(tables))

        for contract in (CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED):
            partitions = Partitions(made(contract is CUSTOMER_ENRICHMENT))
            yield dg.Output(partitions, output_name=contract.name)

    return enrichment


def read_raw(settings: Settings) -> RawTables:
    """Read the directory, its overrides and the accounts, as far as they are configured."""

    def read(source: FileSource | None) -> pl.DataFrame | None:
        return read_table(source, settings.source_dir) if source else None

    source = settings.source.enrichment
    overrides = source.overrides if source else None
    accounts = settings.source.customers if source else None
    return RawTables(read(source), read(overrides), read(accounts))


def coverage_metadata(tables: EnrichmentTables) -> Mapping[str, Any]:
    """Return coverage, methods, and the worst unmatched names for the UI."""
    coverage = measure_coverage(tables.matched.lazy(), tables.unmatched.lazy())
    methods = tables.matched.group_by("method").len().sort("method")
    worst = tables.unmatched.head(SHOWN_UNMATCHED).select(
        "customer_id", "customer_name", "value_cents", "reason", "candidate_name"
    )
    shares = {
        "coverage_customer_frac": coverage.customer_frac,
        "coverage_value_frac": coverage.value_frac,
    }
    return {
        **{name: share for name, share in shares.items() if share is not None},
        "matched_count": coverage.matched,
        "unmatched_count": coverage.customers - coverage.matched,
        "matched_by": dict(methods.rows()),
        "overrides_not_on_roster": len(tables.unknown_customers),
        "overrides_not_on_roster_first": ", ".join(tables.unknown_customers[:SHOWN_UNMATCHED]),
        "worst_unmatched": dg.MetadataValue.md(markdown.table(worst.columns, worst.rows())),
    }
