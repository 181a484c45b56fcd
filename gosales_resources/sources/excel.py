"""Excel workbooks (.xlsx, .xlsm): one sheet, streamed; the block is the sheet.

openpyxl, because it hands over error cells (#N/A): the faster readers tried here (calamine and
its bindings) give them as blank, and a blank amount is no line.
"""

import datetime as dt
import hashlib
import itertools
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import ParseError

import openpyxl
import polars as pl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from gosales_resources.errors import SourceError, nearest
from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources.formulas import first_without_value
from gosales_resources.sources.raw import (
    ROW,
    Block,
    MisshapenRow,
    RawBatch,
    RawInput,
    checked_header,
    name_of_place,
)
from gosales_resources.sources.streams import FileState, file_stamp, file_state, require_unchanged
from gosales_resources.sources.typed import Spelling, as_text, concat_frames, frame_of, spelling_of

CHUNK_ROWS = 8_192
BATCH_ROWS = 131_072
# For people, rows are numbered as in the sheet; so the first below a header in row 1 is 2.
FIRST_ROW = 2
# What openpyxl lets through when a part of the archive is missing or damaged.
UNREADABLE = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    OSError,
    EOFError,
    KeyError,
    ValueError,
    # Of zipfile: an encrypted part, an unknown version.
    RuntimeError,
)


