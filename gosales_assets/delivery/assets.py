"""Assets of the delivery phase."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from gosales_assets.delivery.columns import check_settings
from gosales_assets.delivery.exports import build_exports
from gosales_assets.delivery.exports_card import describe_exports
from gosales_assets.delivery.listed import ListTerms
from gosales_assets.delivery.report import build_report
from gosales_assets.delivery.report_desk import read_tables, terms_of, told_of
from gosales_assets.delivery.surfacing import surfaced_rows
from gosales_assets.platform.platform import Platform, keys_of
from gosales_checks.contracts.delivery import LIST_EXPORTS, SURFACED
from gosales_checks.contracts.list_report import LIST_REPORT
from gosales_resources import markdown
from gosales_resources.store.address import Address
from gosales_resources.store.io_managers import Partition, Partitions
from gosales_resources.store.upstream import Tables


def list_exports(platform: Platform) -> dg.AssetsDefinition:
    """Define the files of a list."""
    settings = platform.settings
    check_settings(settings.delivery)

    @platform.bundle(LIST_EXPORTS, {"excel", "csv"})
    def list_exports(context: dg.AssetExecutionContext, whitespace: Tables) -> Partitions:
        keys = keys_of(context)
        platform.publish(context.instance, [Address(LIST_EXPORTS.name, *key) for key in keys])
        currency = settings.source.sales_log.home_currency

        def made() -> Iterator[Partition]:
            for key in keys:
                terms = ListTerms(key.cutoff, currency, settings.labels.window_months)
                files = build_exports(whitespace[key], terms, settings.delivery)
                yield Partition(key, files, metadata=summarise_files(describe_exports(files)))

        return Partitions(made())

    return list_exports


def list_report(platform: Platform) -> dg.AssetsDefinition:
    """Define the page of a list."""
    settings = platform.settings
    check_settings(settings.delivery)

    @platform.bundle(LIST_REPORT, {"html"})
    def list_report(context: dg.AssetExecutionContext, whitespace: Tables) -> Partitions:
        keys = keys_of(context)
        beside = [address for key in keys for address in told_of(platform, key.cutoff)]
        platform.publish(
            context.instance, [Address(LIST_REPORT.name, *key) for key in keys], beside
        )
        currency = settings.source.sales_log.home_currency

        def made() -> Iterator[Partition]:
            for key in keys:
                terms = ListTerms(key.cutoff, currency, settings.labels.window_months)
                tables = read_tables(platform, context.instance, key.cutoff, whitespace[key])
                files = build_report(tables, terms, terms_of(platform), settings.delivery)
                shown = summarise_files(describe_exports(files, LIST_REPORT))
                yield Partition(key, files, metadata=shown)

        return Partitions(made())

    return list_report


def surfaced(platform: Platform) -> dg.AssetsDefinition:
    """Define what a list put before people."""

    @platform.table(SURFACED)
    def surfaced(context: dg.AssetExecutionContext, whitespace: Tables) -> Partitions:
        keys = keys_of(context)
        platform.publish(context.instance, [Address(SURFACED.name, *key) for key in keys])
        made = (Partition(key, surfaced_rows(whitespace[key])) for key in keys)
        return Partitions(made)

    return surfaced


def summarise_files(described: pl.DataFrame) -> dict[str, object]:
    """Return the figures shown per partition.

    Parameters
    ----------
    described
        `list_exports` or `list_report` of a cutoff: one row per file.
    """
    columns = ["file", "kind", "row_count", "size_bytes"]
    rows = described.select(columns).rows()
    return {
        "file_count": described.height,
        "files": dg.MetadataValue.md(markdown.table(columns, rows)),
    }
