"""The ledger check: what came in is loaded, rejected, an exact duplicate or left out, to the cent.

Lines that take back restated ones are stored beside and counted apart.

The ledger's sums come from the raw rows; here they meet the tables as they are stored.
"""

import polars as pl

# Name of the blocking check.
RECONCILES = "sales_ledger_reconciles"

# What becomes of a raw row.
FATES = ("loaded", "rejected", "duplicate", "left_out")
MEASURES = {
    "quantity": "quantity",
    "revenue": "revenue_source",
    "gross_profit": "gross_profit_source",
}


def ledger_breaches(
    ledger: pl.LazyFrame, lines: pl.LazyFrame, rejects: pl.LazyFrame
) -> dict[str, int]:
    """Compare one increment's ledger with its stored lines and rejects.

    Parameters
    ----------
    ledger
        `sales_ledger`, one row per file.
    lines
        `sales_log`, one row per loaded line.
    rejects
        `sales_log_rejects`, one row per rejected row or line.

    Returns
    -------
    dict of str to int
        Finding -> number of files it holds for; empty when everything reconciles.
    """
    both = (
        ledger.join(_sums(lines, "loaded", pl.len()), on="source_file", how="left")
        .join(_sums(rejects, "rejected", pl.col("line_count").sum()), on="source_file", how="left")
        # A file without stored lines or rejects has none of them.
        .with_columns(pl.selectors.matches("__(loaded|rejected)$").fill_null(0))
    )
    col = pl.col
    accounts = {
        **{
            f"{unit}_in is not {' + '.join(f'{unit}_{fate}' for fate in FATES)}": (
                col(f"{unit}_in") != pl.sum_horizontal(f"{unit}_{fate}" for fate in FATES)
            )
            for unit in ("rows", "lines")
        },
        "lines stored in sales_log are not lines_loaded + lines_reversal": (
            col("lines__loaded") != col("lines_loaded") + col("lines_reversal")
        ),
        "lines stored in sales_log_rejects are not lines_rejected": (
            col("lines__rejected") != col("lines_rejected")
        ),
    }
    for name in MEASURES:
        parts = (
            col(f"{name}__loaded")
            + col(f"{name}__rejected")
            + col(f"{name}_duplicate")
            + col(f"{name}_left_out")
        )
        accounts[f"{name} in + reversal is not {name} loaded + rejected + duplicate + left out"] = (
            col(f"{name}_in") + col(f"{name}_reversal") != parts
        )
    strangers = pl.concat([lines.select("source_file"), rejects.select("source_file")]).join(
        ledger, on="source_file", how="anti"
    )
    counts, unknown = pl.collect_all(
        [
            both.select(breach.sum().alias(finding) for finding, breach in accounts.items()),
            strangers.select(pl.len()),
        ]
    )
    found = {finding: int(count) for finding, count in counts.row(0, named=True).items() if count}
    if unknown.item():
        found["rows of files the ledger does not know"] = int(unknown.item())
    return found


def _sums(table: pl.LazyFrame, suffix: str, lines: pl.Expr) -> pl.LazyFrame:
    return table.group_by("source_file").agg(
        lines.cast(pl.Int64).alias(f"lines__{suffix}"),
        *(pl.col(column).sum().alias(f"{name}__{suffix}") for name, column in MEASURES.items()),
    )
