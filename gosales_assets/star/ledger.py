"""The ledger: what came in and what became of it, per file and increment."""

import polars as pl

from gosales_resources.sources.cells import MONEY_SCALE, QUANTITY_SCALE, to_decimal

SCALES = {
    "quantity": ("quantity_milli", QUANTITY_SCALE),
    "revenue": ("revenue_cents", MONEY_SCALE),
    "gross_profit": ("gross_profit_cents", MONEY_SCALE),
}


def tally(
    rows: pl.DataFrame, copies: pl.Series, strange: pl.DataFrame, reversals: pl.DataFrame
) -> pl.DataFrame:
    """Count rows, lines, quantity and money per file.

    Parameters
    ----------
    rows
        Slim rows with `row_id` and `source_file`: sums of what was read from the raw rows, before
        and apart from what is loaded of them.
    copies
        row_id of exact copies.
    strange
        row_id and how many of its lines have a SKU that the taxonomy does not know (`strange`).
    reversals
        Lines of replaced versions that are taken back.

    Returns
    -------
    polars.DataFrame
        One row per file that has rows, in integer units; unsorted.
    """
    known = pl.col("line_count") - pl.col("strange")
    counted = (
        rows.lazy()
        .join(strange.lazy(), on="row_id", how="left")
        .with_columns(
            # A row without strange lines has none.
            pl.col("strange").fill_null(0).cast(pl.Int64),
            is_copy=pl.col("row_id").is_in(copies.implode()),
        )
        .with_columns(
            loaded=pl.when(pl.col("is_faulty") | pl.col("is_left_out")).then(0).otherwise(known),
            # A copy of a row that is left out is a copy.
            is_out=pl.col("is_left_out") & ~pl.col("is_copy"),
        )
    )
    copy, out, loaded = pl.col("is_copy"), pl.col("is_out"), pl.col("loaded")
    rejected = ~copy & ~out
    sums = {name: pl.col(column) for name, (column, _) in SCALES.items()}
    counts = (
        counted.group_by("source_file")
        .agg(
            rows_in=pl.len().cast(pl.Int64),
            rows_loaded=(~copy & (loaded > 0)).sum().cast(pl.Int64),
            rows_rejected=(rejected & (loaded == 0)).sum().cast(pl.Int64),
            rows_duplicate=copy.sum().cast(pl.Int64),
            rows_left_out=out.sum().cast(pl.Int64),
            lines_in=pl.col("line_count").sum(),
            lines_loaded=loaded.filter(~copy).sum(),
            lines_rejected=(pl.col("line_count") - loaded).filter(rejected).sum(),
            lines_duplicate=pl.col("line_count").filter(copy).sum(),
            lines_left_out=pl.col("line_count").filter(out).sum(),
            **{f"{name}_in": column.sum() for name, column in sums.items()},
            **{f"{name}_duplicate": column.filter(copy).sum() for name, column in sums.items()},
            **{f"{name}_left_out": column.filter(out).sum() for name, column in sums.items()},
        )
        .collect()
    )
    taken_back = reversals.group_by("source_file").agg(
        lines_reversal=pl.len().cast(pl.Int64),
        **{f"{name}_reversal": column.sum() for name, column in sums.items()},
    )
    # A file has rows, reversals or both in a part; what it has none of is zero.
    both = counts.join(taken_back, on="source_file", how="full", coalesce=True)
    return both.with_columns(pl.exclude("source_file").fill_null(0))


def build_ledger(tallies: pl.DataFrame, reach: pl.DataFrame) -> pl.DataFrame:
    """Put one increment's ledger together.

    Parameters
    ----------
    tallies
        Of its parts; several rows per file.
    reach
        source_file and data_through of every file that was known by the cutoff.

    Returns
    -------
    polars.DataFrame
        `sales_ledger`, one row per file known by the cutoff, sorted; files without rows in the
        increment have zeros.
    """
    figures = [name for name in tallies.columns if name != "source_file"]
    return (
        reach.join(
            tallies.group_by("source_file").agg(pl.col(figures).sum()), on="source_file", how="left"
        )
        # A file without rows in an increment has none there.
        .with_columns(pl.col(figures).fill_null(0))
        .with_columns(
            to_decimal(pl.col(f"{name}_{part}"), scale).alias(f"{name}_{part}")
            for name, (_, scale) in SCALES.items()
            for part in ("in", "duplicate", "left_out", "reversal")
        )
        .sort("source_file")
    )
