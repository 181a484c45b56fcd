"""Assets of the enrichment: matches and the worst unmatched names, by cutoff."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import polars as pl

from gosales_assets.enrichment.build import EnrichmentTables, RawTables, enrich, no_tables
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.enrichment import CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED
from gosales_checks.verdicts.coverage import measure_coverage
from gosales_resources.partitions.space import cutoff_of
from gosales_resources.settings.source import FileSource
from gosales_resources.sources.table import read_table
from gosales_resources.store.io_managers import Partition, Partitions

SHOWN_UNMATCHED = 20


def define_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """Define the customers found in the company directory, and those that were not."""
    settings = platform.settings

    def read(source: FileSource | None) -> pl.DataFrame | None:
        return read_table(source, settings.source_dir) if source else None

    @platform.tables(
        [CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED],
        name="enrichment",
    )
    def enrichment(
        context: dg.AssetExecutionContext, sales_log: pl.LazyFrame
    ) -> Iterator[dg.Output[Partitions]]:
        cutoffs = [cutoff_of(key) for key in context.partition_keys]
        source = settings.source.enrichment
        overrides = source.overrides if source else None
        accounts = settings.source.customers if source else None
        raw = RawTables(read(source), read(overrides), read(accounts))
        found = enrich(settings, raw, sales_log, cutoffs)
        if found:
            context.log.info("enrichment: %d pairs of names compared", found.comparisons)
        for contract in (CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED):
            yield dg.Output(
                Partitions(
                    _partition(cutoff, found.at(cutoff) if found else no_tables(), contract)
                    for cutoff in cutoffs
                ),
                output_name=contract.name,
            )

    def _partition(cutoff: dt.date, tables: EnrichmentTables, contract: Contract) -> Partition:
        frame = tables.matched if contract is CUSTOMER_ENRICHMENT else tables.unmatched
        return Partition(cutoff, frame, metadata=coverage_metadata(tables))

    return [enrichment]


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
        "worst_unmatched": dg.MetadataValue.md(_table(worst)),
    }


def _table(frame: pl.DataFrame) -> str:
    def cell(value: object) -> str:
        return "" if value is None else str(value).replace("|", "/")

    lines = [frame.columns, ["---"] * frame.width, *frame.rows()]
    return "\n".join(f"| {' | '.join(map(cell, line))} |" for line in lines)
