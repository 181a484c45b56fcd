"""Assets of the star phase."""

import datetime as dt
from collections.abc import Iterator
from functools import cache

import dagster as dg
import polars as pl

from gosales_assets.platform.platform import Platform, by_cutoff, keys_of
from gosales_assets.star.dimensions import build_dim_product
from gosales_assets.star.facts import (
    hold_short_increment,
    lines_of_division,
    purchase_history_in_parts,
)
from gosales_assets.star.ingest import ingest
from gosales_assets.star.past import LogPast
from gosales_assets.star.shown import summarise_ledger
from gosales_checks.contracts.star import (
    DIM_PRODUCT,
    FACT_TRANSACTIONS,
    PURCHASE_HISTORY,
    SALES_LEDGER,
    SALES_LOG,
    SALES_LOG_REJECTS,
)
from gosales_resources.errors import DamagedError
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.table import read_table
from gosales_resources.store.address import Address
from gosales_resources.store.io_managers import Partition, Partitions
from gosales_resources.store.upstream import Tables


def sales_log_ingest(platform: Platform) -> dg.AssetsDefinition:
    """Define the sales log, its rejects and its ledger."""
    settings, space = platform.settings, platform.space

    def is_other(cutoff: dt.date, digest: str) -> bool:
        address = Address(SALES_LOG.name, cutoff)
        try:
            return bool(platform.freshness.changes(SALES_LOG, address, {cutoff: digest}))
        except DamagedError:
            # It was told when it was found stale; nothing can be held against it.
            return False

    @platform.tables(SALES_LOG, SALES_LOG_REJECTS, SALES_LEDGER)
    def sales_log_ingest(context: dg.AssetExecutionContext) -> Iterator[dg.Output[Partitions]]:
        products = read_products(settings)
        log = ingest(settings, products, space.cutoffs(), platform.staging, context.log.info)
        log.require_visible(settings.source.sales_log.place)
        keys, past = keys_of(context), LogPast(platform)
        past.keep(key.cutoff for key in keys if is_other(key.cutoff, log.digest(key.cutoff)))
        # Stored once, and shown beside each of the three.
        ledger = cache(log.ledger)
        cut = {SALES_LOG: log.lines, SALES_LOG_REJECTS: log.rejects, SALES_LEDGER: ledger}
        for contract, take in cut.items():
            made = Partitions(
                Partition(
                    key,
                    take(key.cutoff),
                    summarise_ledger(ledger(key.cutoff), key.cutoff),
                    inputs={"source.sales_log": log.digest(key.cutoff)},
                )
                for key in keys
            )
            yield dg.Output(made, output_name=contract.name)
        # All of it is stored by now.
        for told in past.settle([key.cutoff for key in keys]):
            context.log.warning(f"sales log: {told}")

    return sales_log_ingest


def dim_product(platform: Platform) -> dg.AssetsDefinition:
    """Define the taxonomy as a table."""

    @platform.table(DIM_PRODUCT)
    def dim_product(context: dg.AssetExecutionContext) -> Partitions:
        frame = read_products(platform.settings)
        return Partitions(Partition(key, frame) for key in keys_of(context))

    return dim_product


def read_products(settings: Settings) -> pl.DataFrame:
    """Read `dim_product` off the configured taxonomy: one row per SKU.

    Returns
    -------
    polars.DataFrame
        Sorted by SKU.

    Raises
    ------
    SourceError
        When the taxonomy cannot be read, lacks a column, or names a division that is not configured.
    """
    return build_dim_product(read_table(settings.source.taxonomy, settings.source_dir), settings)


def fact_transactions(platform: Platform) -> dg.AssetsDefinition:
    """Define the fact table: lines by division and increment."""

    @platform.table(FACT_TRANSACTIONS)
    def fact_transactions(context: dg.AssetExecutionContext, sales_log: Tables) -> Partitions:
        def made() -> Iterator[Partition]:
            for cutoff, divisions in by_cutoff(keys_of(context)).items():
                lines = hold_short_increment(sales_log[cutoff])
                for division in divisions:
                    key = PartitionKey(cutoff, division)
                    yield Partition(key, lines_of_division(lines, division))

        return Partitions(made())

    return fact_transactions


def purchase_history(platform: Platform) -> dg.AssetsDefinition:
    """Define the increment aggregated, over all divisions."""

    @platform.table(PURCHASE_HISTORY)
    def purchase_history(
        context: dg.AssetExecutionContext, fact_transactions: Tables
    ) -> Partitions:
        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                facts = pl.concat(fact_transactions.at(key.cutoff).values())
                yield Partition(key, purchase_history_in_parts(facts, platform.settings.value))

        return Partitions(made())

    return purchase_history
