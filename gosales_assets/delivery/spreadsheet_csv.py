"""The list as a CSV that a spreadsheet opens: for people, as the workbook, without its limit of rows.

UTF-8 with a byte order mark, for without one Excel takes the file for the code page of its machine.
A CSV has no types: a spreadsheet that opens it makes 12 of an id 0012. Ids are as they are in the
file (`import` as text keeps them, opening does not); the workbook is what keeps them by itself.
"""

from collections.abc import Sequence
from typing import Literal

import polars as pl

from gosales_assets.delivery.columns import PERCENT_DECIMALS, Column, rounded
from gosales_assets.delivery.spreadsheet import spreadsheet_safe

CsvStyle = Literal["comma", "semicolon"]


def write_spreadsheet_csv(
    rows: pl.DataFrame, columns: Sequence[Column], style: CsvStyle, decimals: int
) -> bytes:
    """Write rows as CSV for spreadsheets.

    Parameters
    ----------
    rows
        Of the list.
    columns
        Which of them, in order.
    style
        Commas and decimal points, or semicolons and decimal commas.
    decimals
        Of money.

    Returns
    -------
    bytes
        A line of titles, then the rows; CRLF. Cells that a spreadsheet would run begin with an
        apostrophe. A fraction is a percentage, and its title says so.
    """
    figures = rounded(rows, columns, decimals).select(
        _figure(column, decimals).alias(_title(column)) for column in columns
    )
    text = spreadsheet_safe(figures).write_csv(
        include_bom=True,
        separator="," if style == "comma" else ";",
        decimal_comma=style == "semicolon",
        line_terminator="\r\n",
    )
    return text.encode()


def _title(column: Column) -> str:
    return f"{column.title} (%)" if column.look == "percent" else column.title


def _figure(column: Column, decimals: int) -> pl.Expr:
    value = pl.col(column.name)
    if column.look == "percent":
        return (100 * value).round(PERCENT_DECIMALS)
    if column.look == "money" and not decimals:
        return value.cast(pl.Int64)
    if column.look == "yes_no":
        return pl.when(value).then(pl.lit("yes")).otherwise(pl.lit("no"))
    return value
