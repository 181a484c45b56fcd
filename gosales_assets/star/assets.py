"""Assets of the star phase."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import polars as pl

from gosales_assets.platform.platform import Platform
from gosales_assets.star.dimensions import build_dim_product
from gosales_assets.star.facts import (
    hold_short_increment,
    lines_of_division,
    purchase_history_in_parts,
)
from gosales_assets.star.ingest import ingest
from gosales_checks.contracts.star import (
    DIM_PRODUCT,
    FACT_TRANSACTIONS,
    PURCHASE_HISTORY,
    SALES_LEDGER,
    SALES_LOG,
    SALES_LOG_REJECTS,
)
from gosales_resources.partitions.space import cutoff_of, division_of, partition_key
from gosales_resources.sources.table import read_table
from gosales_resources.store.io_managers import Partition, Partitions


def define_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """Define the sales log, its rejects and ledger, facts, products and purchase history."""
    settings, space = platform.settings, platform.space

    def products() -> pl.DataFrame:
        return build_dim_product(
            read_table(settings.source.taxonomy, settings.source_dir), settings
        )

    @platform.tables([SALES_LOG, SALES_LOG_REJECTS, SALES_LEDGER], name="sales_log_ingest")
    def sales_log_ingest(context: dg.AssetExecutionContext) -> Iterator[dg.Output[Partitions]]:
        cutoffs = [cutoff_of(key) for key in context.partition_keys]
        log = ingest(settings, products(), space.cutoffs(), platform.staging, context.log.info)
        cut = {SALES_LOG: log.lines, SALES_LOG_REJECTS: log.rejects, SALES_LEDGER: log.ledger}
        for contract, take in cut.items():
            made = Partitions(
                Partition(c, take(c), inputs={"source.sales_log": log.digest(c)}) for c in cutoffs
            )
            yield dg.Output(made, output_name=contract.name)

    @platform.table(DIM_PRODUCT)
    def dim_product(context: dg.AssetExecutionContext) -> Partitions:
        frame = products()
        return Partitions(Partition(cutoff_of(key), frame) for key in context.partition_keys)

    @platform.table(
        FACT_TRANSACTIONS,
    )
    def fact_transactions(context: dg.AssetExecutionContext, sales_log: dict) -> Partitions:
        def made():
            asked: dict[dt.date, list[str]] = {}
            for key in context.partition_keys:
                asked.setdefault(cutoff_of(key), []).append(str(division_of(key)))
            for cutoff, divisions in asked.items():
                lines = hold_short_increment(sales_log[partition_key(cutoff)])
                for division in divisions:
                    yield Partition(cutoff, lines_of_division(lines, division), division)

        return Partitions(made())

    @platform.table(
        PURCHASE_HISTORY,
    )
    def purchase_history(context: dg.AssetExecutionContext, fact_transactions: dict) -> Partitions:
        def made():
            for cutoff in (cutoff_of(key) for key in context.partition_keys):
                facts = [f for k, f in fact_transactions.items() if cutoff_of(k) == cutoff]
                yield Partition(cutoff, purchase_history_in_parts(pl.concat(facts), settings.value))

        return Partitions(made())

    return [sales_log_ingest, dim_product, fact_transactions, purchase_history]
