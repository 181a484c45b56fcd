"""Opens the files of a table beside the sales log: every row with its file and number.

Unlike `read_table` it keeps rows with a wrong number of fields, and a header without rows is an
empty table: a do-not-contact list may well be empty. Nothing is interpreted here.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from gosales_resources.errors import SourceError
from gosales_resources.settings.files import FileSource
from gosales_resources.sources import ROW, read_batches, read_header, resolve_files

FILE = "__source_file"
MISSHAPEN_SCHEMA = {"source_file": pl.String, "source_row": pl.Int64, "reason": pl.String}


@dataclass(frozen=True)
class RawTable:
    """The rows of one source as they are."""

    path: str
    """As configured; named in errors."""
    frame: pl.DataFrame
    """Source columns, `FILE` and `ROW`."""
    misshapen: pl.DataFrame
    """Rows with a wrong number of fields: `MISSHAPEN_SCHEMA` and the text as `raw`."""

    @property
    def columns(self) -> list[str]:
        """The source's columns."""
        return [name for name in self.frame.columns if name not in (FILE, ROW)]


def read_raw(source: FileSource, base: Path) -> RawTable:
    """Read all files of a source.

    Parameters
    ----------
    source
        Path, format, encoding.
    base
        Folder that relative paths start from.

    Returns
    -------
    RawTable
        In the order of files and rows; CSV columns are text, Parquet columns keep their types.

    Raises
    ------
    SourceError
        When a file is missing or unreadable, or the files do not have the same columns.
    """
    frames: list[pl.DataFrame] = []
    misshapen: list[dict[str, object]] = []
    for path in resolve_files(source, base):
        name = path.relative_to(base).as_posix() if path.is_relative_to(base) else path.name
        header, before = read_header(path, source), len(frames)
        for batch in read_batches(path, source):
            frames.append(batch.frame.with_columns(pl.lit(name).alias(FILE)))
            misshapen += [
                {"source_file": name, "source_row": bad.row, "reason": bad.problem, "raw": bad.text}
                for bad in batch.misshapen
            ]
        if len(frames) == before:
            columns = {**dict.fromkeys(header, pl.String), ROW: pl.Int64, FILE: pl.String}
            frames.append(pl.DataFrame(schema=columns))
    if len({tuple(frame.columns) for frame in frames}) > 1:
        raise SourceError(f"The files of {source.path} do not have the same columns.")
    filled = [frame for frame in frames if frame.height] or frames[:1]
    types = {tuple(frame.dtypes) for frame in filled}
    if len(types) > 1:
        raise SourceError(f"The files of {source.path} do not have the same column types.")
    return RawTable(
        source.path,
        pl.concat(filled),
        pl.DataFrame(misshapen, schema={**MISSHAPEN_SCHEMA, "raw": pl.String}),
    )
