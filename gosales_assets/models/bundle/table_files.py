"""Tables as files of a bundle: Parquet, written the same each time, held to their columns when read."""

import io
from collections.abc import Mapping

import polars as pl

from gosales_resources.errors import BundleError

REMEDY = "Rematerialise model."


def table_bytes(table: pl.DataFrame) -> bytes:
    """Write a table as a file of a bundle.

    Parameters
    ----------
    table
        Its rows in their order.

    Returns
    -------
    bytes
        Parquet; equal tables give equal bytes.
    """
    target = io.BytesIO()
    table.write_parquet(target, compression="zstd", compression_level=3)
    return target.getvalue()


def read_table(files: Mapping[str, bytes], name: str, schema: pl.Schema) -> pl.DataFrame:
    """Read a table of a bundle.

    Parameters
    ----------
    files
        Of the bundle.
    name
        Of the file.
    schema
        What it must have.

    Returns
    -------
    polars.DataFrame
        As it was written; empty where the bundle has no such file.

    Raises
    ------
    BundleError
        When the file is not such a table.
    """
    if name not in files:
        return pl.DataFrame(schema=schema)
    try:
        table = pl.read_parquet(io.BytesIO(files[name]))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BundleError(f"The model bundle is damaged: {name}: {error}. {REMEDY}") from error
    if table.schema != schema:
        raise BundleError(f"The model bundle is damaged: {name} has other columns. {REMEDY}")
    return table
