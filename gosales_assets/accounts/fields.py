"""Reads the cells of one column by what its contract says it is: text, date, number, yes or no.

A cell that cannot be read is null and has a finding; nothing is guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import dataframely as dy
import polars as pl
from pydantic import BaseModel

from gosales_resources.errors import nearest
from gosales_resources.settings.base import slugify
from gosales_resources.sources.cells import (
    finding_where,
    read_dates,
    scaled,
    text,
    to_decimal,
    yes_no,
)

NUMBER_SCALE = 6


@dataclass(frozen=True)
class Field:
    """One value of a row: where it comes from and what it must be."""

    name: str
    column: str | None
    """Source column; None where the source has none: all null."""
    dtype: pl.DataType
    is_required: bool = False
    is_division: bool = False
    minimum: float | None = None


@dataclass(frozen=True)
class Reading:
    """How cells of a source are written, and which divisions there are."""

    setting: str
    """Name of the source in the settings, as `crm_deals`."""
    date_formats: Sequence[str]
    divisions: Sequence[str]
    decimal: str = "."


def fields_of(schema: type[dy.Schema], columns: BaseModel) -> list[Field]:
    """List what is read for a contract: its columns that the settings have a field for."""
    named = columns.model_dump()
    return [
        Field(
            name=name,
            column=named[name],
            dtype=column.dtype,
            is_required=not column.nullable and (column.metadata or {}).get("blank") != "filled",
            is_division=(column.metadata or {}).get("kind") == "division",
            minimum=getattr(column, "min", None),
        )
        for name, column in schema.columns().items()
        if name in named
    ]


def read_field(field: Field, frame: pl.DataFrame, reading: Reading) -> tuple[pl.Series, pl.Series]:
    """Read one field of all rows.

    Parameters
    ----------
    field
        What to read.
    frame
        Raw rows.
    reading
        How cells are written.

    Returns
    -------
    tuple of polars.Series
        Its values, and what is wrong with each cell, null where nothing is.
    """
    name, column = field.name, field.column
    if column is None:
        nothing = pl.Series(name, [None] * frame.height, field.dtype)
        return nothing, nothing.cast(pl.String)
    cells = frame.select(text(column).alias("cell")).to_series()
    value, wrong = _value(field, column, cells, frame, reading)
    checked = pl.DataFrame([cells.rename("cell"), value.rename("value"), wrong.rename("wrong")])
    findings = [
        finding_where(field.is_required & pl.col("cell").is_null(), f"{column} is blank"),
        "wrong",
    ]
    if field.minimum is not None and field.dtype.is_numeric():
        too_low = pl.col("value") < field.minimum
        findings.append(finding_where(too_low, f"{column} is below {field.minimum}"))
    found = checked.select(pl.concat_str(findings, separator="; ", ignore_nulls=True)).to_series()
    return value.rename(name), found.replace("", None)


def _value(
    field: Field, column: str, cells: pl.Series, frame: pl.DataFrame, reading: Reading
) -> tuple[pl.Series, pl.Series]:
    if field.dtype.is_temporal():
        read = read_dates(frame[column], reading.date_formats)
        problem = pl.format("{} is {}", pl.lit(column), "problem")
        wrong = read.select(pl.when(pl.col("problem") != "blank").then(problem)).to_series()
        return read["moment"].cast(field.dtype), wrong
    if field.is_division:
        return _division(cells, column, reading.divisions)
    if field.dtype == pl.String:
        return cells, pl.Series([None] * len(cells), dtype=pl.String)
    if field.dtype == pl.Boolean:
        value = frame.select(yes_no(column)).to_series()
        return value, _unread(cells, value, f"{column} is not yes or no")
    value = _number(frame, field, column, reading.decimal)
    return value, _unread(cells, value, f"{column} is not a number")


def _number(frame: pl.DataFrame, field: Field, column: str, decimal: str) -> pl.Series:
    kind = frame.schema[column]
    cell = pl.col(column) if kind.is_numeric() else pl.col(column).cast(pl.String)
    kind = kind if kind.is_numeric() else pl.String()
    if isinstance(field.dtype, pl.Decimal):
        scale = field.dtype.scale or 0
        return frame.select(to_decimal(scaled(cell, kind, decimal, scale), scale)).to_series()
    read = scaled(cell, kind, decimal, NUMBER_SCALE) / 10**NUMBER_SCALE
    return frame.select(read.cast(field.dtype)).to_series()


def _division(
    cells: pl.Series, column: str, divisions: Sequence[str]
) -> tuple[pl.Series, pl.Series]:
    written = cells.drop_nulls().unique().sort().to_list()
    slugs = {name: slugify(name) for name in written}
    unknown = {
        name: f"{column} '{name}' is not in divisions.names. {nearest(slug, divisions)}"
        for name, slug in slugs.items()
        if slug not in divisions
    }
    value = cells.replace_strict(slugs, default=None, return_dtype=pl.String)
    return value, cells.replace_strict(unknown, default=None, return_dtype=pl.String)


def _unread(cells: pl.Series, value: pl.Series, finding: str) -> pl.Series:
    frame = pl.DataFrame({"cell": cells, "value": value})
    bad = pl.col("cell").is_not_null() & pl.col("value").is_null()
    return frame.select(
        pl.when(bad).then(pl.format("{}: '{}'", pl.lit(finding), "cell"))
    ).to_series()
