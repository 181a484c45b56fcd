"""Parquet: columns keep their types, a block is a row group."""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl
import polars.selectors as cs
import pyarrow as pa
import pyarrow.parquet as pa_parquet

from gosales_resources.errors import SourceError
from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources.raw import ROW, Block, RawBatch, RawInput, checked_header
from gosales_resources.sources.streams import FileState, file_stamp, file_state, require_unchanged
from gosales_resources.sources.typed import Spelling, as_text

BATCH_ROWS = 131_072


@dataclass(frozen=True)
class ParquetFile(RawInput):
    """One Parquet file."""

    path: Path
    name: str
    source: FileSource
    first_row: int = 1

    def header(self) -> list[str]:
        """See `RawInput`."""
        return checked_header(str(self.path), _opened(self.path).schema_arrow.names)

    def columns(self) -> dict[str, str]:
        """See `RawInput`."""
        types = map(str, _opened(self.path).schema_arrow.types)
        return dict(zip(self.header(), types, strict=True))

    def stamp(self) -> str:
        """See `RawInput`."""
        return file_stamp(self.path)

    def blocks(self) -> Iterator[Block]:
        """See `RawInput`; the key is of the whole file, so any change reads all of it again."""
        before = file_state(self.path)
        header = self.header()
        with self.path.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        for group in range(_opened(self.path).num_row_groups):
            read = partial(self._group, group, header, before)
            yield Block(f"{digest[:24]}{group:08d}", read)
        require_unchanged(self.path, before)

    def _group(self, group: int, header: list[str], before: FileState) -> Iterator[RawBatch]:
        first = 0
        require_unchanged(self.path, before)
        try:
            file = _opened(self.path)
            for batch in file.iter_batches(BATCH_ROWS, row_groups=[group]):
                frame = _plain(pl.DataFrame(pl.from_arrow(pa.Table.from_batches([batch]))))
                frame.columns = header
                numbers = pl.int_range(first, first + frame.height, eager=True)
                yield RawBatch(frame.with_columns(numbers.alias(ROW)))
                first += frame.height
            require_unchanged(self.path, before)
        except (pa.ArrowInvalid, OSError) as error:
            raise _unreadable(self.path, error) from error


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Return columns that are neither text, numbers nor dates as the text that they stand for."""
    coded = cs.by_dtype(pl.Null, pl.Boolean) | cs.categorical() | cs.enum()
    frame = frame.with_columns(coded.cast(pl.String))
    odd = frame.select(~(cs.string() | cs.numeric() | cs.date() | cs.datetime())).columns
    return frame.with_columns(
        pl.Series(name, [_as_text(cell) for cell in frame[name]], pl.String) for name in odd
    )


def _as_text(cell: object) -> str | None:
    """Write bytes as the text that they are, if they are any; times, lists and records as told."""
    if isinstance(cell, bytes):
        with contextlib.suppress(UnicodeDecodeError):
            return cell.decode()
    if isinstance(cell, pl.Series):
        cell = cell.to_list()
    return as_text(cell, Spelling())


def _opened(path: Path) -> pa_parquet.ParquetFile:
    try:
        return pa_parquet.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> SourceError:
    return SourceError(f"{path}: cannot be read as Parquet: {error}. Deliver it again.")