@dataclass(frozen=True)
class ExcelFile(RawInput):
    """One sheet of one workbook."""

    path: Path
    name: str
    source: FileSource
    first_row: int = FIRST_ROW

    def header(self) -> list[str]:
        """See `RawInput`; the header is the first row with something in it."""
        with self._rows() as rows:
            return list(self._columns(rows)[0].values())

    def elsewhere(self) -> str:
        """See `RawInput`."""
        with self._sheets() as sheets:
            others = [title for title in sheets if title != self._wanted(sheets)]
        told = ", ".join(map(repr, others))
        return f" The workbook has other sheets: {told}. Set sheet." if others else ""

    def stamp(self) -> str:
        """See `RawInput`."""
        return file_stamp(self.path)

    def blocks(self) -> Iterator[Block]:
        """See `RawInput`; the key is of the whole file and the sheet."""
        before = file_state(self.path)
        with self.path.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256")
        digest.update(repr((self.source.sheet, self._spelling)).encode())
        require_unchanged(self.path, before)
        yield Block(digest.hexdigest()[:32], lambda: self._read(before))

    @property
    def _spelling(self) -> Spelling:
        return spelling_of(self.source)

    def _read(self, before: FileState) -> Iterator[RawBatch]:
        require_unchanged(self.path, before)
        self._require_values()
        frames, misshapen = [], []
        with self._rows() as rows:
            columns, below = self._columns(rows)
            while chunk := self._chunk(below, CHUNK_ROWS):
                frame, wrong = self._typed(chunk, columns)
                frames.append(frame)
                misshapen += wrong
        require_unchanged(self.path, before)
        if frames:
            frame = concat_frames(frames, self._spelling)
            yield RawBatch(frame[:BATCH_ROWS], misshapen)
            yield from map(RawBatch, frame[BATCH_ROWS:].iter_slices(BATCH_ROWS))

    @contextmanager
    def _sheets(self) -> Iterator[dict[str, ReadOnlyWorksheet]]:
        with self._reading():
            handle = self.path.open("rb")
        # A workbook that cannot be opened would leave its own handle open.
        with handle:
            with self._reading():
                book = openpyxl.load_workbook(handle, read_only=True, data_only=True)
            try:
                yield {s.title: s for s in book.worksheets if isinstance(s, ReadOnlyWorksheet)}
            finally:
                book.close()

    def _wanted(self, sheets: dict[str, ReadOnlyWorksheet]) -> str:
        wanted = self.source.sheet or next(iter(sheets), "")
        if wanted not in sheets:
            raise SourceError(
                f"{self.path}: no sheet {wanted!r}. {nearest(wanted, sheets)} Set sheet."
            )
        return wanted

    @contextmanager
    def _sheet(self) -> Iterator[ReadOnlyWorksheet]:
        with self._sheets() as sheets:
            yield sheets[self._wanted(sheets)]

    @contextmanager
    def _rows(self) -> Iterator["_Rows"]:
        with self._sheet() as sheet:
            # What the file says of its own size is often wrong; the rows are not.
            sheet.reset_dimensions()
            yield enumerate(sheet.iter_rows(values_only=True), start=1)

    def _require_values(self) -> None:
        with self._sheet() as sheet, self._reading(), _xml_of(sheet) as xml:
            cell = first_without_value(xml)
        if cell:
            raise SourceError(
                f"{self.path}: the formula in {cell} has no value: the program that wrote the "
                "workbook did not compute it. Open it in Excel and save it."
            )

    def _columns(self, rows: "_Rows") -> tuple[dict[int, str], "_Rows"]:
        """Read on to the header; return the name of each column of the table, and the rows below.

        A column in front without a name is one where the first row has something in it: the index
        that programs write.
        """
        for _, cells in self._chunk(rows, 1):
            names = [(as_text(cell, self._spelling) or "").strip() for cell in cells]
            first = self._chunk(rows, 1)
            filled = [cell is not None for _, row in first for cell in row]
            lead = next((at for at, name in enumerate(names) if name), 0)
            found = {
                at: name or name_of_place(at + 1)
                for at, name in enumerate(names)
                if name or (at < lead and at < len(filled) and filled[at])
            }
            header = checked_header(str(self.path), [*found.values()])
            return dict(zip(found, header, strict=True)), itertools.chain(first, rows)
        raise SourceError(f"{self.path} is empty: it has no header row.{self.elsewhere()}")

    def _chunk(self, rows: "_Rows", size: int) -> list[tuple[int, Sequence[object]]]:
        with self._reading():
            return list(itertools.islice(_filled(rows), size))

    def _typed(
        self, chunk: list[tuple[int, Sequence[object]]], columns: dict[int, str]
    ) -> tuple[pl.DataFrame, list[MisshapenRow]]:
        rows, numbers, wrong = [], [], []
        for number, cells in chunk:
            strays = [at for at, c in enumerate(cells) if c is not None and at not in columns]
            if strays:
                texts = [as_text(cell, self._spelling) or "" for cell in cells]
                problem = f"column {get_column_letter(strays[0] + 1)} is filled but has no header"
                wrong.append(MisshapenRow(number - FIRST_ROW, "\t".join(texts), problem))
                continue
            rows.append([cells[at] if at < len(cells) else None for at in columns])
            numbers.append(number - FIRST_ROW)
        frame = frame_of(rows, list(columns.values()), self._spelling)
        return frame.with_columns(pl.Series(ROW, numbers, pl.Int64)), wrong

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            with warnings.catch_warnings():
                # Of parts that hold no cells: styles, validation, extensions.
                warnings.filterwarnings("ignore", module="openpyxl")
                yield
        except UNREADABLE as error:
            raise SourceError(
                f"{self.path}: cannot be read as an Excel workbook: {error}. Save it as .xlsx again."
            ) from error


_Rows = Iterator[tuple[int, Sequence[object]]]


def _filled(rows: _Rows) -> _Rows:
    """Pass over rows with nothing in them; they keep their number."""
    for number, cells in rows:
        plain = [_plain(cell) for cell in cells]
        if any(cell is not None for cell in plain):
            yield number, plain


def _xml_of(sheet: ReadOnlyWorksheet) -> IO[bytes]:
    # The way openpyxl itself gets at the part that holds the sheet; it has no public one.
    return sheet._get_source()  # pyright: ignore[reportAttributeAccessIssue]


def _plain(cell: object) -> object:
    """Return a day as a date, which a sheet does not tell from a moment; empty text as blank."""
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date()
    return None if cell == "" else cell
