"""Streams the raw sales log once and hands it out by increment.

Rows are typed batch by batch and spilled to a folder; which rows are exact copies of earlier ones
is known only after the last batch. Memory is that of a batch, one increment, and about 90 bytes a
row.
"""

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from gosales_assets.star.cells import Layout, cells_of, layout_of
from gosales_assets.star.ledger import ROW_SCHEMA, build_ledgers
from gosales_assets.star.lines import build_lines, classify
from gosales_assets.star.rejects import build_rejects, misshapen_rejects
from gosales_assets.star.rows import identify_rows
from gosales_resources.errors import SourceError, StorageError
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW, MisshapenRow, RawInput

# Two independent hashes of all cells of a row: the chance that any two different rows of ten
# million agree in both is below 1e-24.
HASH_SEEDS = {"hash_1": 1, "hash_2": 2}
ROWS_BETWEEN_REPORTS = 500_000


@dataclass(frozen=True)
class Ingested:
    """The log, read once; increments are cut from it on request."""

    spill: Path
    rows: pl.DataFrame
    """One row per raw row; see `ledger.ROW_SCHEMA`."""
    ledgers: pl.DataFrame
    """`sales_ledger` of all cutoffs, with a `cutoff`."""

    def lines(self, cutoff: dt.date) -> pl.LazyFrame:
        """Return `sales_log` of one increment, in its total order."""
        lines = pl.scan_parquet(self.spill / "lines-*.parquet")
        return build_lines(self._originals(lines.filter(pl.col("visible_cutoff") == cutoff)))

    def rejects(self, cutoff: dt.date) -> pl.LazyFrame:
        """Return `sales_log_rejects` of one increment, sorted by file, row and line."""
        booked = self.rows.lazy().filter(pl.col("booked") == cutoff).select("row_id")
        rejects = pl.scan_parquet(self.spill / "rejects-*.parquet")
        mine = self._originals(rejects).join(booked, on="row_id", how="semi")
        return mine.sort("source_file", "source_row", "line")

    def ledger(self, cutoff: dt.date) -> pl.LazyFrame:
        """Return `sales_ledger` of one increment, one row per file."""
        return self.ledgers.lazy().filter(pl.col("cutoff") == cutoff).sort("source_file")

    def _originals(self, spilled: pl.LazyFrame) -> pl.LazyFrame:
        copies = self.rows.lazy().filter("is_duplicate").select("row_id")
        return spilled.join(copies, on="row_id", how="anti")


def ingest(
    settings: Settings,
    products: pl.DataFrame,
    cutoffs: Sequence[dt.date],
    spill: Path,
    progress: Callable[[str], object],
) -> Ingested:
    """Read all files of the sales log.

    Parameters
    ----------
    settings
        Source layout, routes, divisions.
    products
        `dim_product`: one row per SKU.
    cutoffs
        The calendar, oldest first.
    spill
        An empty folder for intermediate files; the caller removes it.
    progress
        Told how far it is.

    Raises
    ------
    SourceError
        When a file cannot be read, a configured column is missing, or the log has no rows.
    """
    log = settings.source.sales_log
    reader = _Reader(settings, products, cutoffs, spill, progress)
    for raw in open_inputs(log, settings.source_dir):
        reader.read(raw)
    if not reader.row_count:
        raise SourceError(f"{settings.source_dir / log.path}: the sales log has no rows.")
    rows = _mark_copies(_book_undated(pl.concat(reader.rows), cutoffs))
    return Ingested(spill, rows, build_ledgers(rows, cutoffs))


