"""Assets of the validation phase."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import polars as pl

from gosales_assets.platform.pictures import heat_map_of, plot_of_list
from gosales_assets.platform.platform import Platform, keys_of
from gosales_assets.platform.side_by_side import side_by_side
from gosales_assets.validation.experiment_readout import read_experiment
from gosales_assets.validation.forward import ALL, WHITESPACE, validate_forward
from gosales_assets.validation.list_calls import count_calls
from gosales_assets.validation.list_validation import top_of_list, validate_list
from gosales_assets.validation.target_metrics import summarise_targets, target_metrics
from gosales_checks.contracts.calls import DONE, LIST_CALLS, OFF, OPEN
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.drift import DRIFT
from gosales_checks.contracts.experiment import EXPERIMENT_READOUT, LIST_ARMS
from gosales_checks.contracts.validation import (
    FORWARD_VALIDATION,
    LIST_VALIDATION,
    VALIDATION_SUMMARY,
)
from gosales_resources import markdown
from gosales_resources.dates import Window, label_window
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.address import Address
from gosales_resources.store.io_managers import Partition, Partitions
from gosales_resources.store.upstream import Tables

SHOWN_CALLS = 300
EFFECT = ("effect", "effect_low", "effect_high")
WITH_ENDS = ("value", "low", "high")
# Measure and slice: of customers who never bought there, what the list is about; inputs of all.
PLOTTED = (("lift_10", WHITESPACE), ("cal_mae", WHITESPACE), ("feature_psi", ALL))
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
    def validation_summary(context: dg.AssetExecutionContext) -> Partitions:
        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                tables = (FORWARD_VALIDATION, DRIFT)
                forward, shifts = (stored_divisions(platform, t, key.cutoff) for t in tables)
                metrics = target_metrics(forward, shifts)
                table = summarise_targets(metrics)
                shown = summarise_cutoff(table) | lines_of_divisions(metrics)
                shown |= heat_map_of(shifts, str(key))
                yield Partition(key, table, metadata=shown)

        return Partitions(made())

    return validation_summary


def stored_divisions(platform: Platform, contract: Contract, cutoff: dt.date) -> pl.DataFrame:
    """Read what is stored of a table at a cutoff, division after division, as it is."""
    keys = platform.space.keys(contract.partitioned_by, [cutoff])
    addresses = [Address(contract.name, *key) for key in keys]
    stored = [address for address in addresses if platform.store.has(address)]
    nothing = contract.schema.create_empty().lazy()
    tables = [nothing, *(platform.store.scan_table(address, None) for address in stored)]
    # Some may have been made by code of before, with other columns.
    return pl.concat(tables, how="diagonal").select(list(contract.schema.columns())).collect()


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
    # Two lines of a plot over cutoffs: the mean, and how bad the worst division is.
    figures = {f"{r['measure']}_{r['slice']}": r["mean"] for r in table.iter_rows(named=True)}
    worst = {
        f"{r['measure']}_{r['slice']}_worst": r["worst"]
        for r in table.iter_rows(named=True)
        if r["worst"] is not None
    }
    text = markdown.table(titles, rows) if rows else "Nothing is known yet: no window has ended."
    return {"divisions": dg.MetadataValue.md(text), **figures, **worst}


def lines_of_divisions(metrics: pl.DataFrame) -> dict[str, float]:
    """Return a figure a division of what is plotted over cutoffs: one line for each of them.

    Parameters
    ----------
    metrics
        `target_metrics` of a cutoff.
    """
    return {
        f"{measure}_{part}: {row['division']}": row[measure]
        for measure, part in PLOTTED
        for row in metrics.sort("division").to_dicts()
        if row["slice"] == part and row[measure] is not None
    }


def experiment_readout(platform: Platform) -> dg.AssetsDefinition:
    """Define what calling brought, against accounts left alone."""
    experiment = platform.settings.whitespace.experiment

    @platform.table(EXPERIMENT_READOUT)
    def experiment_readout(
        context: dg.AssetExecutionContext, whitespace: Tables, labels: Tables
    ) -> Partitions:
        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                cutoff = key.cutoff
                arms = platform.read(LIST_ARMS, cutoff).collect()
                table = read_experiment(
                    arms,
                    earlier_arms(platform, cutoff),
                    whitespace[cutoff],
                    labels.at(cutoff),
                    cutoff,
                    experiment,
                )
                yield Partition(key, table, metadata=summarise_readout(table))

        return Partitions(made())

    return experiment_readout


def list_calls(platform: Platform) -> dg.AssetsDefinition:
    """Define what was made of the list."""
    settings = platform.settings

    @platform.table(LIST_CALLS)
    def list_calls(
        context: dg.AssetExecutionContext, whitespace: Tables, list_outcomes: Tables
    ) -> Partitions:
        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                window = label_window(key.cutoff, settings.labels.window_months)
                known = [c for c in outcome_cutoffs(platform, key.cutoff) if c in list_outcomes]
                newest = max(known, default=key.cutoff)
                status = call_status(platform, window, newest)
                outcomes = list_outcomes[newest]
                yield Partition(key, count_calls(whitespace[key.cutoff], outcomes, window, status))

        return Partitions(made())

    return list_calls


def outcome_cutoffs(platform: Platform, cutoff: dt.date) -> list[dt.date]:
    """List the cutoffs at which outcomes of a list may be known."""
    return platform.space.cutoffs_read("label_window", cutoff)


def call_status(platform: Platform, window: Window, newest: dt.date) -> str:
    """Say whether all outcomes of a window are known at the newest cutoff of them."""
    if platform.settings.source.list_outcomes is None:
        return OFF
    return DONE if newest >= window.end else OPEN


def earlier_arms(platform: Platform, cutoff: dt.date) -> pl.DataFrame:
    """Read the families of earlier lists, as far as they are stored, whatever they were made under.

    Parameters
    ----------
    platform
        Where they lie.
    cutoff
        Of the list that is read out.

    Returns
    -------
    polars.DataFrame
        `family`, `epoch` of `list_arms`.
    """
    cutoffs = platform.space.cutoffs_read("up_to_cutoff", cutoff)
    addresses = [Address(LIST_ARMS.name, c) for c in cutoffs if c < cutoff]
    stored = [address for address in addresses if platform.store.has(address)]
    nothing = LIST_ARMS.schema.create_empty().lazy()
    tables = [nothing, *(platform.store.scan_table(address, None) for address in stored)]
    return pl.concat([table.select("family", "epoch") for table in tables]).collect()


def summarise_readout(table: pl.DataFrame) -> dict[str, object]:
    """Return the figures shown per partition of `experiment_readout`.

    Parameters
    ----------
    table
        Of a cutoff: one row.
    """
    row = table.row(0, named=True)
    shown = {name: row[name] for name in EFFECT if row[name] is not None}
    return {"status": row["status"], "verdict": row["verdict"], **shown}


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
    rows = []
    for row in figures.iter_rows(named=True):
        found[f"{row['measure']}_{row['slice']}"] = row["value"]
        rows.append([row["slice"], row["measure"], *(_rounded(row[c]) for c in WITH_ENDS)])
    if rows:
        titles = ["customers", "measure", "value", "low end", "high end"]
        found["result"] = dg.MetadataValue.md(markdown.table_in_place(titles, rows))
    return found | plot_of_list(table, key)


def _rounded(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
