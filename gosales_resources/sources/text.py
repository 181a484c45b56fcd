"""CSV and TSV: a stream of bytes cut into blocks of whole records, each parsed on its own.

A block ends at the last line end outside quotes of the bytes read for it, so a file that only
grew has the blocks it had before, and a new one. The fast parser does almost all of them; a block
that it cannot read (bytes that are no text, a quote that never ends) is read line by line, so
that what is lost is one row with a reason and not a file.
"""

import csv
import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv

from gosales_resources.errors import SourceError
from gosales_resources.settings.source import FileSource
from gosales_resources.sources.raw import (
    ROW,
    Block,
    MisshapenRow,
    RawBatch,
    RawInput,
    checked_header,
    file_stamp,
)

# What is remembered at a time. A change in the middle of a file costs from there to its end.
BLOCK_BYTES = 32 * 2**20
# The parser is twice as fast on what fits a core's cache (0.55 s against 1.07 s for 86 MB).
PARSER_BYTES = 2**20
BATCH_ROWS = 131_072
# How far back from the end of a block its last whole record is looked for, and how many lines
# one quoted field may hold; a quote that is open for longer is taken for a stray one.
LONGEST_RECORD = 2**20
MOST_LINES = 1_000
ENCODINGS = {"utf8": "utf-8", "latin1": "latin-1", "cp1252": "cp1252"}
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class TextFile(RawInput):
    """One CSV or TSV file, plain or compressed."""

    path: Path
    name: str
    source: FileSource
    first_row: int = 2

    def header(self) -> list[str]:
        """See `RawInput`."""
        with _opened(self.path) as stream:
            return self._header(_first_record(stream, self.path))

    def stamp(self) -> str:
        """See `RawInput`."""
        return file_stamp(self.path)

    def blocks(self) -> Iterator[Block]:
        """See `RawInput`."""
        before = self.stamp()
        with _opened(self.path) as stream:
            first = _first_record(stream, self.path)
            header = self._header(first)
            how = [header, self.source.encoding, self._separator]
            salt = hashlib.sha256(json.dumps(how).encode())
            for content in _whole_records(stream, self.path, first):
                digest = salt.copy()
                digest.update(content)
                yield Block(digest.hexdigest()[:32], _Reader(self, header, content))
        if self.stamp() != before:
            raise SourceError(f"{self.path} changed while it was read. Run again.")

    @property
    def _separator(self) -> str:
        is_tsv = ".tsv" in (suffix.lower() for suffix in self.path.suffixes)
        return "\t" if is_tsv and self.source.separator == "," else self.source.separator

    def _header(self, first: "_FirstRecord") -> list[str]:
        try:
            text = first.record.decode(ENCODINGS[self.source.encoding])
            names = next(csv.reader([text], delimiter=self._separator, strict=True), [])
        except (UnicodeDecodeError, csv.Error) as error:
            raise SourceError(
                f"{self.path}, row 1: is not {self.source.encoding} text with columns ({error}); "
                "set encoding or separator."
            ) from error
        return checked_header(str(self.path), names)


