"""Rows of a list as the content of one file, as `gosales list` writes it."""

from collections.abc import Sequence

import polars as pl

from gosales.cli.show import json_array
from gosales_assets.delivery.columns import Column
from gosales_assets.delivery.listed import Listed
from gosales_assets.delivery.programs import with_external_id, write_jsonl, write_list_parquet
from gosales_assets.delivery.spreadsheet_csv import write_spreadsheet_csv
from gosales_assets.platform.platform import Platform

WRITTEN = ("csv", "xlsx", "json", "jsonl", "parquet")
SUFFIXES = {
    ".csv": "csv",
    ".xlsx": "xlsx",
    ".json": "json",
    ".jsonl": "jsonl",
    ".parquet": "parquet",
}


def write_rows(
    platform: Platform,
    listed: Listed,
    rows: pl.DataFrame,
    columns: Sequence[Column],
    form: str,
    *,
    has_named: bool,
) -> bytes:
    """Write some rows of a list.

    Parameters
    ----------
    platform
        Its settings say how spreadsheets read a CSV, and how money is rounded.
    listed
        What they are of.
    rows
        Of `listed.rows`.
    columns
        Of CSV and workbook; of the others too where they were named, else those have all.
    form
        One of `WRITTEN`.
    has_named
        Whether the columns were named.
    """
    settings = platform.settings.delivery
    if form == "csv":
        return write_spreadsheet_csv(rows, columns, settings.csv_style, settings.decimals)
    if form == "xlsx":
        # 0.1 s, and every command loads this module.
        from gosales_assets.delivery.workbook import write_workbook  # noqa: PLC0415

        some = Listed(listed.terms, rows, listed.ranked, listed.selected, listed.base_rates)
        return write_workbook(some, settings, columns)
    frame = with_external_id(rows)
    frame = frame.select(column.name for column in columns) if has_named else frame
    if form == "parquet":
        return write_list_parquet(frame)
    lines = write_jsonl(frame)
    return json_array(lines.decode()).encode() if form == "json" else lines
