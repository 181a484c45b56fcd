"""The ledger: what came in and what became of it, per file and increment."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from gosales_assets.star.cells import MEASURES
from gosales_resources.parse import MONEY_SCALE, QUANTITY_SCALE, exact

# What is kept of every raw row until the last one is read.
ROW_SCHEMA = {
    "row_id": pl.Int64(),
    "source_file": pl.Categorical(),
    "known_on": pl.Date(),
    "booked": pl.Date(),
    "is_rejected": pl.Boolean(),
    "line_count": pl.Int64(),
    "loaded_count": pl.Int64(),
    **dict.fromkeys(MEASURES, pl.Int64()),
    "hash_1": pl.UInt64(),
    "hash_2": pl.UInt64(),
}
SCALES = {
    "quantity": ("quantity_milli", QUANTITY_SCALE),
    "revenue": ("revenue_cents", MONEY_SCALE),
    "gross_profit": ("gross_profit_cents", MONEY_SCALE),
}


def build_ledgers(rows: pl.DataFrame, cutoffs: Sequence[dt.date]) -> pl.DataFrame:
    """Count rows, lines, quantity and money per file and increment.

    Parameters
    ----------
    rows
        One row per raw row: `ROW_SCHEMA` less the hashes, and `is_duplicate`.
    cutoffs
        The calendar, oldest first.

    Returns
    -------
    polars.DataFrame
        One row per file and cutoff, those without rows too; sums of what was read from the raw
        rows, before and apart from what was loaded of them.
    """
    copy, rejected = pl.col("is_duplicate"), pl.col("is_rejected")
    kept = ~copy
    counts = rows.group_by("source_file", pl.col("booked").alias("cutoff")).agg(
        rows_in=pl.len().cast(pl.Int64),
        rows_loaded=(kept & ~rejected).sum().cast(pl.Int64),
        rows_rejected=(kept & rejected).sum().cast(pl.Int64),
        rows_duplicate=copy.sum().cast(pl.Int64),
        lines_in=pl.col("line_count").sum(),
        lines_loaded=pl.col("loaded_count").filter(kept).sum(),
        lines_rejected=(pl.col("line_count") - pl.col("loaded_count")).filter(kept).sum(),
        lines_duplicate=pl.col("line_count").filter(copy).sum(),
        **{f"{name}_in": pl.col(column).sum() for name, (column, _) in SCALES.items()},
        **{
            f"{name}_duplicate": pl.col(column).filter(copy).sum()
            for name, (column, _) in SCALES.items()
        },
    )
    files = rows.group_by("source_file").agg(
        file_rows=pl.len().cast(pl.Int64),
        file_rows_booked=pl.col("booked").count().cast(pl.Int64),
        file_rows_later=pl.col("booked").is_null().sum().cast(pl.Int64),
    )
    calendar = pl.DataFrame({"cutoff": cutoffs}, schema={"cutoff": pl.Date})
    figures = [name for name in counts.columns if name not in ("source_file", "cutoff")]
    ledger = (
        files.join(calendar, how="cross")
        .join(counts, on=["source_file", "cutoff"], how="left")
        # A file without rows in an increment has none there.
        .with_columns(pl.col(figures).fill_null(0))
        .join(_reach(rows, cutoffs), on=["source_file", "cutoff"], how="left")
    )
    return ledger.with_columns(
        pl.col("source_file").cast(pl.String),
        *(
            exact(pl.col(f"{name}_{part}"), scale).alias(f"{name}_{part}")
            for name, (_, scale) in SCALES.items()
            for part in ("in", "duplicate")
        ),
    )


def _reach(rows: pl.DataFrame, cutoffs: Sequence[dt.date]) -> pl.DataFrame:
    """Return the latest day up to each cutoff that a row of each file became known."""
    days = rows.filter(pl.col("known_on").is_not_null()).group_by("source_file", "known_on").agg()
    return pl.concat(
        days.filter(pl.col("known_on") <= cutoff)
        .group_by("source_file")
        .agg(data_through=pl.col("known_on").max())
        .with_columns(cutoff=pl.lit(cutoff))
        for cutoff in cutoffs
    )
