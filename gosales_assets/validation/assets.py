"""Assets of the validation phase."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from gosales_assets.platform.pictures import heat_map_of, plot_of_list
from gosales_assets.platform.platform import Platform, keys_of
from gosales_assets.platform.side_by_side import side_by_side
from gosales_assets.validation.forward import validate_forward
from gosales_assets.validation.list_validation import top_of_list, validate_list
from gosales_assets.validation.target_metrics import summarise_targets, target_metrics
from gosales_checks.contracts.validation import (
    FORWARD_VALIDATION,
    LIST_VALIDATION,
    VALIDATION_SUMMARY,
)
from gosales_resources import markdown
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.io_managers import Partition, Partitions
from gosales_resources.store.upstream import Tables

SHOWN_CALLS = 300
SHOWN = ("auc", "lift_10", "cal_mae", "base_rate")


def forward_validation(platform: Platform) -> dg.AssetsDefinition:
    """Define how good scores were on the time after their cutoff."""
    settings = platform.settings

    @platform.table(FORWARD_VALIDATION)
    def forward_validation(
        context: dg.AssetExecutionContext, scores: Tables, labels: Tables
    ) -> Partitions:
        def validate(key: PartitionKey) -> Partition:
            table = validate_forward(scores[key], labels[key], settings.validation)
            return Partition(key, table, metadata=summarise(table, str(key)))

        keys, threads = keys_of(context), settings.threads_used
        return Partitions(side_by_side(validate, keys, "validated", context.log.info, threads))

    return forward_validation


def list_validation(platform: Platform) -> dg.AssetsDefinition:
    """Define what the list as published would have brought."""

    @platform.table(LIST_VALIDATION)
    def list_validation(
        context: dg.AssetExecutionContext,
        whitespace: Tables,
        whitespace_signals: Tables,
        labels: Tables,
    ) -> Partitions:
        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                table = validate_list(
                    whitespace[key],
                    pl.concat(whitespace_signals.at(key.cutoff).values()),
                    pl.concat(labels.at(key.cutoff).values()),
                    key.cutoff,
                    platform.settings.validation,
                )
                yield Partition(key, table, metadata=summarise_list(table))

        return Partitions(made())

    return list_validation


def validation_summary(platform: Platform) -> dg.AssetsDefinition:
    """Define what validation and drift of a cutoff come to over its divisions."""

    @platform.table(VALIDATION_SUMMARY)
    def validation_summary(
        context: dg.AssetExecutionContext, forward_validation: Tables, drift: Tables
    ) -> Partitions:
        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                tables = (forward_validation, drift)
                forward, shifts = (pl.concat(t.at(key.cutoff).values()).collect() for t in tables)
                metrics = target_metrics(forward, shifts)
                table = summarise_targets(metrics)
                shown = summarise_cutoff(table) | heat_map_of(shifts, str(key))
                yield Partition(key, table, metadata=shown)

        return Partitions(made())

    return validation_summary


def summarise_cutoff(table: pl.DataFrame) -> dict[str, object]:
    """Return mean and worst division of each measure, as shown per partition.

    Parameters
    ----------
    table
        `validation_summary` of a cutoff.
    """
    rows = [
        (r["slice"], r["measure"], f"{r['mean']:.3f}",
         "" if r["worst"] is None else f"{r['worst']:.3f}", r["worst_division"] or "")
        for r in table.iter_rows(named=True)
    ]  # fmt: skip
    titles = ["customers", "measure", "mean", "worst", "division"]
    figures = {f"{r['measure']}_{r['slice']}": r["mean"] for r in table.iter_rows(named=True)}
    text = markdown.table(titles, rows) if rows else "Nothing is known yet: no window has ended."
    return {"divisions": dg.MetadataValue.md(text), **figures}


def summarise_list(table: pl.DataFrame) -> dict[str, object]:
    """Return the figures shown per partition of `list_validation`.

    Parameters
    ----------
    table
        Of a cutoff.
    """
    best = top_of_list(table, SHOWN_CALLS)
    if best is None:
        return {"status": ", ".join(sorted(set(table["status"])))}
    return {
        "calls": best["row_count"],
        "wins": best["captured"],
        "wins_by_chance": best["chance"],
        "wins_in_all": best["total"],
    }


def summarise(table: pl.DataFrame, key: str) -> dict[str, object]:
    """Return the figures shown per partition, and a small plot where there is an outcome.

    Parameters
    ----------
    table
        `forward_validation` of a partition: one row per slice, measure and bin.
    key
        Of the partition, in the picture's title.
    """
    found: dict[str, object] = {"status": ", ".join(sorted(set(table["status"]))) or "empty"}
    figures = table.filter(pl.col("measure").is_in(SHOWN) & pl.col("value").is_not_null())
    for row in figures.iter_rows(named=True):
        found[f"{row['measure']}_{row['slice']}"] = row["value"]
    return found | plot_of_list(table, key)
