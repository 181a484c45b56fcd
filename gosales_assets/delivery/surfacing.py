"""What a list puts before people, so that the next one knows whom they have been told of.

A list is surfaced on the day it is exported, not when it is made: a backfill surfaces nothing. The file
is read back as `source.surfacing_log`. It is Parquet: ids stay text as they are in the data, and no
spreadsheet runs what they say.
"""

import datetime as dt
import io

import polars as pl

from gosales_resources.dates import shift_days
from gosales_resources.errors import SourceError

FILE = "surfaced.parquet"
SCHEMA = pl.Schema(
    {
        "customer_id": pl.String(),
        "division": pl.String(),
        "surfaced_date": pl.Date(),
        "cutoff": pl.Date(),
        "rep": pl.String(),
        "rank": pl.Int64(),
        "seat": pl.Int64(),
    }
)
# What is surfaced once, however often a list is exported.
KEY = ["customer_id", "division", "cutoff"]


def surfaced_rows(table: pl.LazyFrame) -> pl.LazyFrame:
    """Return the rows of a list within the capacity.

    Parameters
    ----------
    table
        `whitespace` of a cutoff.

    Returns
    -------
    polars.LazyFrame
        `surfaced`: one row per selected customer and division, in the order of the list.
    """
    return (
        table.filter(pl.col("is_selected"))
        .sort("place")
        .select("customer_id", "division", "cutoff", "rep", "rank", "seat")
    )


def write_surfacing(
    rows: pl.DataFrame, cutoff: dt.date, today: dt.date, before: bytes | None = None
) -> tuple[bytes, int]:
    """Write the surfacing log of a folder that a list is exported into.

    Parameters
    ----------
    rows
        `surfaced` of the cutoff.
    cutoff
        Of the list.
    today
        Day of the export. A list is made of what was known at the end of its cutoff, so that it
        reaches people on the day after at the earliest.
    before
        The file as an earlier export left it; None where there is none.

    Returns
    -------
    tuple of bytes and int
        Parquet of `SCHEMA`, and its number of rows. What was surfaced before keeps its day; nothing
        is in it twice.

    Raises
    ------
    SourceError
        When the file that is there is no surfacing log.
    """
    day = max(today, shift_days(cutoff, 1))
    new = rows.with_columns(surfaced_date=pl.lit(day)).select(
        pl.col(name).cast(kind) for name, kind in SCHEMA.items()
    )
    if before is not None:
        earlier = _read(before)
        new = pl.concat([earlier, new.join(earlier, on=KEY, how="anti", maintain_order="left")])
    told = new.sort("surfaced_date", "cutoff", "rank", "customer_id", "division")
    return _bytes_of(told), told.height


def _bytes_of(told: pl.DataFrame) -> bytes:
    """Write a table as Parquet; equal tables give equal bytes."""
    target = io.BytesIO()
    told.write_parquet(target)
    return target.getvalue()


def _read(before: bytes) -> pl.DataFrame:
    try:
        found = pl.read_parquet(io.BytesIO(before))
    except (pl.exceptions.PolarsError, OSError):
        found = pl.DataFrame()
    if found.schema != SCHEMA:
        raise SourceError(
            f"{FILE} in that folder is no surfacing log of `gosales export` ({', '.join(SCHEMA)}): "
            "move it away, or export into another folder."
        )
    return found
