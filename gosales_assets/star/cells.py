"""The lines of raw rows: one per filled SKU pair of a wide row, one per long row.

`layout_of` decides once per file which column is what; `cells_of` then takes batch after batch.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from gosales_resources.errors import SourceError, nearest
from gosales_resources.settings.source import LogColumns, LongLog, WideLog
from gosales_resources.sources.cells import MONEY_SCALE, QUANTITY_SCALE, is_filled, scaled, text
from gosales_resources.sources.table import require_columns

MEASURES = {
    "quantity_milli": QUANTITY_SCALE,
    "revenue_cents": MONEY_SCALE,
    "gross_profit_cents": MONEY_SCALE,
}
CELL_SCHEMA = {
    "row": pl.Int64,
    "sku": pl.String,
    **dict.fromkeys(MEASURES, pl.Int64),
    "unreadable": pl.String,
}


@dataclass(frozen=True)
class LineColumns:
    """Where the measures of one kind of line are: of one SKU in a wide log, of any in a long."""

    sku: str | None
    """The SKU in a wide log; None where the long log's own column says it."""
    measures: dict[str, str]
    """Measure -> source column."""


@dataclass(frozen=True)
class Layout:
    """Which columns of a file hold lines."""

    lines: list[LineColumns]
    sku_column: str | None = None


def layout_of(
    name: str, header: list[str], log: WideLog | LongLog, skus: Collection[str]
) -> Layout:
    """Match a file's columns to identifiers and SKUs.

    Raises
    ------
    SourceError
        When a configured column is missing, or a column of a wide log is neither identifier, nor
        SKU of the taxonomy, nor one of a pair, nor ignored; the nearest names are offered.
    """
    wanted = {
        f"sales_log.columns.{setting}": column
        for setting, column in log.columns.model_dump().items()
        if column is not None
    }
    if isinstance(log, LongLog):
        require_columns(name, header, wanted)
        named = log.columns.model_dump()
        measures = {
            measure: named[name]
            for measure, name in (
                ("quantity_milli", "quantity"),
                ("revenue_cents", "revenue"),
                ("gross_profit_cents", "gross_profit"),
            )
            if named[name]
        }
        return Layout([LineColumns(None, measures)], log.columns.sku)
    aliases = {f"sales_log.aliases ({sku})": column for column, sku in log.aliases.items()}
    require_columns(name, header, wanted | aliases)
    return Layout(_pairs(name, header, log, skus))


def cells_of(frame: pl.DataFrame, layout: Layout, log: WideLog | LongLog) -> pl.DataFrame:
    """Extract the lines of raw rows.

    Parameters
    ----------
    frame
        Raw rows with `row`.
    layout
        Of the file they are from.
    log
        Decimal mark.

    Returns
    -------
    polars.DataFrame
        One row per line: row, sku, integer measures as written (null where there is none), and
        `unreadable`, naming the cells that are no number. A wide pair of zeros is no line.
    """
    stacked = _stacked(frame, layout)
    kinds = stacked.schema
    read = stacked.with_row_index("at").with_columns(
        scaled(pl.col(measure), kinds[measure], log.decimal, scale).alias(f"{measure}_read")
        for measure, scale in MEASURES.items()
    )
    amounts = {measure: pl.col(f"{measure}_read") for measure in MEASURES}
    broken = {m: is_filled(pl.col(m), kinds[m]) & amounts[m].is_null() for m in MEASURES}
    told = _findings(read, layout, broken)
    cells = read.select("at", "row", "sku", **amounts).join(
        told, on="at", how="left", maintain_order="left"
    )
    if layout.sku_column is None:
        zero = [pl.col(m).is_null() | (pl.col(m) == 0) for m in MEASURES]
        cells = cells.filter(~pl.all_horizontal(zero) | pl.col("unreadable").is_not_null())
    return cells.drop("at").cast(pl.Schema(CELL_SCHEMA))


def _findings(read: pl.DataFrame, layout: Layout, broken: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """Name the cells that are no number, with what stands there: one row per line with any."""
    named = []
    for measure, bad in broken.items():
        # Few cells, filtered first; in one chunk, for polars 2.1 panics on a format of empty ones.
        wrong = read.filter(bad).rechunk()
        if wrong.height:
            told = pl.format("{} is not a number: '{}'", _column(layout, measure), measure)
            named.append(wrong.select("at", unreadable=told))
    if not named:
        return pl.DataFrame(schema={"at": pl.UInt32, "unreadable": pl.String})
    return (
        pl.concat(named)
        .group_by("at", maintain_order=True)
        .agg(pl.col("unreadable").str.join("; "))
    )


def _stacked(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Stack the filled cells of all SKUs, raw: row, sku, and one column per measure.

    Cells that may be numbers are parsed once for all SKUs, not once per column.
    """
    schema = frame.schema
    types = {schema[c] for line in layout.lines for c in line.measures.values()}
    kind = pl.Float64() if all(t.is_numeric() for t in types) else pl.String()
    parts = []
    for line in layout.lines:
        sku = pl.lit(line.sku) if layout.sku_column is None else text(layout.sku_column)
        cells = {
            m: pl.col(line.measures[m]).cast(kind) if m in line.measures else pl.lit(None, kind)
            for m in MEASURES
        }
        # Most cells are null: the text of the others is looked at when they are few.
        there = pl.any_horizontal(pl.col(c).is_not_null() for c in line.measures.values())
        rows = frame.lazy().filter(there)
        parts.append(rows.select("row", sku.alias("sku"), **cells))
    if not parts:
        return pl.DataFrame(schema={**CELL_SCHEMA, **dict.fromkeys(MEASURES, kind)})
    filled = pl.any_horizontal(is_filled(pl.col(m), kind) for m in MEASURES)
    return pl.concat(parts).collect().filter(filled)


def _column(layout: Layout, measure: str) -> pl.Expr:
    """Return the source column a line's measure came from."""
    names = {line.sku: line.measures.get(measure) for line in layout.lines}
    if layout.sku_column is not None:
        return pl.lit(names.get(None))
    return pl.col("sku").replace_strict(names, default=None, return_dtype=pl.String)


def _pairs(name: str, header: list[str], log: WideLog, skus: Collection[str]) -> list[LineColumns]:
    columns: LogColumns = log.columns
    taken = {c for c in columns.model_dump().values() if c} | set(log.ignored_columns)
    amount = f"{log.amount}_cents"
    pairs: dict[str, dict[str, str]] = {}
    strays, twice = [], []
    for column in header:
        if column in taken:
            continue
        stem = column.removesuffix(log.quantity_suffix)
        if column in log.aliases:
            sku, measure = log.aliases[column], amount
        elif stem != column and column not in skus:
            sku, measure = stem, "quantity_milli"
        elif column in skus or f"{column}{log.quantity_suffix}" in header:
            sku, measure = column, amount
        else:
            strays.append(column)
            continue
        if measure in pairs.setdefault(sku, {}):
            twice.append(f"  {pairs[sku][measure]!r} and {column!r} are both {sku}")
        pairs[sku][measure] = column
    if twice:
        raise SourceError(f"{name}: two columns for one SKU:\n" + "\n".join(twice))
    if strays:
        legal = [*skus, *columns.model_dump().values()]
        hints = [f"  {c!r}: {nearest(c, [n for n in legal if n])}" for c in strays]
        raise SourceError(
            f"{name}: columns that are neither identifier, SKU of the taxonomy, nor ignored "
            "(add them to sales_log.ignored_columns, sales_log.aliases or the taxonomy):\n"
            + "\n".join(hints)
        )
    return [LineColumns(sku, measures) for sku, measures in sorted(pairs.items())]
