"""The list for programs: Parquet and JSON lines, and what a row is called in other systems."""

import io

import polars as pl

from gosales_resources.hashing import stable_key
from gosales_resources.store.parquet import ROW_GROUP_ROWS

EXTERNAL_ID = "external_id"


def with_external_id(rows: pl.DataFrame) -> pl.DataFrame:
    """Add what a row is called in other systems: the same in every list, for customer and division.

    Parameters
    ----------
    rows
        Of the list.

    Returns
    -------
    polars.DataFrame
        With `external_id` as the last column, `gs-` and 16 hexadecimal digits: the letters keep a
        spreadsheet on the way from reading it as a number.

    Examples
    --------
    >>> with_external_id(pl.DataFrame({"customer_id": ["1"], "division": ["a"]}))["external_id"].item()
    'gs-0d35ca1552f972f7'
    """
    key = stable_key(["customer_id", "division"])
    return rows.with_columns(pl.concat_str(pl.lit("gs-"), key).alias(EXTERNAL_ID))


def write_jsonl(rows: pl.DataFrame) -> bytes:
    """Write one JSON object a row, in the order of the rows."""
    return rows.write_ndjson().encode()


def write_list_parquet(rows: pl.DataFrame) -> bytes:
    """Write one Parquet file, in the order of the rows; equal rows give equal bytes."""
    buffer = io.BytesIO()
    rows.rechunk().write_parquet(
        buffer, compression="zstd", compression_level=1, row_group_size=ROW_GROUP_ROWS
    )
    return buffer.getvalue()
