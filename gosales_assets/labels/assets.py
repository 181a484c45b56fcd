"""Assets of the labels phase."""

import datetime as dt
from collections.abc import Mapping

import dagster as dg
import polars as pl

from gosales_assets.labels.audit import AUDITED, audit_labels, windows_to_audit
from gosales_assets.labels.label import build_labels
from gosales_assets.labels.prevalence import ALL, count_prevalence
from gosales_assets.labels.recount import count_raw_log
from gosales_assets.labels.windows import describe_cutoff, possible_widths
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.labels import (
    COHORTS,
    CUTOFF_METADATA,
    LABEL_AUDIT,
    LABELS,
    PREVALENCE,
)
from gosales_resources.errors import PartitionMissingError
from gosales_resources.partitions.space import PartitionSpace, cutoff_of, division_of, partition_key
from gosales_resources.partitions.targets import counts_for
from gosales_resources.store.io_managers import Partition, Partitions
from gosales_resources.store.tables import Address, missing_message


def define_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """Define `cutoff_metadata`, `labels`, `prevalence` and `label_audit`."""
    settings, space = platform.settings, platform.space

    @platform.table(
        CUTOFF_METADATA,
    )
    def cutoff_metadata(
        context: dg.AssetExecutionContext,
        sales_ledger: dict,
        dim_customer: dict,
    ) -> Partitions:
        # Rows after the calendar's last cutoff are in no increment, however complete the log is.
        declared = settings.source.sales_log.complete_through
        complete = min(declared, space.cutoffs()[-1]) if declared else None

        def made():
            for key in context.partition_keys:
                cutoff = cutoff_of(key)
                last = space.steps_after(cutoff, space.widest_steps + 1)
                ledgers = [f for k, f in sales_ledger.items() if cutoff <= cutoff_of(k) <= last]
                frame = describe_cutoff(
                    cutoff,
                    pl.concat(ledgers).collect(),
                    dim_customer[str(key)].select("customer_id", "is_buyer").collect(),
                    settings.labels,
                    complete,
                )
                shown = (
                    "window_end",
                    "data_through",
                    "is_censored",
                    "customer_count",
                    "buyer_count",
                )
                row = frame.row(0, named=True)
                yield Partition(cutoff, frame, metadata={k: _shown(row[k]) for k in shown})

        return Partitions(made())

    @platform.table(
        LABELS,
    )
    def labels(
        context: dg.AssetExecutionContext,
        fact_transactions: dict,
        cutoff_metadata: dict,
        dim_customer: dict,
    ) -> Partitions:
        def made():
            for key in context.partition_keys:
                cutoff, target = cutoff_of(key), str(division_of(key))
                single = str(partition_key(cutoff))
                window = cutoff_metadata[single].collect()
                frame = build_labels(
                    target,
                    cutoff,
                    possible_widths(window, settings.labels),
                    facts_for_labels(fact_transactions, window, target, space),
                    dim_customer[single],
                    settings.labels,
                    settings.value,
                )
                yield Partition(cutoff, frame, target, metadata=summarise(frame))

        return Partitions(made())

    @platform.table(
        PREVALENCE,
    )
    def prevalence(context: dg.AssetExecutionContext, labels: dict) -> Partitions:
        def made():
            for cutoff in (cutoff_of(key) for key in context.partition_keys):
                mine = {str(division_of(k)): f for k, f in labels.items() if cutoff_of(k) == cutoff}
                frame = count_prevalence(cutoff, mine)
                yield Partition(cutoff, frame, metadata=show_prevalence(frame))

        return Partitions(made())

    @platform.table(
        LABEL_AUDIT,
    )
    def label_audit(context: dg.AssetExecutionContext, labels: dict) -> Partitions:
        def made():
            cutoffs = [cutoff_of(key) for key in context.partition_keys]
            said = {
                cutoff: {
                    str(division_of(k)): f.select(AUDITED).collect()
                    for k, f in labels.items()
                    if cutoff_of(k) == cutoff
                }
                for cutoff in cutoffs
            }
            windows = [o for cutoff in cutoffs for o in windows_to_audit(cutoff, said[cutoff])]
            counts = count_raw_log(windows, settings) if settings.labels.audit else {}
            for cutoff in cutoffs:
                mine = {o: count for o, count in counts.items() if o.cutoff == cutoff}
                frame = audit_labels(cutoff, said[cutoff], mine, settings.labels)
                yield Partition(cutoff, frame, metadata=show_audit(frame))

        return Partitions(made())

    return [cutoff_metadata, labels, prevalence, label_audit]


def summarise(labels: pl.DataFrame) -> dict[str, object]:
    """Return the figures shown per partition."""
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
    """Return the shares of buyers as a table."""
    lines = [
        "| target | cohort | customers | buyers | share | window |",
        "|---|---|---|---|---|---|",
    ]
    for r in prevalence.to_dicts():
        share = "" if r["prevalence_frac"] is None else f"{r['prevalence_frac']:.4f}"
        so_far = " so far" if r["is_censored"] else ""
        window = f"{r['window_months'] or ''}{so_far}"
        lines.append(
            f"| {r['division']} | {r['cohort']} | {r['population']} | {r['positives']} | {share} "
            f"| {window} |"
        )
    whole = prevalence.filter(cohort=ALL)
    return {
        "targets": whole.height,
        "positives": int(whole["positives"].sum()),
        "prevalence": dg.MetadataValue.md("\n".join(lines)),
    }


def show_audit(audit: pl.DataFrame) -> dict[str, object]:
    """Return how the recount came out, with what differs."""
    told = audit.filter(status="differs").select("division", "differing_customers", "example")
    lines = [f"- {d}: {n} customers, such as {example}" for d, n, example in told.rows()]
    outcomes = audit["status"].value_counts(name="n").sort("status").rows()
    return {
        **{f"targets_{status}": count for status, count in outcomes},
        "customers_differing": int(audit["differing_customers"].sum()),
        "differences": dg.MetadataValue.md("\n".join(lines) or "none"),
    }


def facts_for_labels(
    by_key: Mapping[str, pl.LazyFrame], window: pl.DataFrame, target: str, space: PartitionSpace
) -> pl.LazyFrame:
    """Put together the lines that a target's labels at one cutoff are counted from.

    Raises
    ------
    PartitionMissingError
        When an increment up to the cutoff is missing, or one that the data is said to reach
        before the widest window ends: labels would silently miss sales.
    """
    row = window.row(0, named=True)
    known = space.settings.divisions
    closing = space.steps_after(row["cutoff"], space.widest_steps)
    found, missing = [], []
    for cutoff in (c for c in space.cutoffs() if c <= closing):
        begins = space.steps_after(cutoff, -1)
        reached = row["data_through"] is not None and begins < row["data_through"]
        for division in known.divisions_of(target):
            frame = by_key.get(str(partition_key(cutoff, division)))
            if frame is not None:
                found.append(frame)
            elif cutoff <= row["cutoff"] or reached:
                missing.append(Address("fact_transactions", cutoff, division))
    if missing:
        raise PartitionMissingError(missing_message(missing))
    return pl.concat(found).filter(counts_for(target, known))


def _shown(value: object) -> object:
    return str(value) if isinstance(value, dt.date) else value


def _rate(labels: pl.DataFrame) -> float | str:
    rate = labels["label"].mean()
    return float(rate) if isinstance(rate, int | float) else "no customers"
