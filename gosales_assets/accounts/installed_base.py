"""The asset register as of a cutoff: what customers owned, and since when.

A purchase date that is missing or a placeholder is replaced by the median of the rollup, from
what was known at the cutoff alone.
"""

import dataclasses
import datetime as dt

import polars as pl

from gosales_assets.accounts.fields import Reading, fields_of
from gosales_assets.accounts.side_rows import (
    SideRows,
    name_rows,
    read_side_rows,
    split_at,
)
from gosales_checks.contracts.accounts import FactAssets
from gosales_resources.settings.accounts import AssetColumns, AssetSource
from gosales_resources.side_files import RawTable

SETTING = "assets"
USABLE = "usable_purchase_date"
COLUMNS = tuple(FactAssets.columns())
# What the register says of an asset, and so what names it; the rest follows from it.
WRITTEN = tuple(name for name in COLUMNS if name in AssetColumns.model_fields)


def read_assets(raw: RawTable, source: AssetSource, divisions: list[str]) -> SideRows:
    """Read the asset register.

    Parameters
    ----------
    raw
        The rows of the register.
    source
        Its columns and the earliest legal purchase date.
    divisions
        Slugs of the divisions there are.

    Returns
    -------
    SideRows
        `known_on` is the later of usable purchase date and recording time; null where a row has
        neither.

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
    rows = rows.with_columns(known_on=known_on).hstack([name_rows(rows, WRITTEN).alias("asset_id")])
    return dataclasses.replace(side, rows=rows, names=(*side.names, USABLE, "asset_id"))


def build_fact_assets(side: SideRows | None, cutoff: dt.date) -> pl.DataFrame:
    """Build the installed base as of a cutoff.

    Parameters
    ----------
    side
        All rows of the register; None where it is not configured.
    cutoff
        As-of date.

    Returns
    -------
    polars.DataFrame
        `fact_assets`, one row per row of the register that was there by the cutoff, in a total
        order; empty without a register. A row without a usable date and without a recording time
        is there where its imputed date is.
    """
    if side is None:
        return pl.DataFrame(schema={n: c.dtype for n, c in FactAssets.columns().items()})
    known = split_at(side, cutoff).usable
    assets = _impute(known).filter(
        pl.col("known_on").is_not_null() | pl.col("effective_purchase_date").is_not_null()
    )
    return assets.select(COLUMNS).sort(
        "customer_id", "division", "item_rollup", "item", "purchase_date", "asset_id"
    )


def _impute(known: pl.DataFrame) -> pl.DataFrame:
    # Days as integers: the median of an even number lies between two days and is rounded down.
    day = pl.col(USABLE).to_physical().median().floor().cast(pl.Int32).cast(pl.Date)
    medians = known.group_by("item_rollup").agg(of_rollup=day)
    overall = known.select(day).to_series()[0]
    return known.join(medians, on="item_rollup", how="left").with_columns(
        effective_purchase_date=pl.coalesce(USABLE, "of_rollup", pl.lit(overall, dtype=pl.Date)),
        is_purchase_date_imputed=pl.col(USABLE).is_null(),
    )
