"""How the data stands: what is read, rejected, found by name, covered, and which checks fail."""

from collections.abc import Iterable, Mapping

import polars as pl

from gosales_resources.delivery.alert import Failed

REJECTS_SHOWN = 200
SIGNALS = {"lift": "Market basket", "als": "Similarity to owners"}
LEDGER = {
    "source_file": "File", "rows_in": "Rows", "rows_loaded": "Loaded", "rows_rejected": "Rejected",
    "rows_duplicate": "Duplicates", "rows_left_out": "Left out", "data_through": "Data until",
    "log_through": "Log until",
}  # fmt: skip


def ledger_rows(ledger: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of `sales_ledger` that people look at, by file."""
    return ledger.sort("source_file").select(*LEDGER)


def reject_reasons(rejects: pl.LazyFrame) -> pl.DataFrame:
    """Count rejects by reason, the most frequent first.

    Parameters
    ----------
    rejects
        `sales_log_rejects`, or `source_rejects`.

    Returns
    -------
    polars.DataFrame
        reason, rows.
    """
    counted = rejects.group_by("reason").agg(rows=pl.len())
    return counted.sort("rows", "reason", descending=[True, False]).collect()


def name_coverage(found: pl.LazyFrame, missed: pl.LazyFrame) -> pl.DataFrame:
    """Say how many customers were found in the directory, how, and why others were not.

    Parameters
    ----------
    found, missed
        `customer_enrichment`, `enrichment_unmatched`.

    Returns
    -------
    polars.DataFrame
        outcome (`found` or `not found`), how, customers; empty without a directory.
    """
    parts = [
        table.group_by(pl.col(column).alias("how"))
        .agg(customers=pl.len())
        .select(
            pl.lit(outcome).alias("outcome"), pl.col("how").str.replace_all("_", " "), "customers"
        )
        for table, column, outcome in ((found, "method", "found"), (missed, "reason", "not found"))
    ]
    return (
        pl.concat(parts)
        .sort("outcome", "customers", "how", descending=[False, True, False])
        .collect()
    )


def signal_coverage(metrics: pl.DataFrame) -> pl.DataFrame:
    """Say for which share of the list's candidates each signal is known, and its weight in force.

    Parameters
    ----------
    metrics
        `list_metrics` of a cutoff.

    Returns
    -------
    polars.DataFrame
        signal, coverage (fraction), weight (fraction).
    """
    by_measure = {
        measure: metrics.filter(pl.col("measure") == measure).select(
            "item", pl.col("value").alias(name)
        )
        for measure, name in (("coverage_frac", "coverage"), ("weight", "weight"))
    }
    joined = by_measure["coverage_frac"].join(by_measure["weight"], on="item", how="left")
    return joined.sort("item").select(
        pl.col("item").replace(SIGNALS).alias("signal"), "coverage", "weight"
    )


def gate_rows(metrics: pl.DataFrame) -> pl.DataFrame:
    """Say how many candidates each gate kept off the list, and which gates are off.

    Returns
    -------
    polars.DataFrame
        gate, kept_off (null of a gate that is off).
    """
    kept = metrics.filter(pl.col("measure") == "kept_off").select("item", kept_off="value")
    off = metrics.filter(pl.col("measure") == "gate_off", pl.col("value") > 0).select(
        "item", kept_off=pl.lit(None, pl.Float64)
    )
    both = pl.concat([kept, off]).unique("item", keep="first", maintain_order=True)
    return both.sort("kept_off", "item", descending=[True, False], nulls_last=True).select(
        pl.col("item").str.replace_all("_", " ").alias("gate"), pl.col("kept_off").cast(pl.Int64)
    )


def finding_rows(failed: Iterable[Failed]) -> pl.DataFrame:
    """List checks that do not hold, errors first.

    Returns
    -------
    polars.DataFrame
        severity (`stops`, `warns`), check, table, partition, finding, cure (a command).
    """
    rows = [
        ("stops" if one.severity == "ERROR" else "warns", one.check.replace("_", " "), one.asset,
         one.partition, one.finding, one.cure)
        for one in failed
    ]  # fmt: skip
    columns = ["severity", "check", "table", "partition", "finding", "cure"]
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def state_rows(counts: Mapping[tuple[str, str], int]) -> pl.DataFrame:
    """Put the counts of `gosales status` into a table.

    Parameters
    ----------
    counts
        Table and state -> partitions.

    Returns
    -------
    polars.DataFrame
        table, current, stale, missing; in the order of the graph.
    """
    names = list(dict.fromkeys(name for name, _ in counts))
    states = ("current", "stale", "missing")
    return pl.DataFrame(
        {"table": names} | {s: [counts.get((name, s), 0) for name in names] for s in states},
        schema={"table": pl.String} | dict.fromkeys(states, pl.Int64),
    )
