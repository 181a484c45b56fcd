"""Assets of the labels phase."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import polars as pl

from gosales_assets.labels.audit import AUDITED, audit_labels, windows_to_audit
from gosales_assets.labels.label import build_labels
from gosales_assets.labels.prevalence import ALL, count_prevalence
from gosales_assets.labels.recount import count_raw_log
from gosales_assets.labels.windows import describe_cutoff, possible_widths
from gosales_assets.platform.platform import Platform, keys_of
from gosales_checks.contracts.labels import (
    COHORTS,
    CUTOFF_METADATA,
    LABEL_AUDIT,
    LABELS,
    PREVALENCE,
)
from gosales_resources import markdown
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.partitions.targets import counts_for
from gosales_resources.store.io_managers import Partition, Partitions
from gosales_resources.store.upstream import Tables


def cutoff_metadata(platform: Platform) -> dg.AssetsDefinition:
    """Define what is known of each cutoff's label window."""
    settings, space = platform.settings, platform.space

    @platform.table(CUTOFF_METADATA)
    def cutoff_metadata(
        context: dg.AssetExecutionContext, sales_ledger: Tables, dim_customer: Tables
    ) -> Partitions:
        # Rows after the calendar's last cutoff are in no increment, however complete the log is.
        declared = settings.source.sales_log.complete_through
        complete = min(declared, space.cutoffs()[-1]) if declared else None

        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                cutoff = key.cutoff
                read = [c for c in space.cutoffs_read("label_window", cutoff) if c in sales_ledger]
                ledger = pl.concat(sales_ledger[c] for c in read).collect()
                customers = dim_customer[cutoff].select("customer_id", "is_buyer").collect()
                frame = describe_cutoff(cutoff, ledger, customers, settings.labels, complete)
                yield Partition(key, frame, metadata=show_window(frame))

        return Partitions(made())

    return cutoff_metadata


def labels(platform: Platform) -> dg.AssetsDefinition:
    """Define the labels of a target."""
    settings, space = platform.settings, platform.space

    @platform.table(LABELS)
    def labels(
        context: dg.AssetExecutionContext,
        fact_transactions: Tables,
        cutoff_metadata: Tables,
        dim_customer: Tables,
    ) -> Partitions:
        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                cutoff, target = key.cutoff, str(key.division)
                window = cutoff_metadata[cutoff].collect()
                frame = build_labels(
                    target,
                    cutoff,
                    possible_widths(window, settings.labels),
                    facts_for_labels(fact_transactions, window, target, space),
                    dim_customer[cutoff],
                    settings.labels,
                    settings.value,
                )
                yield Partition(key, frame, metadata=summarise(frame))

        return Partitions(made())

    return labels


def prevalence(platform: Platform) -> dg.AssetsDefinition:
    """Define the shares of buyers by target and cohort."""

    @platform.table(PREVALENCE)
    def prevalence(context: dg.AssetExecutionContext, labels: Tables) -> Partitions:
        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                frame = count_prevalence(key.cutoff, labels.at(key.cutoff))
                yield Partition(key, frame, metadata=show_prevalence(frame))

        return Partitions(made())

    return prevalence


def label_audit(platform: Platform) -> dg.AssetsDefinition:
    """Define the recount of labels straight from the raw log."""
    settings = platform.settings

    @platform.table(LABEL_AUDIT)
    def label_audit(context: dg.AssetExecutionContext, labels: Tables) -> Partitions:
        def made() -> Iterator[Partition]:
            keys = keys_of(context)
            said = {
                c: {target: f.select(AUDITED).collect() for target, f in labels.at(c).items()}
                for c, _ in keys
            }
            windows = [o for cutoff, _ in keys for o in windows_to_audit(cutoff, said[cutoff])]
            counts = count_raw_log(windows, settings) if settings.labels.audit else {}
            for key in keys:
                cutoff = key.cutoff
                mine = {o: count for o, count in counts.items() if o.cutoff == cutoff}
                frame = audit_labels(cutoff, said[cutoff], mine, settings.labels)
                yield Partition(key, frame, metadata=show_audit(frame))

        return Partitions(made())

    return label_audit


def show_window(window: pl.DataFrame) -> dict[str, object]:
    """Return the figures shown of `cutoff_metadata`, which has one row.

    Parameters
    ----------
    window
        `cutoff_metadata` of a cutoff.
    """
    shown = ("window_end", "data_through", "is_censored", "customer_count", "buyer_count")
    row = window.row(0, named=True)
    return {name: _shown(row[name]) for name in shown}


