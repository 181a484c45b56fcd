"""Writes Parquet, whole or part by part, names what is in it, and tells a write that failed.

Polars reports a write that the system refuses (a full disk, a quota) as OSError or, where it
happens in a page header or the footer, as an error of the format.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pa_parquet

# Fixed, so that bytes do not depend on how many threads wrote or how the frame was chunked.
ROW_GROUP_ROWS = 262_144
# Asked for when all rows are seen.
Metadata = Callable[[], Mapping[str, str]]


def write_parquet(frame: pl.DataFrame, path: Path, **options: Any) -> None:
    """Write a frame; options are those of Polars.

    Raises
    ------
    OSError
        When it cannot be written, whatever Polars calls it.
    """
    try:
        frame.write_parquet(path, **options)
    except pl.exceptions.ComputeError as error:
        # The frame is computed: what fails here is the writing.
        is_full = shutil.disk_usage(path.parent).free < max(frame.estimated_size(), 2**20)
        code = errno.ENOSPC if is_full else errno.EIO
        raise OSError(code, f"{os.strerror(code)} ({error})") from error


class Content:
    """Names the rows of a table by hashes that do not depend on how it is cut into parts."""

    def __init__(self) -> None:
        self._rows, self._sum, self._schema = 0, 0, ""

    def seen(self, table: pl.DataFrame) -> pl.DataFrame:
        """Count a part in and pass it on.

        Parameters
        ----------
        table
            The next rows of the table; its columns are those of the parts before.

        Returns
        -------
        polars.DataFrame
            The part itself.
        """
        places = pl.int_range(self._rows, self._rows + table.height, dtype=pl.UInt64, eager=True)
        # A hash with the place of its row: an order is content too.
        hashes = table.hash_rows(seed=1) ^ places.hash(seed=2)
        low, high = hashes & 0xFFFFFFFF, hashes // 2**32
        self._sum += int(low.sum()) + (int(high.sum()) << 32)
        self._rows += table.height
        self._schema = str(table.schema)
        return table

    @property
    def facts(self) -> dict[str, str]:
        """Return what a file says of its rows, once all parts are seen."""
        text = f"{self._rows}:{self._sum}:{self._schema}"
        return {
            "rows": str(self._rows),
            # Another version of Polars gives equal rows another hash: whose it is stands before it.
            "content": f"polars {pl.__version__}:{hashlib.sha256(text.encode()).hexdigest()[:32]}",
        }


def one_ahead(tables: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Make the next table while the last is being used: two are in memory.

    The writer of parts has one thread; what makes them would wait for it.

    Parameters
    ----------
    tables
        Made when they are asked for; none gives none.

    Yields
    ------
    polars.DataFrame
        The same tables in their order.
    """
    left = iter(tables)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, left, None)
        while (table := coming.result()) is not None:
            coming = pool.submit(next, left, None)
            yield table


def write_whole(path: Path, tables: Iterable[pl.DataFrame], metadata: Metadata) -> int:
    """Write the only table there is at once; return its rows.

    Parameters
    ----------
    path
        File to write.
    tables
        Exactly one.
    metadata
        Asked for when the table is made.
    """
    (table,) = tables
    write_parquet(
        table.rechunk(),
        path,
        compression="zstd",
        compression_level=1,
        row_group_size=ROW_GROUP_ROWS,
        metadata=metadata(),
    )
    return table.height


def write_parts(path: Path, tables: Iterable[pl.DataFrame], metadata: Metadata) -> int:
    """Write parts one after another in row groups of the usual size, however they are cut.

    Parameters
    ----------
    path
        File to write.
    tables
        Consecutive parts with equal columns, one at least.
    metadata
        Asked for when all parts are made.

    Returns
    -------
    int
        Rows of all parts.
    """
    rows, rest, writer = 0, pl.DataFrame(), None
    try:
        for table in tables:
            rest = pl.concat([rest, table]) if rest.height else table
            if writer is None:
                schema = _arrow(rest.clear()).schema
                dated = [f.name for f in schema if pa.types.is_temporal(f.type)]
                writer = pa_parquet.ParquetWriter(
                    path,
                    schema,
                    compression="zstd",
                    compression_level=1,
                    # What a scan passes groups over by. Those of all columns took a quarter of the time.
                    write_statistics=dated,  # pyright: ignore[reportArgumentType]  names are legal
                    # For readers elsewhere, at no cost measured. Polars neither writes nor reads them:
                    # here every byte is held against the recorded checksum of the file.
                    write_page_checksum=True,
                )
            whole = rest.height - rest.height % ROW_GROUP_ROWS
            if whole:
                writer.write_table(_arrow(rest.head(whole)), row_group_size=ROW_GROUP_ROWS)
                rows, rest = rows + whole, rest.slice(whole)
        if writer is not None:
            if rest.height:
                writer.write_table(_arrow(rest), row_group_size=ROW_GROUP_ROWS)
            rows += rest.height
            writer.add_key_value_metadata(dict(metadata()))
    finally:
        if writer is not None:
            writer.close()
    return rows


def _arrow(table: pl.DataFrame) -> pa.Table:
    return table.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
