"""Assets of the accounts phase: the roster, the calendar, and the tables beside the sales log."""

import dataclasses
from collections.abc import Iterator

import dagster as dg
import polars as pl

from gosales_assets.accounts.attribute_history import ENRICHED, customer_history_in_parts
from gosales_assets.accounts.calendar_days import build_dim_date
from gosales_assets.accounts.crm import CRM_TABLES, build_crm_table
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
from gosales_assets.accounts.past import AttributePast
from gosales_assets.accounts.roster import build_dim_customer
from gosales_assets.platform.platform import Platform, keys_of
from gosales_checks.contracts.accounts import (
    DIM_CUSTOMER,
    DIM_CUSTOMER_HISTORY,
    DIM_DATE,
    FACT_ASSETS,
    SOURCE_LEDGER,
    SOURCE_REJECTS,
)
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.crm import (
    CRM_CONTACTS,
    CRM_DEALS,
    DO_NOT_CONTACT,
    LIST_OUTCOMES,
    REP_OWNERSHIP,
    SURFACING_LOG,
)
from gosales_resources.store.io_managers import Partition, Partitions
from gosales_resources.store.upstream import Tables


def dim_date(platform: Platform) -> dg.AssetsDefinition:
    """Define the calendar of days."""

    @platform.table(DIM_DATE)
    def dim_date(context: dg.AssetExecutionContext) -> Partitions:
        settings = platform.settings
        first, months = settings.source.sales_log.min_order_date, settings.labels.window_months
        return Partitions(
            Partition(key, build_dim_date(key.cutoff, first, settings.calendar, months))
            for key in keys_of(context)
        )

    return dim_date


def fact_assets(platform: Platform) -> dg.AssetsDefinition:
    """Define the installed base."""

    @platform.table(FACT_ASSETS)
    def fact_assets(context: dg.AssetExecutionContext) -> Partitions:
        register = read_register(platform.settings)

        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                shown = dataclasses.asdict(count_assets(register, key.cutoff))
                yield Partition(key, build_fact_assets(register, key.cutoff), metadata=shown)

        return Partitions(made())

    return fact_assets


def dim_customer_history(platform: Platform) -> dg.AssetsDefinition:
    """Define what was known of customers when (type 2)."""

    @platform.table(DIM_CUSTOMER_HISTORY)
    def dim_customer_history(
        context: dg.AssetExecutionContext,
        sales_log: pl.LazyFrame,
        fact_assets: Tables,
        customer_enrichment: Tables,
    ) -> Partitions:
        side, observations = read_source(platform.settings, "customers"), observe(sales_log)
        keys, past = keys_of(context), AttributePast(platform)
        past.keep(key.cutoff for key in keys)

        def made() -> Iterator[Partition]:
            for key in keys:
                cutoff = key.cutoff
                assets, accounts = fact_assets[cutoff], accounts_at(side, cutoff)
                told = customer_enrichment[cutoff].select(ENRICHED).collect()
                parts = customer_history_in_parts(cutoff, accounts, observations, assets, told)
                yield Partition(key, parts)
            # All of them are stored by now.
            for said in past.settle([key.cutoff for key in keys]):
                context.log.warning(f"customers: {said}")

        return Partitions(made())

    return dim_customer_history


def dim_customer(platform: Platform) -> dg.AssetsDefinition:
    """Define the roster."""

    @platform.table(DIM_CUSTOMER)
    def dim_customer(
        context: dg.AssetExecutionContext,
        dim_customer_history: Tables,
        sales_log: pl.LazyFrame,
        fact_assets: Tables,
    ) -> Partitions:
        seen, months = seen_dates(sales_log), platform.settings.labels.warm_window_months

        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                cutoff = key.cutoff
                history, assets = dim_customer_history[cutoff], fact_assets[cutoff]
                frame = build_dim_customer(cutoff, history, seen, assets, months)
                yield Partition(key, frame, metadata=summarise_roster(frame))

        return Partitions(made())

    return dim_customer


def source_intake(platform: Platform) -> dg.AssetsDefinition:
    """Define what became of the rows of the tables beside the sales log."""

    @platform.tables(SOURCE_REJECTS, SOURCE_LEDGER)
    def source_intake(context: dg.AssetExecutionContext) -> tuple[Partitions, Partitions]:
        sides, keys = read_sources(platform.settings), keys_of(context)
        return (
            Partitions(Partition(key, build_source_rejects(sides, key.cutoff)) for key in keys),
            Partitions(Partition(key, build_source_ledger(sides, key.cutoff)) for key in keys),
        )

    return source_intake


def crm_contacts(platform: Platform) -> dg.AssetsDefinition:
    """Define who was contacted when."""
    return _crm_table(platform, CRM_CONTACTS)


def crm_deals(platform: Platform) -> dg.AssetsDefinition:
    """Define which deals are open."""
    return _crm_table(platform, CRM_DEALS)


def do_not_contact(platform: Platform) -> dg.AssetsDefinition:
    """Define who must not be contacted."""
    return _crm_table(platform, DO_NOT_CONTACT)


def rep_ownership(platform: Platform) -> dg.AssetsDefinition:
    """Define which rep owns which account."""
    return _crm_table(platform, REP_OWNERSHIP)


def surfacing_log(platform: Platform) -> dg.AssetsDefinition:
    """Define what was surfaced before, and what came of it."""
    return _crm_table(platform, SURFACING_LOG)


def list_outcomes(platform: Platform) -> dg.AssetsDefinition:
    """Define what was called, won and rejected."""
    return _crm_table(platform, LIST_OUTCOMES)


def _crm_table(platform: Platform, contract: Contract) -> dg.AssetsDefinition:
    (table,) = (each for each in CRM_TABLES if each.contract is contract)

    @platform.table(contract)
    def crm_table(context: dg.AssetExecutionContext) -> Partitions:
        side = read_source(platform.settings, contract.name)
        return Partitions(
            Partition(key, build_crm_table(table, side, key.cutoff)) for key in keys_of(context)
        )

    return crm_table


def summarise_roster(roster: pl.DataFrame) -> dict[str, object]:
    """Return the figures shown per partition: customers in all and by segment.

    Parameters
    ----------
    roster
        `dim_customer` of a cutoff: one row per customer.
    """
    counts = roster["segment"].value_counts(name="rows").rows()
    return {"customers": roster.height, **dict(sorted(counts))}
