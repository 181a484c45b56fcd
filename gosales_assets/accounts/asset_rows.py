"""The rows of the asset register, typed and judged one by one."""

import dataclasses

import polars as pl

from gosales_assets.accounts.fields import Reading, fields_of
from gosales_assets.accounts.side_rows import SideRows, read_side_rows
from gosales_checks.contracts.accounts import FactAssets
from gosales_resources.settings.accounts import AssetColumns, AssetSource
from gosales_resources.sources.side_tables import RawTable

SETTING = "assets"
USABLE = "usable_purchase_date"
# What the register says of an asset, and so what names it; the rest follows from it.
WRITTEN = tuple(name for name in FactAssets.columns() if name in AssetColumns.model_fields)


def read_assets(raw: RawTable, source: AssetSource, divisions: list[str]) -> SideRows:
    """Read rows of the asset register.

    Parameters
    ----------
    raw
        Rows as they are.
    source
        Its columns and the earliest legal purchase date.
    divisions
        Slugs of the divisions there are.

    Returns
    -------
    SideRows
        `WRITTEN` and `USABLE`. `known_on` is the later of usable purchase date and recording time;
        null where a row has neither.

    Raises
    ------
    SourceError
        When a configured column is missing.
    """
    reading = Reading(SETTING, source.date_formats, divisions, source.decimal)
    side = read_side_rows(raw, fields_of(FactAssets, source.columns), reading, known=())
    usable = pl.when(pl.col("purchase_date") >= source.min_purchase_date).then("purchase_date")
    rows = side.rows.with_columns(
        usable.alias(USABLE), item_rollup=pl.coalesce("item_rollup", "item")
    )
    known_on = pl.max_horizontal(USABLE, pl.col("recorded_at").cast(pl.Date))
    return dataclasses.replace(
        side, rows=rows.with_columns(known_on=known_on), names=(*side.names, USABLE)
    )
