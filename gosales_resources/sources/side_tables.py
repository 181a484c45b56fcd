"""Opens the files of a table beside the sales log: every row with its file and number.

Unlike `read_table` it keeps rows with a wrong number of fields, and a header without rows is an
empty table: a do-not-contact list may well be empty. Nothing is interpreted here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from gosales_resources.errors import SourceError
from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources.conditions import take_rows
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import FILE, ROW, Block, RawInput
from gosales_resources.sources.table import require_where

MISSHAPEN = {
    "source_file": pl.String,
    "source_row": pl.Int64,
    "reason": pl.String,
    "raw": pl.String,
}
PLACE = {ROW: pl.Int64, FILE: pl.String}


@dataclass(frozen=True)
class RawTable:
    """Rows of one source as they are."""

    path: str
    """As configured; named in errors."""
    frame: pl.DataFrame
    """Source columns, `FILE` and `ROW`, of the rows that the source's `where` keeps."""
    misshapen: pl.DataFrame
    """Rows that cannot be laid out in columns, with their text: columns of `MISSHAPEN`."""

    @property
    def columns(self) -> list[str]:
        """The source's columns."""
        return [name for name in self.frame.columns if name not in (FILE, ROW)]

    @property
    def row_count(self) -> int:
        """Rows in it, the misshapen ones too."""
        return self.frame.height + self.misshapen.height

    def numbered_from(self, first: int) -> "RawTable":
        """Return it with rows numbered for people, from `first` on."""
        return RawTable(
            self.path,
            self.frame.with_columns(pl.col(ROW) + first),
            self.misshapen.with_columns(pl.col("source_row") + first),
        )


@dataclass(frozen=True)
class SideBlock:
    """One block of one file of a source, to be read."""

    source: FileSource
    raw: RawInput
    header: list[str]
    block: Block | None
    """None for no rows: columns are known without any."""

    def read(self) -> RawTable:
        """Read its rows, numbered from 0 in the block."""
        batches = list(self.block.read()) if self.block else []
        empty = pl.DataFrame(schema={**dict.fromkeys(self.header, pl.String), ROW: pl.Int64})
        kept = [take_rows(batch.frame, self.source) for batch in batches]
        frame = pl.concat(kept) if batches else empty
        misshapen = [
            {"source_file": self.raw.name, "source_row": b.row, "reason": b.problem, "raw": b.text}
            for batch in batches
            for b in batch.misshapen
        ]
        named = frame.with_columns(pl.lit(self.raw.name).alias(FILE))
        return RawTable(self.source.path, named, pl.DataFrame(misshapen, MISSHAPEN))


def side_blocks(source: FileSource, base: Path) -> Iterator[SideBlock]:
    """List the blocks of all files of a source, each file's after one without rows.

    Raises
    ------
    SourceError
        When a file is missing or unreadable, or the files do not have the same columns.
    """
    inputs = open_inputs(source, base)
    headers = [raw.header() for raw in inputs]
    if len({tuple(header) for header in headers}) > 1:
        raise SourceError(f"The files of {source.path} do not have the same columns.")
    for raw, header in zip(inputs, headers, strict=True):
        require_where(raw.name, header, source)
        yield SideBlock(source, raw, header, None)
        for block in raw.blocks():
            yield SideBlock(source, raw, header, block)


def first_rows(blocks: Iterable[tuple[RawInput, int]]) -> list[int]:
    """Return the number for people of the first row of each block, given with its rows."""
    following: dict[str, int] = {}
    found = []
    for raw, row_count in blocks:
        found.append(following.get(raw.name, raw.first_row))
        following[raw.name] = found[-1] + row_count
    return found


def require_one_type(path: str, schemas: Iterable[pl.Schema]) -> None:
    """Make sure that the filled blocks of a source have columns of the same types.

    Raises
    ------
    SourceError
        When they do not; a column that is all blank in a block has any type there.
    """
    types = {each for schema in schemas for each in schema.items() if each[1] != pl.Null()}
    if len(types) > len({name for name, _ in types}):
        raise SourceError(f"The files of {path} do not have the same column types.")


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
        In the order of files and rows; CSV columns are text, Parquet columns keep their types. Without
        any column where no file matches a pattern yet, and the source may be without.

    Raises
    ------
    SourceError
        When a file is missing or unreadable, or the files do not have the same columns.
    """
    # Without the blocks: each has its bytes.
    read = [(block.raw, block.read()) for block in side_blocks(source, base)]
    if not read:
        return RawTable(source.path, pl.DataFrame(schema=PLACE), pl.DataFrame(schema=MISSHAPEN))
    firsts = first_rows((raw, table.row_count) for raw, table in read)
    placed = [table.numbered_from(first) for (_, table), first in zip(read, firsts, strict=True)]
    filled = [table.frame for table in placed if table.frame.height] or [placed[0].frame]
    require_one_type(source.path, [frame.schema for frame in filled])
    return RawTable(
        source.path,
        pl.concat(filled, how="vertical_relaxed"),
        pl.concat(table.misshapen for table in placed),
    )