@dataclass(frozen=True)
class _Reader:
    """Reads one block's bytes."""

    file: TextFile
    header: list[str]
    content: bytes

    def __call__(self) -> Iterator[RawBatch]:
        """Read with the fast parser, else line by line."""
        try:
            # All of it before any of it is handed out: a later error must not leave half a block.
            yield from list(self._parsed())
        except (pa.ArrowInvalid, UnicodeDecodeError):
            yield from self._line_by_line()

    def _parsed(self) -> Iterator[RawBatch]:
        wrong: list[MisshapenRow] = []

        def set_aside(row: pa_csv.InvalidRow) -> str:
            problem = f"{row.actual_columns} fields, expected {row.expected_columns}"
            # Counted from 1; only the single-threaded parser counts.
            wrong.append(MisshapenRow(row.number - 1, row.text, problem))
            return "skip"

        reader = pa_csv.open_csv(
            pa.BufferReader(self.content),
            pa_csv.ReadOptions(
                use_threads=False,
                block_size=PARSER_BYTES,
                column_names=self.header,
                encoding=self.file.source.encoding,
            ),
            pa_csv.ParseOptions(
                delimiter=self.file._separator,
                newlines_in_values=True,
                invalid_row_handler=set_aside,
            ),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(self.header, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
        pending, count, first, reported = [], 0, 0, 0
        for batch in reader:
            pending.append(batch)
            count += batch.num_rows
            if count >= BATCH_ROWS:
                # The parser reads ahead: the wrong rows it has told of may come later.
                yield self._batch(
                    pending, numbers := _numbers(first, count, wrong), wrong[reported:]
                )
                first, pending, count, reported = int(numbers[-1]) + 1, [], 0, len(wrong)
        if count or wrong[reported:]:
            yield self._batch(pending, _numbers(first, count, wrong), wrong[reported:])

    def _batch(
        self, pending: list[pa.RecordBatch], numbers: pl.Series, wrong: list[MisshapenRow]
    ) -> RawBatch:
        schema = pa.schema([(name, pa.string()) for name in self.header])
        frame = pl.DataFrame(pl.from_arrow(pa.Table.from_batches(pending, schema)))
        return RawBatch(frame.with_columns(numbers.alias(ROW)), wrong)

    def _line_by_line(self) -> Iterator[RawBatch]:
        encoding = ENCODINGS[self.file.source.encoding]
        rows: list[list[str | None]] = []
        numbers: list[int] = []
        wrong: list[MisshapenRow] = []
        for number, record in enumerate(_records(self.content)):
            fields, problem = self._fields(record, encoding)
            if problem is None and len(fields) != len(self.header):
                problem = f"{len(fields)} fields, expected {len(self.header)}"
            if problem is not None:
                text = record.decode(encoding, "backslashreplace")
                wrong.append(MisshapenRow(number, text, problem))
                continue
            rows.append([field or None for field in fields])
            numbers.append(number)
        frame = pl.DataFrame(rows, dict.fromkeys(self.header, pl.String), orient="row")
        yield RawBatch(frame.with_columns(pl.Series(ROW, numbers, pl.Int64)), wrong)

    def _fields(self, record: bytes, encoding: str) -> tuple[list[str], str | None]:
        try:
            text = record.decode(encoding)
            return next(csv.reader([text], delimiter=self.file._separator, strict=True), []), None
        except UnicodeDecodeError as error:
            return [], f"not {self.file.source.encoding} text at byte {error.start}"
        except csv.Error as error:
            return [], str(error)


@dataclass(frozen=True)
class _FirstRecord:
    record: bytes
    rest: bytes
    """What was read beyond it."""


def _numbers(first: int, count: int, wrong: list[MisshapenRow]) -> pl.Series:
    """Count rows from `first` on, over those that were set aside."""
    numbers = pl.int_range(first, first + count + len(wrong), eager=True)
    if wrong:
        numbers = numbers.filter(~numbers.is_in([bad.row for bad in wrong])).head(count)
    return numbers


def _opened(path: Path) -> BinaryIO:
    try:
        if path.suffix.lower() == ".gz":
            return gzip.open(path, "rb")  # type: ignore[return-value]
        return path.open("rb")
    except OSError as error:
        raise SourceError(f"{path}: cannot be opened: {error.strerror or error}.") from error


def _read(stream: BinaryIO, size: int, path: Path) -> bytes:
    try:
        return stream.read(size)
    except (OSError, EOFError) as error:
        raise SourceError(
            f"{path}: cannot be read to its end: {error}. It may be cut off or damaged; deliver "
            "it again. Nothing of it was loaded."
        ) from error


def _first_record(stream: BinaryIO, path: Path) -> _FirstRecord:
    start = _read(stream, LONGEST_RECORD, path).removeprefix(BOM)
    end = 0
    while True:
        at = start.find(b"\n", end)
        if at < 0:
            return _FirstRecord(start.rstrip(b"\r\n"), b"")
        end = at + 1
        if start.count(b'"', 0, end) % 2 == 0:
            return _FirstRecord(start[:at].rstrip(b"\r"), start[end:])


def _whole_records(stream: BinaryIO, path: Path, first: _FirstRecord) -> Iterator[bytes]:
    content, is_over = first.rest, False
    while True:
        while len(content) < BLOCK_BYTES and not is_over:
            # A short read is no end: only an empty one is.
            more = _read(stream, BLOCK_BYTES - len(content), path)
            content, is_over = content + more, not more
        if is_over and len(content) <= BLOCK_BYTES:
            if content:
                yield content
            return
        end = _last_record_end(content[:BLOCK_BYTES])
        yield content[:end]
        content = content[end:]


def _last_record_end(content: bytes) -> int:
    """Return where the last whole record ends: behind a line end outside quotes."""
    last = content.rfind(b"\n") + 1
    if not last:
        return len(content)
    odd = content.count(b'"', 0, last) % 2
    end = last
    while odd and end > len(content) - LONGEST_RECORD:
        before = content.rfind(b"\n", 0, end - 1) + 1
        if not before:
            break
        odd ^= content.count(b'"', before, end) % 2
        end = before
    return last if odd else end


def _records(content: bytes) -> Iterator[bytes]:
    """Split into records: lines, joined while a quote is open but not for ever."""
    lines = content.split(b"\n")
    at = 0
    while at < len(lines):
        record, quotes, taken = lines[at], lines[at].count(b'"'), 1
        while quotes % 2 and at + taken < len(lines) and taken < MOST_LINES:
            record += b"\n" + lines[at + taken]
            quotes += lines[at + taken].count(b'"')
            taken += 1
        if quotes % 2:
            record, taken = lines[at], 1
        record = record.removesuffix(b"\r")
        # The fast parser passes over empty lines too.
        if record:
            yield record
        at += taken
