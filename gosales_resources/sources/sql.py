"""A table of a SQL database: streamed in a fixed order; a block is a run of rows."""

import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl
import sqlalchemy as sa

from gosales_resources.settings.inputs import DatabaseTable, FileSource
from gosales_resources.sources.database import Progress, connected, find_table
from gosales_resources.sources.query import build_statement, chosen_columns
from gosales_resources.sources.raw import ROW, Block, RawBatch, RawInput, checked_header
from gosales_resources.sources.typed import concat_frames, frame_of, spelling_of

BLOCK_ROWS = 131_072
FETCH_ROWS = 8_192


@dataclass(frozen=True)
class SqlTable(RawInput):
    """One table or view."""

    database: DatabaseTable
    source: FileSource
    base: Path
    name: str
    first_row: int = 1

    def header(self) -> list[str]:
        """See `RawInput`."""
        with connected(self.database, self.base, Progress()) as connection:
            table = find_table(connection, self.database)
            return checked_header(
                self.name, chosen_columns(table, self.database, self.source.where)
            )

    def blocks(self) -> Iterator[Block]:
        """See `RawInput`; there is no file to hash, so the key is of the rows."""
        progress = Progress()
        with connected(self.database, self.base, progress) as connection:
            table = find_table(connection, self.database)
            columns = chosen_columns(table, self.database, self.source.where)
            header = checked_header(self.name, columns)
            whole = [isinstance(table.types[name], sa.Integer) for name in columns]
            connection.execution_options(stream_results=True, max_row_buffer=FETCH_ROWS)
            with connection.execute(
                build_statement(table, self.database, self.source.where)
            ) as rows:
                frames = self._frames(rows, header, whole, progress)
                while block := list(itertools.islice(frames, BLOCK_ROWS // FETCH_ROWS)):
                    frame = concat_frames(block, spelling_of(self.source))
                    yield Block(_key(frame), partial(_numbered, frame))

    def _frames(
        self, rows: sa.CursorResult, header: list[str], whole: list[bool], progress: Progress
    ) -> Iterator[pl.DataFrame]:
        spelling = spelling_of(self.source)
        while chunk := rows.fetchmany(FETCH_ROWS):
            yield frame_of(chunk, header, spelling, whole)
            progress.rows += len(chunk)


def _numbered(frame: pl.DataFrame) -> Iterator[RawBatch]:
    yield RawBatch(frame.with_columns(pl.int_range(frame.height, eager=True).alias(ROW)))


def _key(frame: pl.DataFrame) -> str:
    """Hash header, types and rows; text is quoted, so that no two contents are written alike."""
    digest = hashlib.sha256(json.dumps([*map(str, frame.schema.items())]).encode())
    digest.update(frame.write_csv(include_header=False, quote_style="non_numeric").encode())
    return digest.hexdigest()[:32]
