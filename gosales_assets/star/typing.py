"""Raw rows of one block, typed: slim rows, lines, raw values of what may be rejected, days."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from gosales_assets.star.cells import MEASURES, Layout, cells_of
from gosales_assets.star.corrections import (
    Corrections,
    corrected_cells,
    corrected_rows,
    fingerprint,
    reject_ids,
)
from gosales_assets.star.rejects import raw_as_json
from gosales_assets.star.rows import IDENTITY, identify_rows
from gosales_resources.settings.source import LongLog, WideLog
from gosales_resources.sources.cells import text
from gosales_resources.sources.conditions import select_rows
from gosales_resources.sources.raw import ROW, RawBatch

# Two independent hashes of all cells of a row: the chance that any two different rows of ten
# million agree in both is below 1e-24.
HASH_SEEDS = {"hash_1": 1, "hash_2": 2}
ROWS = {
    "row": pl.Int64(),
    "day": pl.Date(),
    "known_on": pl.Date(),
    "is_faulty": pl.Boolean(),
    "is_misshapen": pl.Boolean(),
    "is_left_out": pl.Boolean(),
    "line_count": pl.Int64(),
    **dict.fromkeys(MEASURES, pl.Int64()),
    "hash_1": pl.UInt64(),
    "hash_2": pl.UInt64(),
}
LINES = {
    "row": pl.Int64(),
    "day": pl.Date(),
    "known_on": pl.Date(),
    "sku": pl.String(),
    **dict.fromkeys(MEASURES, pl.Int64()),
    **IDENTITY,
}
RAWS = {
    "row": pl.Int64(),
    "day": pl.Date(),
    "known_on": pl.Date(),
    "is_faulty": pl.Boolean(),
    "line_count": pl.Int64(),
    **dict.fromkeys(MEASURES, pl.Int64()),
    "reject_id": pl.String(),
    "fault": pl.String(),
    "raw": pl.String(),
}
# Tables with a row number, as they are staged; `days` sums them up.
SCHEMAS = {"rows": ROWS, "lines": LINES, "strange": LINES, "raws": RAWS}
TABLES = (*SCHEMAS, "days")
# What a reject is told with of its slim row.
OF_ROW = ["row", "day", "known_on", "is_faulty", "line_count", *MEASURES]
# Sums that change when a row does, whatever the order of rows and however they lie in blocks.
CONTENT = {
    "content_1_low": pl.col("hash_1") & 0xFFFFFFFF,
    "content_1_high": pl.col("hash_1") // 2**32,
    "content_2_low": pl.col("hash_2") & 0xFFFFFFFF,
    "content_2_high": pl.col("hash_2") // 2**32,
}


@dataclass(frozen=True)
class TypedRows:
    """One block, typed; every table in the order of the day, then of the row."""

    rows: pl.DataFrame
    """One row per raw row: `ROWS`."""
    lines: pl.DataFrame
    """One row per line of a sound raw row: `LINES`."""
    strange: pl.DataFrame
    """Those of the lines whose SKU the taxonomy does not know, once more: few, found at once."""
    raws: pl.DataFrame
    """Raw values of rows with a fault or with a line whose SKU the taxonomy does not know."""
    days: pl.DataFrame
    """Per day a row is of and day it became known: counts, sums that name the content, SKUs."""
    corrected_ids: tuple[str, ...]
    unclear_count: int = 0
    """Rows that a condition keeps because it cannot compare them."""

    def meta(self, corrections: Corrections) -> dict[str, Any]:
        """Return what decides later whether the block may be used as it is."""
        ids = {*self.corrected_ids, *set(self.raws["reject_id"]) & set(corrections)}
        return {
            "row_count": self.rows.height,
            "unclear_count": self.unclear_count,
            # A sheet numbers its rows with gaps.
            "row_span": self.rows.select((pl.col("row").max() + 1).fill_null(0)).item(),
            "skus": self.lines["sku"].drop_nulls().unique().sort().to_list(),
            "skus_unknown": self.strange["sku"].drop_nulls().unique().sort().to_list(),
            "corrected_ids": sorted(self.corrected_ids),
            "corrections": fingerprint(corrections, ids),
        }


@dataclass(frozen=True)
class Typing:
    """How the rows of one input are typed."""

    name: str
    header: list[str]
    layout: Layout
    log: WideLog | LongLog
    skus: frozenset[str]
    corrections: Corrections

    def fingerprint(self, code: str) -> str:
        """Hash everything but the content that a typed row depends on; `code` names what types it."""
        told = self.log.model_dump(
            mode="json", exclude={"path", "database", "complete_through", "corrections"}
        )
        parts = [told, asdict(self.layout), code, pl.__version__]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

    def type_rows(self, batches: Iterable[RawBatch]) -> TypedRows:
        """Type the rows of one block.

        Raises
        ------
        SourceError
            When a correction does not fit its row.
        """
        parts = [self._batch(batch) for batch in batches]
        rows, lines, strange, raws = (
            pl.concat([getattr(p, name) for p in parts])
            if parts
            else pl.DataFrame(schema=dict(schema))
            for name, schema in SCHEMAS.items()
        )
        rows = self._dated(rows.sort("row"))
        raws = raws.select("row", "reject_id", "fault", "raw").join(rows.select(OF_ROW), on="row")
        return TypedRows(
            rows.sort("day", "row"),
            lines.sort("day", "row", "sku"),
            strange.sort("day", "row", "sku"),
            raws.select(list(RAWS)).sort("day", "row"),
            _days(rows, lines),
            tuple(sorted({i for p in parts for i in p.corrected_ids})),
            sum(p.unclear_count for p in parts),
        )

    def _dated(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Give rows without a readable date that of the row before them, else after them.

        They are rejects: it says where they are booked, and stays what it was when a file grows.
        """
        earliest = self.log.min_order_date
        return rows.with_columns(
            pl.col("day", "known_on").forward_fill().backward_fill().fill_null(earliest)
        )

    def _batch(self, batch: RawBatch) -> TypedRows:
        typed = [self._typed(batch.frame), self._misshapen(batch)]
        corrected: list[str] = []
        if self.corrections:
            typed, corrected = self._corrected(batch, typed)
        tables = {name: pl.concat([getattr(part, name) for part in typed]) for name in SCHEMAS}
        unclear = sum(part.unclear_count for part in typed)
        return TypedRows(
            **tables, days=pl.DataFrame(), corrected_ids=tuple(corrected), unclear_count=unclear
        )

    def _typed(self, raw: pl.DataFrame) -> TypedRows:
        cells = _signed(cells_of(raw, self.layout, self.log), raw, self.log)
        chosen = select_rows(raw, self.log)
        rows = identify_rows(raw, self.log, self.log.columns)
        rows = _judged(rows.with_columns(is_left_out=~chosen.is_kept), cells)
        slim = rows.with_columns(_hashes(raw)).select(list(ROWS)).cast(pl.Schema(ROWS))
        is_sold = ~pl.col("is_faulty") & ~pl.col("is_left_out")
        sound = rows.filter(is_sold).select("row", "day", "known_on", *IDENTITY)
        lines = cells.drop("unreadable").join(sound, on="row", maintain_order="left")
        lines = lines.select(list(LINES)).cast(pl.Schema(LINES))
        strange = lines.filter(pl.col("sku").is_null() | ~pl.col("sku").is_in(list(self.skus)))
        wanted = rows.filter("is_faulty")["row"].append(strange["row"].unique().sort())
        # Gathered by place, for a filter would pass every column by: 0.003 s against 0.065 s.
        raws = raw[raw[ROW].search_sorted(wanted.unique().sort())]
        told = rows.select(*OF_ROW, "fault").join(
            raw_as_json(raws), on="row", how="inner", maintain_order="left"
        )
        return TypedRows(
            slim,
            lines,
            strange,
            told.with_columns(reject_ids(told["raw"])).select(list(RAWS)).cast(pl.Schema(RAWS)),
            pl.DataFrame(),
            (),
            int(chosen.is_unclear.sum()),
        )

    def _misshapen(self, batch: RawBatch) -> TypedRows:
        bad = batch.misshapen
        texts = pl.Series("raw", [row.text for row in bad], pl.String)
        raws = pl.DataFrame({"row": [b.row for b in bad], "fault": [b.problem for b in bad]})
        nothing = pl.lit(None, dtype=pl.Date)
        raws = raws.with_columns(
            reject_ids(texts),
            *(pl.lit(0).alias(name) for name in ("line_count", *MEASURES)),
            raw=texts,
            day=nothing,
            known_on=nothing,
            is_faulty=pl.lit(value=True),
        ).select(list(RAWS))
        rows = raws.select(OF_ROW).with_columns(
            pl.lit(value=True).alias("is_misshapen"),
            pl.lit(value=False).alias("is_left_out"),
            *(texts.hash(seed).alias(name) for name, seed in HASH_SEEDS.items()),
        )
        return TypedRows(
            rows.select(list(ROWS)).cast(pl.Schema(ROWS)),
            pl.DataFrame(schema=LINES),
            pl.DataFrame(schema=LINES),
            raws.cast(pl.Schema(RAWS)),
            pl.DataFrame(),
            (),
        )

    def _corrected(
        self, batch: RawBatch, typed: list[TypedRows]
    ) -> tuple[list[TypedRows], list[str]]:
        """Type the rows again that corrections name, with their corrected cells."""
        again, ids = [], []
        for part, is_misshapen in zip(typed, (False, True), strict=True):
            named = part.raws.filter(pl.col("reject_id").is_in(list(self.corrections))).sort("row")
            if named.is_empty():
                continue
            mine = named["reject_id"].to_list()
            if is_misshapen:
                cells = corrected_rows(self.header, mine, self.corrections, self.name)
            else:
                raw = batch.frame.filter(pl.col(ROW).is_in(named["row"].implode())).sort(ROW)
                cells = corrected_cells(raw.drop(ROW), mine, self.corrections, self.name)
            again.append(self._typed(cells.with_columns(named["row"].alias(ROW))))
            ids += mine
        replaced = pl.concat([part.rows["row"] for part in again]) if again else None
        if replaced is None:
            return typed, []
        return [*(_without(part, replaced) for part in typed), *again], ids


