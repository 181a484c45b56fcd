"""The lines of raw rows: one per filled SKU pair of a wide row, one per long row.

`layout_of` decides once per file which column is what; `cells_of` then takes batch after batch.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import polars as pl

from gosales_assets.star.prices import FACTORS, line_revenue, read_factors, wrong_discount
from gosales_resources.errors import SourceError
from gosales_resources.settings.source import LongLog, WideLog
from gosales_resources.sources.cells import (
    MONEY_SCALE,
    QUANTITY_SCALE,
    is_filled,
    scaled,
    text,
    without_words,
)
from gosales_resources.sources.raw import ROW
from gosales_resources.sources.table import require_columns, require_where
from gosales_resources.sources.wide_columns import sku_measures

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


NO_NUMBER = "is not a number"


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
    factors: dict[str, str] = field(default_factory=dict)
    """Factor of the revenue -> source column, where lines have a unit price and no revenue."""


def layout_of(
    name: str, header: list[str], log: WideLog | LongLog, skus: Collection[str]
) -> Layout:
    """Match a file's columns to identifiers and SKUs.

    Raises
    ------
    SourceError
        When a configured column is missing, with the nearest names, or a SKU of a wide log has two
        columns. What it cannot place it does not read: the check of the schema names it.
    """
    wanted = {
        f"sales_log.columns.{setting}": column
        for setting, column in log.columns.model_dump().items()
        if column is not None
    }
    require_where(name, header, log)
    if log.sign:
        wanted["sales_log.sign.column"] = log.sign.column
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
        factors = {factor: named[factor] for factor in FACTORS if named[factor]}
        return Layout([LineColumns(None, measures)], log.columns.sku, factors)
    aliases = {f"sales_log.aliases ({sku})": column for column, sku in log.aliases.items()}
    require_columns(name, header, wanted | aliases)
    return Layout(_pairs(name, header, log, skus))


def cells_of(frame: pl.DataFrame, layout: Layout, log: WideLog | LongLog) -> pl.DataFrame:
    """Extract the lines of raw rows.

    Parameters
    ----------
    frame
        Raw rows with `ROW`.
    layout
        Of the file they are from.
    log
        Decimal mark, words for nothing, unit of the discount.

    Returns
    -------
    polars.DataFrame
        One row per line: row, sku, integer measures as written (null where there is none), and
        `unreadable`, naming the cells that are no number. A wide pair of zeros is no line.
    """
    read = _without_words(_read(_stacked(frame, layout, log), layout, log), layout, log)
    amounts = {measure: pl.col(f"{measure}_read") for measure in MEASURES}
    told = _findings(read, layout, log)
    cells = read.select("at", "row", "sku", **amounts).join(
        told, on="at", how="left", maintain_order="left"
    )
    if layout.sku_column is None:
        zero = [pl.col(m).is_null() | (pl.col(m) == 0) for m in MEASURES]
        cells = cells.filter(~pl.all_horizontal(zero) | pl.col("unreadable").is_not_null())
    return cells.drop("at").cast(pl.Schema(CELL_SCHEMA))


def _read(stacked: pl.DataFrame, layout: Layout, log: WideLog | LongLog) -> pl.DataFrame:
    """Read the numbers beside their cells, `<name>_read`; revenue by its factors where it has any."""
    kind = stacked.schema["quantity_milli"]
    read = stacked.with_row_index("at").with_columns(
        scaled(pl.col(measure), kind, log.decimal, scale).alias(f"{measure}_read")
        for measure, scale in MEASURES.items()
    )
    if not layout.factors or not isinstance(log, LongLog):
        return read
    factors = read_factors(log.decimal, kind, log.discount_unit)
    read = read.with_columns(expr.alias(f"{name}_read") for name, expr in factors.items())
    return read.with_columns(revenue_cents_read=line_revenue(log.discount_unit))


def _without_words(read: pl.DataFrame, layout: Layout, log: WideLog | LongLog) -> pl.DataFrame:
    """Take words for nothing as blank; few cells: only what is no number is looked at."""
    # A failed formula is no nothing: the amount that should be there is lost.
    words = [word for word in log.null_values if not word.startswith("#")]
    blanked = {}
    for name in _filled_columns(layout):
        cells, numbers = read[name], read[f"{name}_read"]
        rest = (numbers.is_null() & cells.is_not_null()).arg_true()
        if cells.dtype != pl.String() or rest.is_empty():
            continue
        texts = cells[rest].str.strip_chars()
        left = without_words(texts, words)
        if left.null_count() > texts.null_count():
            blanked[name] = cells.clone().scatter(rest, left)
    if not blanked:
        return read
    kept = read.with_columns(pl.Series(name, cells) for name, cells in blanked.items())
    filled = [is_filled(pl.col(name), kept.schema[name]) for name in _filled_columns(layout)]
    return kept.filter(pl.any_horizontal(filled))


def _findings(read: pl.DataFrame, layout: Layout, log: WideLog | LongLog) -> pl.DataFrame:
    """Name the cells that are no number, with what stands there: one row per line with any."""
    named = []
    for name, bad, finding in _wrong(read, layout, log):
        # Few cells, filtered first; in one chunk, for polars 2.1 panics on a format of empty ones.
        wrong = read.filter(bad).rechunk()
        if wrong.height:
            told = pl.format("{} " + finding + ": '{}'", _column(layout, name), name)
            named.append(wrong.select("at", unreadable=told))
    if not named:
        return pl.DataFrame(schema={"at": pl.UInt32, "unreadable": pl.String})
    return (
        pl.concat(named)
        .group_by("at", maintain_order=True)
        .agg(pl.col("unreadable").str.join("; "))
    )


def _wrong(
    read: pl.DataFrame, layout: Layout, log: WideLog | LongLog
) -> list[tuple[str, pl.Expr, str]]:
    """List what may be wrong with a cell: its column, where, and in words."""
    kinds = read.schema
    found = [
        (name, is_filled(pl.col(name), kinds[name]) & pl.col(f"{name}_read").is_null(), NO_NUMBER)
        for name in _filled_columns(layout)
    ]
    if layout.factors and isinstance(log, LongLog):
        price, quantity = pl.col("unit_price_read"), pl.col("quantity_milli_read")
        found += [
            ("discount", wrong_discount(log.discount_unit), "is below nothing or above all"),
            (
                "unit_price",
                price.is_not_null() & ~is_filled(pl.col("quantity_milli"), kinds["quantity_milli"]),
                "has no quantity",
            ),
            (
                "unit_price",
                price.is_not_null()
                & quantity.is_not_null()
                & pl.col("revenue_cents_read").is_null(),
                "x quantity is no amount",
            ),
        ]
    return found


def _filled_columns(layout: Layout) -> list[str]:
    """Name the raw columns that lines are stacked with."""
    return [*MEASURES, *FACTORS] if layout.factors else list(MEASURES)


def _stacked(frame: pl.DataFrame, layout: Layout, log: WideLog | LongLog) -> pl.DataFrame:
    """Stack the filled cells of all SKUs, raw: row, sku, and one column per measure.

    Cells that may be numbers are parsed once for all SKUs, not once per column.
    """
    schema = frame.schema
    taken = [line.measures | layout.factors for line in layout.lines]
    types = {schema[c] for columns in taken for c in columns.values()}
    kind = pl.Float64() if all(t.is_numeric() for t in types) else pl.String()
    names = _filled_columns(layout)
    parts = []
    for line, columns in zip(layout.lines, taken, strict=True):
        sku = (
            pl.lit(line.sku)
            if layout.sku_column is None
            else text(layout.sku_column, log.null_values)
        )
        cells = {
            name: _cell(columns[name], schema, kind, log) if name in columns else pl.lit(None, kind)
            for name in names
        }
        # Most cells are null: the text of the others is looked at when they are few.
        there = pl.any_horizontal(pl.col(c).is_not_null() for c in columns.values())
        rows = frame.lazy().filter(there)
        parts.append(rows.select(pl.col(ROW).alias("row"), sku.alias("sku"), **cells))
    if not parts:
        return pl.DataFrame(
            schema={"row": pl.Int64, "sku": pl.String, **dict.fromkeys(names, kind)}
        )
    filled = pl.any_horizontal(is_filled(pl.col(name), kind) for name in names)
    return pl.concat(parts).collect().filter(filled)


def _cell(column: str, schema: pl.Schema, kind: pl.DataType, log: WideLog | LongLog) -> pl.Expr:
    """Take a cell as the type that all are stacked in; a number among text as the source writes it."""
    if kind == pl.String() and schema[column].is_numeric():
        written = text(column)
        return written.str.replace(".", ",", literal=True) if log.decimal == "," else written
    cell = pl.col(column).cast(kind)
    # Programs that keep no nulls among floats write them so.
    is_nothing = kind == pl.Float64() and "nan" in [word.lower() for word in log.null_values]
    return cell.fill_nan(None) if is_nothing else cell


def _column(layout: Layout, measure: str) -> pl.Expr:
    """Return the source column a line's measure came from."""
    if measure in layout.factors:
        return pl.lit(layout.factors[measure])
    names = {line.sku: line.measures.get(measure) for line in layout.lines}
    if layout.sku_column is not None:
        return pl.lit(names.get(None))
    return pl.col("sku").replace_strict(names, default=None, return_dtype=pl.String)


def _pairs(name: str, header: list[str], log: WideLog, skus: Collection[str]) -> list[LineColumns]:
    pairs: dict[str, dict[str, str]] = {}
    twice = []
    for column, (sku, measure) in sku_measures(header, log, skus).items():
        if measure in pairs.setdefault(sku, {}):
            twice.append(f"  {pairs[sku][measure]!r} and {column!r} are both {sku}")
        pairs[sku][measure] = column
    if twice:
        raise SourceError(f"{name}: two columns for one SKU:\n" + "\n".join(twice))
    return [LineColumns(sku, measures) for sku, measures in sorted(pairs.items())]
