"""Opens the files of a table beside the sales log: every row with its file and number.

Unlike `read_table` it keeps rows with a wrong number of fields, and a header without rows is an
empty table: a do-not-contact list may well be empty. Nothing is interpreted here.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from gosales_resources.errors import SourceError
from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW, RawInput

FILE = "__source_file"
MISSHAPEN = {
    "source_file": pl.String,
    "source_row": pl.Int64,
    "reason": pl.String,
    "raw": pl.String,
}


@dataclass(frozen=True)
class RawTable:
    """The rows of one source as they are."""

    path: str
    """As configured; named in errors."""
    frame: pl.DataFrame
    """Source columns, `FILE` and `ROW`."""
    misshapen: pl.DataFrame
    """Rows that cannot be laid out in columns, with their text: columns of `MISSHAPEN`."""

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
    parts = [_read_input(raw) for raw in open_inputs(source, base)]
    frames = [frame for frame, _ in parts]
    if len({tuple(frame.columns) for frame in frames}) > 1:
        raise SourceError(f"The files of {source.path} do not have the same columns.")
    filled = [frame for frame in frames if frame.height] or frames[:1]
    types = {tuple(frame.dtypes) for frame in filled}
    if len(types) > 1:
        raise SourceError(f"The files of {source.path} do not have the same column types.")
    return RawTable(source.path, pl.concat(filled), pl.concat(wrong for _, wrong in parts))


def _read_input(raw: RawInput) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows of one input, numbered for people, and its misshapen ones."""
    frames: list[pl.DataFrame] = []
    misshapen: list[dict[str, object]] = []
    # Rows are numbered in their block from 0.
    first = raw.first_row
    for block in raw.blocks():
        batches = list(block.read())
        frames += [batch.frame.with_columns(pl.col(ROW) + first) for batch in batches]
        misshapen += [
            {"source_row": bad.row + first, "reason": bad.problem, "raw": bad.text}
            for batch in batches
            for bad in batch.misshapen
        ]
        first += sum(batch.row_count for batch in batches)
    if not frames:
        columns = {**dict.fromkeys(raw.header(), pl.String), ROW: pl.Int64}
        frames.append(pl.DataFrame(schema=columns))
    wrong = pl.DataFrame(
        misshapen, schema={n: MISSHAPEN[n] for n in MISSHAPEN if n != "source_file"}
    )
    return (
        pl.concat(frames).with_columns(pl.lit(raw.name).alias(FILE)),
        wrong.select(pl.lit(raw.name).alias("source_file"), *wrong.columns),
    )