def summarise(labels: pl.DataFrame) -> dict[str, object]:
    """Return the figures shown per partition.

    Parameters
    ----------
    labels
        `labels` of a partition: one row per customer of the population; may be empty.
    """
    whitespace = labels.filter(~pl.col("is_renewal_like"))
    shown: dict[str, object] = {
        "population": labels.height,
        "positives": int(labels["label"].sum()),
        "prevalence": _rate(labels),
        "whitespace_population": whitespace.height,
        "whitespace_positives": int(whitespace["label"].sum()),
        "whitespace_prevalence": _rate(whitespace),
        "is_censored": bool(labels["is_censored"].any()),
        **{name: int(labels[name].sum()) for name in COHORTS},
    }
    if labels.height:
        shown["window_months"] = labels.item(0, "window_months")
        shown["window_end"] = str(labels.item(0, "window_end"))
    return shown


def show_prevalence(prevalence: pl.DataFrame) -> dict[str, object]:
    """Return the shares of buyers as a table.

    Parameters
    ----------
    prevalence
        `prevalence` of a cutoff: one row per target and cohort; a null share has no customers.
    """
    head = ["target", "cohort", "customers", "buyers", "share", "window"]
    rows = []
    for r in prevalence.to_dicts():
        share = "" if r["prevalence_frac"] is None else f"{r['prevalence_frac']:.4f}"
        so_far = " so far" if r["is_censored"] else ""
        window = f"{r['window_months'] or ''}{so_far}"
        counts = (r["population"], r["positives"])
        rows.append((r["division"], r["cohort"], *counts, share, window))
    whole = prevalence.filter(cohort=ALL)
    return {
        "targets": whole.height,
        "positives": int(whole["positives"].sum()),
        "prevalence": dg.MetadataValue.md(markdown.table(head, rows)),
    }


def show_audit(audit: pl.DataFrame) -> dict[str, object]:
    """Return how the recount came out, with what differs.

    Parameters
    ----------
    audit
        `label_audit` of a cutoff: one row per target.
    """
    told = audit.filter(status="differs").select("division", "differing_customers", "example")
    lines = [f"{d}: {n} customers, such as {example}" for d, n, example in told.rows()]
    outcomes = audit["status"].value_counts(name="n").sort("status").rows()
    return {
        **{f"targets_{status}": count for status, count in outcomes},
        "customers_differing": int(audit["differing_customers"].sum()),
        "differences": dg.MetadataValue.md(markdown.bullets(lines)),
    }


def facts_for_labels(
    facts: Tables, window: pl.DataFrame, target: str, space: PartitionSpace
) -> pl.LazyFrame:
    """Put together the lines that a target's labels at one cutoff are counted from.

    Parameters
    ----------
    facts
        `fact_transactions` of the target's divisions, as far as they are there.
    window
        `cutoff_metadata` of the cutoff: one row.
    target
        A division, or a set of SKUs.
    space
        The calendar.

    Returns
    -------
    polars.LazyFrame
        Lines of `fact_transactions` that count for the target, in no particular order.

    Raises
    ------
    PartitionMissingError
        When an increment up to the cutoff is missing, or one that the data is said to reach
        before the widest window ends: labels would silently miss sales.
    """
    row = window.row(0, named=True)
    known = space.settings.divisions
    divisions = known.divisions_of(target)
    wanted: list[PartitionKey] = []
    for cutoff in space.cutoffs_read("up_to_window_end", row["cutoff"]):
        begins = space.steps_after(cutoff, -1)
        reached = row["data_through"] is not None and begins < row["data_through"]
        if cutoff <= row["cutoff"] or reached:
            wanted += [PartitionKey(cutoff, division) for division in divisions]
    facts.require(wanted)
    found = [
        facts[cutoff, division]
        for cutoff in space.cutoffs_read("up_to_window_end", row["cutoff"])
        for division in divisions
        if (cutoff, division) in facts
    ]
    return pl.concat(found).filter(counts_for(target, known))


def _shown(value: object) -> object:
    return str(value) if isinstance(value, dt.date) else value


def _rate(labels: pl.DataFrame) -> float | str:
    rate = labels["label"].mean()
    return float(rate) if isinstance(rate, int | float) else "no customers"
