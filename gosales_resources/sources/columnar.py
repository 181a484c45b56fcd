"""Parquet: columns keep their types, a block is a row group."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pa_parquet

from gosales_resources.errors import SourceError
from gosales_resources.settings.source import FileSource
from gosales_resources.sources.raw import ROW, Block, RawBatch, RawInput, checked_header, file_stamp

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

    def stamp(self) -> str:
        """See `RawInput`."""
        return file_stamp(self.path)

    def blocks(self) -> Iterator[Block]:
        """See `RawInput`; the key is of the whole file, so any change reads all of it again."""
        header = self.header()
        with self.path.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        for group in range(_opened(self.path).num_row_groups):
            yield Block(f"{digest[:24]}{group:08d}", partial(self._group, group, header))

    def _group(self, group: int, header: list[str]) -> Iterator[RawBatch]:
        first = 0
        try:
            file = _opened(self.path)
            for batch in file.iter_batches(BATCH_ROWS, row_groups=[group]):
                frame = pl.DataFrame(pl.from_arrow(pa.Table.from_batches([batch])))
                frame.columns = header
                numbers = pl.int_range(first, first + frame.height, eager=True)
                yield RawBatch(frame.with_columns(numbers.alias(ROW)))
                first += frame.height
        except (pa.ArrowInvalid, OSError) as error:
            raise _unreadable(self.path, error) from error


def _opened(path: Path) -> pa_parquet.ParquetFile:
    try:
        return pa_parquet.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> SourceError:
    return SourceError(f"{path}: cannot be read as Parquet: {error}. Deliver it again.")