def _without(part: TypedRows, rows: pl.Series) -> TypedRows:
    others = ~pl.col("row").is_in(rows.implode())
    return replace(part, **{name: getattr(part, name).filter(others) for name in SCHEMAS})


def _signed(cells: pl.DataFrame, raw: pl.DataFrame, log: WideLog | LongLog) -> pl.DataFrame:
    """Turn the measures of rows negative that a column says are returns."""
    if log.sign is None:
        return cells
    negative = [value.strip().lower() for value in log.sign.negative]
    says = raw.select(text(log.sign.column)).to_series().str.to_lowercase()
    returned = raw[ROW].filter(says.is_in(negative).fill_null(value=False))
    is_return = pl.col("row").is_in(returned.implode())
    return cells.with_columns(
        pl.when(is_return).then(-pl.col(measure).abs()).otherwise(measure).alias(measure)
        for measure in MEASURES
    )


def _judged(rows: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """Put each row's faults together: its own, unreadable amounts, no line at all.

    A row that is left out has none: it is not loaded, whatever is wrong with it.
    """
    counted = rows.with_columns(_per_row(rows["row"], cells)).join(
        _unreadable(cells), on="row", how="left", maintain_order="left"
    )
    findings = [
        pl.col("fault"),
        pl.col("unreadable"),
        pl.when(pl.col("line_count") == 0).then(pl.lit("no amount and no quantity")),
    ]
    fault = pl.concat_str(findings, separator="; ", ignore_nulls=True)
    counted = counted.with_columns(is_left_out=pl.col("is_left_out") | pl.col("is_no_customer"))
    is_fault = (fault != "") & ~pl.col("is_left_out")
    return counted.with_columns(fault=pl.when(is_fault).then(fault)).with_columns(
        is_faulty=pl.col("fault").is_not_null(),
        is_misshapen=pl.lit(value=False),
        # What a row is found by: copies agree in it, and increments are cut along it.
        day=pl.coalesce("order_date", "known_on"),
    )


def _per_row(rows: pl.Series, cells: pl.DataFrame) -> list[pl.Series]:
    """Count the lines of each row and sum what is readable of them."""
    # Rows come in rising order: places instead of groups, a tenth of the time.
    places = np.searchsorted(rows.to_numpy(), cells["row"].to_numpy())
    counted = [pl.Series("line_count", np.bincount(places, minlength=rows.len()), pl.Int64)]
    for measure in MEASURES:
        sums = np.zeros(rows.len(), dtype=np.int64)
        # A missing amount adds nothing to what is readable.
        np.add.at(sums, places, cells[measure].fill_null(0).to_numpy())
        counted.append(pl.Series(measure, sums))
    return counted


def _unreadable(cells: pl.DataFrame) -> pl.DataFrame:
    told = cells.filter(pl.col("unreadable").is_not_null())
    return told.group_by("row").agg(pl.col("unreadable").sort().str.join("; "))


def _days(rows: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Count rows and lines by day, with sums of hashes that change when a row does, and SKUs."""
    # Distinct ones first: a list per day of all its lines costs four times as much.
    sold = lines.select("day", "known_on", "sku").drop_nulls("sku").unique()
    skus = sold.group_by("day", "known_on").agg(pl.col("sku").sort())
    counted = (
        rows.group_by("day", "known_on")
        .agg(
            row_count=pl.len().cast(pl.Int64),
            line_count=pl.col("line_count").sum(),
            # Halves are summed apart: a sum of 64-bit hashes would overflow.
            **{name: half.sum() for name, half in CONTENT.items()},
        )
        .sort("day", "known_on")
    )
    named = skus.rename({"sku": "skus"})
    return counted.join(named, on=["day", "known_on"], how="left", maintain_order="left")


def _hashes(raw: pl.DataFrame) -> list[pl.Series]:
    ordered = pl.DataFrame([raw[name] for name in sorted(raw.columns) if name != ROW])
    return [ordered.hash_rows(seed).alias(name) for name, seed in HASH_SEEDS.items()]
