"""Assets of the accounts phase."""

import dataclasses
import datetime as dt

import dagster as dg
import polars as pl

from gosales_assets.accounts.attribute_history import ENRICHED, customer_history_in_parts
from gosales_assets.accounts.calendar_days import build_dim_date
from gosales_assets.accounts.crm import CRM_TABLES, CrmTable, build_crm_table
from gosales_assets.accounts.customers import accounts_at
from gosales_assets.accounts.installed_base import build_fact_assets, count_assets
from gosales_assets.accounts.intake import (
    build_source_ledger,
    build_source_rejects,
    read_register,
    read_source,
    read_sources,
)
from gosales_assets.accounts.observations import observe, seen_dates
from gosales_assets.accounts.roster import build_dim_customer
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.accounts import (
    DIM_CUSTOMER,
    DIM_CUSTOMER_HISTORY,
    DIM_DATE,
    FACT_ASSETS,
    SOURCE_LEDGER,
    SOURCE_REJECTS,
)
from gosales_resources.partitions.space import cutoff_of, partition_key
from gosales_resources.store.io_managers import Partition, Partitions


def define_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """Define the roster and its history, the calendar, and the tables beside the sales log."""
    settings = platform.settings

    @platform.table(DIM_DATE)
    def dim_date(context: dg.AssetExecutionContext) -> Partitions:
        first = settings.source.sales_log.min_order_date
        months = settings.labels.window_months
        return Partitions(
            Partition(c, build_dim_date(c, first, settings.calendar, months))
            for c in cutoffs_of(context)
        )

    @platform.table(FACT_ASSETS)
    def fact_assets(context: dg.AssetExecutionContext) -> Partitions:
        register = read_register(settings)

        def made():
            for cutoff in cutoffs_of(context):
                shown = dataclasses.asdict(count_assets(register, cutoff))
                yield Partition(cutoff, build_fact_assets(register, cutoff), metadata=shown)

        return Partitions(made())

    @platform.table(DIM_CUSTOMER_HISTORY)
    def dim_customer_history(
        context: dg.AssetExecutionContext,
        sales_log: pl.LazyFrame,
        fact_assets: dict,
        customer_enrichment: dict,
    ) -> Partitions:
        side, observations = read_source(settings, "customers"), observe(sales_log)

        def made():
            for cutoff in cutoffs_of(context):
                key, accounts = partition_key(cutoff), accounts_at(side, cutoff)
                told = customer_enrichment[key].select(ENRICHED).collect()
                frames = customer_history_in_parts(
                    cutoff, accounts, observations, fact_assets[key], told
                )
                yield Partition(cutoff, frames)

        return Partitions(made())

    @platform.table(DIM_CUSTOMER)
    def dim_customer(
        context: dg.AssetExecutionContext,
        dim_customer_history: dict,
        sales_log: pl.LazyFrame,
        fact_assets: dict,
    ) -> Partitions:
        seen, months = seen_dates(sales_log), settings.labels.warm_window_months

        def made():
            for cutoff in cutoffs_of(context):
                key = partition_key(cutoff)
                history, assets = dim_customer_history[key], fact_assets[key]
                frame = build_dim_customer(cutoff, history, seen, assets, months)
                yield Partition(cutoff, frame, metadata=summarise_roster(frame))

        return Partitions(made())

    @platform.tables([SOURCE_REJECTS, SOURCE_LEDGER], name="source_intake")
    def source_intake(context: dg.AssetExecutionContext) -> tuple[Partitions, Partitions]:
        sides, cutoffs = read_sources(settings), cutoffs_of(context)
        return (
            Partitions(Partition(c, build_source_rejects(sides, c)) for c in cutoffs),
            Partitions(Partition(c, build_source_ledger(sides, c)) for c in cutoffs),
        )

    crm = [crm_asset(platform, table) for table in CRM_TABLES]
    return [dim_date, fact_assets, dim_customer_history, dim_customer, *crm, source_intake]


def crm_asset(platform: Platform, table: CrmTable) -> dg.AssetsDefinition:
    """Define the asset of one CRM table."""

    @platform.table(table.contract)
    def crm_table(context: dg.AssetExecutionContext) -> Partitions:
        side = read_source(platform.settings, table.contract.name)
        return Partitions(
            Partition(c, build_crm_table(table, side, c)) for c in cutoffs_of(context)
        )

    return crm_table


def cutoffs_of(context: dg.AssetExecutionContext) -> list[dt.date]:
    """List the cutoffs a run makes."""
    return [cutoff_of(key) for key in context.partition_keys]


def summarise_roster(roster: pl.DataFrame) -> dict[str, object]:
    """Return the figures shown per partition."""
    counts = roster["segment"].value_counts(name="rows").rows()
    return {"customers": roster.height, **dict(sorted(counts))}
