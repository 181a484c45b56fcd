"""CSV and TSV: a stream of bytes cut into blocks of whole records, each parsed on its own.

A block ends at the last line end outside quotes of the bytes read for it, so a file that only
grew has the blocks it had before, and a new one. The fast parser does almost all of them; a block
that it cannot read (bytes that are no text, a quote that never ends) is read line by line, so
that what is lost is one row with a reason and not a file.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv

from gosales_resources.errors import SourceError
from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources.raw import (
    ROW,
    Block,
    Extent,
    MisshapenRow,
    RawBatch,
    RawInput,
    checked_header,
)
from gosales_resources.sources.records import (
    LONGEST_RECORD,
    cut_records,
    find_records,
    split_fields,
    split_records,
)
from gosales_resources.sources.streams import (
    PLAIN_CODECS,
    ByteStream,
    described_break,
    file_stamp,
    file_state,
    open_stream,
    require_unchanged,
)
from gosales_resources.sources.text_columns import TextColumns

# What is remembered at a time. A change in the middle of a file costs from there to its end. Typed
# side by side: files of 87 and 37 MB peaked at 1.2 GiB in blocks of 32 MiB, at 0.9 in those of 16.
BLOCK_BYTES = 16 * 2**20
# The parser is twice as fast on what fits a core's cache (0.55 s against 1.07 s for 86 MB).
PARSER_BYTES = 2**20
BATCH_ROWS = 131_072
BOM = b"\xef\xbb\xbf"
BOMS_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class TextFile(RawInput):
    """One CSV or TSV file, plain or compressed."""

    path: Path
    name: str
    source: FileSource
    first_row: int = 2
    known: tuple[Extent, ...] = ()
    """Of its first blocks, the last time."""

    def header(self) -> list[str]:
        """See `RawInput`."""
        with open_stream(self.path, self.source.encoding) as stream:
            return self._columns(_first_records(stream, self._separator)).names

    def stamp(self) -> str:
        """See `RawInput`."""
        return file_stamp(self.path)

    def remembering(self, extents: Sequence[Extent]) -> "TextFile":
        """See `RawInput`."""
        return replace(self, known=tuple(extents))

    def blocks(self) -> Iterator[Block]:
        """See `RawInput`."""
        before = file_state(self.path)
        with open_stream(self.path, self.source.encoding) as stream:
            first = _first_records(stream, self._separator)
            columns = self._columns(first)
            told = [columns.names, self.source.encoding, self._separator, *columns.surplus]
            salt = hashlib.sha256(json.dumps(told).encode())

            def block(part: _Part) -> Block:
                digest = salt.copy()
                digest.update(part.content)
                key = digest.hexdigest()[:32]
                extent = Extent(key, len(part.content)) if part.is_settled else None
                how = (self._separator, self._encoding, self.source.encoding)
                return Block(key, _Reader(columns, *how, part), extent)

            rest = first.rest
            for extent in self.known:
                content = rest + stream.read(max(extent.size - len(rest), 0))
                content, rest = content[: extent.size], content[extent.size :]
                found = block(_Part(content, is_sound=True, is_settled=True))
                if found.extent != extent:
                    # Changed here: what follows is cut anew.
                    rest = content + rest
                    break
                yield found
            for part in _whole_records(stream, rest, self._separator):
                yield block(part)
        require_unchanged(self.path, before)

    @property
    def _separator(self) -> str:
        is_tsv = ".tsv" in (suffix.lower() for suffix in self.path.suffixes)
        return "\t" if is_tsv and self.source.separator == "," else self.source.separator

    @property
    def _encoding(self) -> str:
        """Encoding of the bytes of the stream."""
        encoding = self.source.encoding
        return encoding if encoding in PLAIN_CODECS else "utf8"

    def _columns(self, first: "_FirstRecords") -> "TextColumns":
        if first.header.startswith(BOMS_16) and self._encoding == "utf8":
            raise SourceError(f"{self.path} is UTF-16 text; set encoding: utf16.")
        try:
            names = split_fields(first.header.decode(PLAIN_CODECS[self._encoding]), self._separator)
        except ValueError as error:
            raise SourceError(
                f"{self.path}, row 1: is not {self.source.encoding} text with columns ({error}); "
                "set encoding or separator."
            ) from error
        width = len(names)
        while names and not names[-1].strip():
            names.pop()
        header = checked_header(str(self.path), names)
        return TextColumns(header, max(width, self._width(first.row, len(header))))

    def _width(self, row: bytes, expected: int) -> int:
        """Count the fields of the first row, where those beyond the header's are blank."""
        try:
            fields = split_fields(row.decode(PLAIN_CODECS[self._encoding]), self._separator)
        except ValueError:
            # It will be told as what it is when it is read.
            return expected
        return expected if any(fields[expected:]) else len(fields)


