"""Assets of the labels phase."""

import datetime as dt
from collections.abc import Mapping

import dagster as dg
import polars as pl

from gosales_assets.labels.label import build_labels
from gosales_assets.labels.windows import describe_cutoff
from gosales_assets.platform import Platform
from gosales_checks.contracts.labels import CUTOFF_METADATA, LABELS
from gosales_resources.errors import PartitionMissingError
from gosales_resources.io_managers import Partition, Partitions
from gosales_resources.partitions import PartitionSpace, cutoff_of, division_of, partition_key
from gosales_resources.storage import Address, missing_message


def define_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """Define `cutoff_metadata` and `labels`."""
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
                last = space.steps_after(cutoff, space.window_steps + 1)
                ledgers = [f for k, f in sales_ledger.items() if cutoff <= cutoff_of(k) <= last]
                frame = describe_cutoff(
                    cutoff,
                    pl.concat(ledgers).collect(),
                    dim_customer[str(key)].select("customer_id", "is_buyer").collect(),
                    settings.labels.window_months,
                    complete,
                )
                shown = ("window_end", "data_through", "is_censored", "customer_count")
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
                cutoff, division = cutoff_of(key), str(division_of(key))
                single = str(partition_key(cutoff))
                window = cutoff_metadata[single].collect()
                facts = facts_for_labels(fact_transactions, window, division, space)
                frame = build_labels(
                    division, window, facts, dim_customer[single], settings.labels, settings.value
                ).collect()
                yield Partition(cutoff, frame, division, metadata=summarise(frame))

        return Partitions(made())

    return [cutoff_metadata, labels]


def summarise(labels: pl.DataFrame) -> dict[str, object]:
    """Return the prevalence figures shown per partition."""
    whitespace = labels.filter(~pl.col("is_renewal_like"))
    return {
        "population": labels.height,
        "positives": int(labels["label"].sum()),
        "prevalence": _rate(labels),
        "whitespace_population": whitespace.height,
        "whitespace_positives": int(whitespace["label"].sum()),
        "whitespace_prevalence": _rate(whitespace),
        "is_censored": bool(labels["is_censored"].any()),
    }


def facts_for_labels(
    by_key: Mapping[str, pl.LazyFrame], window: pl.DataFrame, division: str, space: PartitionSpace
) -> pl.LazyFrame:
    """Put together the increments that the labels of one cutoff are counted from.

    Raises
    ------
    PartitionMissingError
        When an increment up to the cutoff is missing, or one inside a window that the data is
        said to cover: labels would silently miss sales.
    """
    row = window.row(0, named=True)
    closing = space.steps_after(row["cutoff"], space.window_steps)
    found, missing = [], []
    for cutoff in (c for c in space.cutoffs() if c <= closing):
        frame = by_key.get(str(partition_key(cutoff, division)))
        if frame is not None:
            found.append(frame)
        elif cutoff <= row["cutoff"] or not row["is_censored"]:
            missing.append(Address("fact_transactions", cutoff, division))
    if missing:
        raise PartitionMissingError(missing_message(missing))
    return pl.concat(found)


def _shown(value: object) -> object:
    return str(value) if isinstance(value, dt.date) else value


def _rate(labels: pl.DataFrame) -> float | str:
    rate = labels["label"].mean()
    return float(rate) if isinstance(rate, int | float) else "no customers"