@dataclass
class _Reader:
    """Reads files one after another and keeps what is known of every row."""

    settings: Settings
    products: pl.DataFrame
    cutoffs: Sequence[dt.date]
    spill: Path
    progress: Callable[[str], object]
    row_count: int = 0
    rows: list[pl.DataFrame] = field(default_factory=list)
    _reported: int = 0

    def read(self, raw: RawInput) -> None:
        """Read one file."""
        log, name = self.settings.source.sales_log, raw.name
        layout = layout_of(name, raw.header(), log, self.products["sku"].to_list())
        first = raw.first_row
        for block in raw.blocks():
            before = self.row_count
            for batch in block.read():
                self._take_rows(name, batch.frame.with_columns(pl.col(ROW) + first), layout)
                bad = [MisshapenRow(b.row + first, b.text, b.problem) for b in batch.misshapen]
                self._take_misshapen(name, bad)
            first += self.row_count - before
            if self.row_count - self._reported >= ROWS_BETWEEN_REPORTS:
                self._reported = self.row_count
                self.progress(f"sales log: {self.row_count:,} rows read, now in {name}")
        self.progress(f"sales log: {self.row_count:,} rows read, {name} done")

    def _take_rows(self, name: str, raw: pl.DataFrame, layout: Layout) -> None:
        log = self.settings.source.sales_log
        ids = pl.int_range(self.row_count, self.row_count + raw.height, eager=True)
        raw = raw.with_columns(ids.alias("row_id"))
        rows = identify_rows(raw, log, log.columns)
        rows = rows.with_columns(
            booked=_first_cutoff(rows["known_on"], self.cutoffs),
            source_file=pl.lit(name),
            source_row=raw[ROW],
        )
        cells = cells_of(raw, layout, log)
        judged = classify(rows, cells, self.products, self.settings.source.taxonomy.routes)
        self._spill("lines", judged.lines)
        self._spill("rejects", build_rejects(raw.drop(ROW), judged))
        self._remember(judged.rows.with_columns(_hashes(raw.drop(ROW, "row_id"))))

    def _take_misshapen(self, name: str, misshapen: list[MisshapenRow]) -> None:
        if not misshapen:
            return
        ids = pl.int_range(self.row_count, self.row_count + len(misshapen), eager=True)
        rejects = misshapen_rejects(name, misshapen, ids)
        self._spill("rejects", rejects)
        # Rows without columns cannot be copies: each is its own reject.
        self._remember(
            rejects.select(
                "row_id",
                "source_file",
                is_rejected=pl.lit(True),
                hash_1="row_id",
                hash_2="source_row",
            )
        )

    def _spill(self, kind: str, frame: pl.DataFrame) -> None:
        try:
            frame.write_parquet(self.spill / f"{kind}-{self.row_count:012d}.parquet")
        except OSError as error:
            raise StorageError(
                f"sales_log: cannot write intermediate files to {self.spill}: {error}. Make room "
                "or point TMPDIR to a larger disk, then run again."
            ) from error

    def _remember(self, rows: pl.DataFrame) -> None:
        absent = {n: t for n, t in ROW_SCHEMA.items() if n not in rows.columns}
        filled = rows.with_columns(
            pl.lit(0 if t == pl.Int64 else None, dtype=t).alias(n) for n, t in absent.items()
        )
        self.rows.append(filled.select(list(ROW_SCHEMA)).cast(pl.Schema(ROW_SCHEMA)))
        self.row_count += rows.height


def _first_cutoff(days: pl.Series, cutoffs: Sequence[dt.date]) -> pl.Series:
    """Return the first cutoff at or after each day; null after the last one."""
    ordered = sorted(cutoffs)
    distinct = [day for day in days.unique() if day is not None]
    places = [bisect_left(ordered, day) for day in distinct]
    found = [ordered[at] if at < len(ordered) else None for at in places]
    return days.replace_strict(distinct, found, default=None, return_dtype=pl.Date)


def _book_undated(rows: pl.DataFrame, cutoffs: Sequence[dt.date]) -> pl.DataFrame:
    """Book rows without a readable date at the last increment their file reaches."""
    last = pl.col("booked").max().over("source_file")
    undated = pl.col("known_on").is_null()
    return rows.with_columns(
        booked=pl.when(undated).then(last.fill_null(pl.lit(cutoffs[-1]))).otherwise("booked")
    )


def _mark_copies(rows: pl.DataFrame) -> pl.DataFrame:
    """Mark all but the first of rows that agree in every cell."""
    suspects = rows.filter(pl.col("hash_1").is_duplicated()).sort("row_id")
    copies = suspects.filter(~pl.struct(*HASH_SEEDS).is_first_distinct())["row_id"]
    return rows.with_columns(is_duplicate=pl.col("row_id").is_in(copies.implode())).drop(
        *HASH_SEEDS
    )


def _hashes(raw: pl.DataFrame) -> list[pl.Series]:
    ordered = raw.select(sorted(raw.columns))
    return [ordered.hash_rows(seed).alias(name) for name, seed in HASH_SEEDS.items()]