@dataclass(frozen=True)
class _Part:
    """Bytes of whole records."""

    content: bytes
    is_sound: bool
    """Its quotes are what the fast parser takes them for."""
    is_settled: bool
    """Its end is one whatever follows: not the end of the file, not a guess at a stray quote."""


@dataclass(frozen=True)
class _Reader:
    """Reads one block's bytes."""

    columns: TextColumns
    separator: str
    encoding: str
    """Of the bytes as they come from the stream."""
    written_in: str
    """Encoding of the file."""
    part: _Part

    def __call__(self) -> Iterator[RawBatch]:
        """Read with the fast parser, else line by line."""
        if not self.part.is_sound or not self._is_text:
            yield from self._line_by_line()
            return
        try:
            # All of it before any of it is handed out: a later error must not leave half a block.
            batches = list(self._parsed())
        except (pa.ArrowInvalid, UnicodeDecodeError):
            batches = self._line_by_line()
        yield from batches

    @property
    def _is_text(self) -> bool:
        """The parser would tell a row that is none by a traceback on standard error."""
        if self.encoding != "utf8" or self.part.content.isascii():
            return True
        try:
            self.part.content.decode()
        except UnicodeDecodeError:
            return False
        return True

    def _parsed(self) -> Iterator[RawBatch]:
        wrong: list[MisshapenRow] = []

        def set_aside(row: pa_csv.InvalidRow) -> str:
            problem = f"{row.actual_columns} fields, expected {len(self.columns.names)}"
            # Counted from 1; only the single-threaded parser counts.
            wrong.append(MisshapenRow(row.number - 1, row.text, problem))
            return "skip"

        names = [*self.columns.names, *self.columns.surplus]
        reader = pa_csv.open_csv(
            pa.BufferReader(self.part.content),
            pa_csv.ReadOptions(
                use_threads=False,
                block_size=PARSER_BYTES,
                column_names=names,
                encoding=self.encoding,
            ),
            pa_csv.ParseOptions(
                delimiter=self.separator, newlines_in_values=True, invalid_row_handler=set_aside
            ),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
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
        names = [*self.columns.names, *self.columns.surplus]
        schema = pa.schema([(name, pa.string()) for name in names])
        views = pa.schema([(name, pa.string_view()) for name in names])
        # As views, which Polars takes as they are: 0.05 s for 32 MiB against 0.13 s.
        table = pa.Table.from_batches(pending, schema).cast(views)
        frame = pl.DataFrame(pl.from_arrow(table)).with_columns(numbers.alias(ROW))
        frame, filled = self._without_surplus(frame)
        mended, beyond = self._mended(wrong)
        if mended.height:
            frame = pl.concat([frame, mended]).sort(ROW)
        return RawBatch(frame, sorted([*filled, *beyond], key=lambda bad: bad.row))

    def _without_surplus(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[MisshapenRow]]:
        """Drop what is behind the last column; a row with something there is none of the table."""
        surplus = self.columns.surplus
        if not surplus:
            return frame, []
        is_filled = pl.any_horizontal(pl.col(name).is_not_null() for name in surplus)
        wrong = [
            MisshapenRow(
                row[-1],
                self.separator.join(cell or "" for cell in row[:-1]),
                f"field {len(self.columns.names) + 1} or one behind it is filled but has no header",
            )
            for row in frame.filter(is_filled).iter_rows()
        ]
        return frame.filter(~is_filled).drop(surplus), wrong

    def _mended(self, wrong: list[MisshapenRow]) -> tuple[pl.DataFrame, list[MisshapenRow]]:
        """Take rows whose fields are too many only by blank ones; return the others as they are."""
        rows, numbers, left = [], [], []
        for bad in wrong:
            try:
                fields = self.columns.fitted(split_fields(bad.text, self.separator))
            except ValueError:
                left.append(bad)
            else:
                rows.append([field or None for field in fields])
                numbers.append(bad.row)
        return self._frame(rows, numbers), left

    def _frame(self, rows: list[list[str | None]], numbers: list[int]) -> pl.DataFrame:
        frame = pl.DataFrame(rows, dict.fromkeys(self.columns.names, pl.String), orient="row")
        return frame.with_columns(pl.Series(ROW, numbers, pl.Int64))

    def _line_by_line(self) -> Iterator[RawBatch]:
        codec = PLAIN_CODECS[self.encoding]
        rows: list[list[str | None]] = []
        numbers: list[int] = []
        wrong: list[MisshapenRow] = []
        for number, record in enumerate(split_records(self.part.content, self.separator.encode())):
            try:
                fields = self.columns.fitted(split_fields(record.decode(codec), self.separator))
            except UnicodeDecodeError as error:
                shown = record.decode(codec, "backslashreplace")
                problem = described_break(error, self.encoding, self.written_in)
                wrong.append(MisshapenRow(number, shown, problem))
            except ValueError as error:
                wrong.append(MisshapenRow(number, record.decode(codec), str(error)))
            else:
                rows.append([field or None for field in fields])
                numbers.append(number)
        yield RawBatch(self._frame(rows, numbers), wrong)


@dataclass(frozen=True)
class _FirstRecords:
    header: bytes
    row: bytes
    """The first behind it, as far as it was read; it is in `rest` too."""
    rest: bytes
    """What was read beyond the header."""


def _first_records(stream: ByteStream, separator: str) -> _FirstRecords:
    start = stream.read(LONGEST_RECORD).removeprefix(BOM)
    header, end = next(find_records(start, separator.encode()), (b"", len(start)))
    row = next(split_records(start[end:], separator.encode()), b"")
    return _FirstRecords(header, row, start[end:])


def _numbers(first: int, count: int, wrong: list[MisshapenRow]) -> pl.Series:
    """Count rows from `first` on, over those that were set aside."""
    numbers = pl.int_range(first, first + count + len(wrong), eager=True)
    if wrong:
        numbers = numbers.filter(~numbers.is_in([bad.row for bad in wrong])).head(count)
    return numbers


def _whole_records(stream: ByteStream, content: bytes, separator: str) -> Iterator[_Part]:
    """Cut `content` and the stream behind it into blocks of whole records."""
    is_over, size = False, BLOCK_BYTES
    while True:
        if len(content) < size and not is_over:
            more = stream.read(size - len(content))
            content, is_over = content + more, len(more) < size - len(content)
        if not content:
            return
        is_last = is_over and len(content) <= size
        cut = cut_records(content[:size], separator.encode(), is_last)
        end, is_sound = cut.end, cut.is_sound
        if not end:
            if size < LONGEST_RECORD:
                size *= 2
                continue
            # Its first line opens a quote that does not close: the line is lost, not the rest.
            end, is_sound = content.find(b"\n", 0, size) + 1, False
        if not end:
            raise SourceError(
                f"{stream.path}: no line end within {size:,} bytes before row "
                f"{stream.lines_read + 1:,}. It is no CSV, or its line ends are not those of "
                "Unix or Windows."
            )
        yield _Part(content[:end], is_sound, is_settled=is_sound and not is_last)
        content, size = content[end:], BLOCK_BYTES
