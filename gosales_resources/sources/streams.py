"""Bytes of a text file as they are meant: unpacked, in an encoding that holds ASCII as it is.

Nothing is cut off in silence: an archive that ends too early, or whose check sum is wrong, is an
error that says how far it was good.
"""

import codecs
import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from gosales_resources.errors import SourceError

# Read as they are: the parser knows them, and a line end is one byte in them. Any other is decoded here
# and handed on as UTF-8.
PLAIN_CODECS = {"utf8": "utf-8", "latin1": "latin-1", "cp1252": "cp1252"}
# Bytes of these come several at once: one that is wrong leaves nothing behind it that is sure.
WIDE = ("utf16", "utf-16", "utf-32", "utf-7")
CHUNK_BYTES = 2**20


def described_break(error: UnicodeDecodeError, encoding: str, written_in: str) -> str:
    """Say where a record is no text of its file's encoding.

    Parameters
    ----------
    error
        Of decoding the record.
    encoding
        Of the stream, one of `PLAIN_CODECS`: where the file has another, a byte of it is none of the file.
    written_in
        Of the file.
    """
    place = f"byte {error.start}"
    if written_in != encoding:
        before = error.object[: error.start].decode(PLAIN_CODECS[encoding])
        place = f"character {len(before)}"
    return f"not {written_in} text at {place}"


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass
class ByteStream:
    """A file read from its start to its end, once."""

    path: Path
    encoding: str
    raw: _Readable
    bytes_read: int = 0
    lines_read: int = 0
    _decoder: codecs.IncrementalDecoder | None = None
    _left: bytes = b""
    _is_over: bool = False

    def __post_init__(self) -> None:
        if self.encoding not in PLAIN_CODECS:
            # A byte that is none of its text stays what it is, and costs its row alone.
            errors = "strict" if self.encoding.startswith(WIDE) else "surrogateescape"
            self._decoder = codecs.getincrementaldecoder(self.encoding)(errors)

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes; fewer only at the end.

        Raises
        ------
        SourceError
            When it is cut off or damaged; says how far it was good.
        """
        parts, have = [self._left], len(self._left)
        while have < size and not self._is_over:
            part = self._next(size - have)
            parts.append(part)
            have += len(part)
        # All but one are empty where a plain file gives what it is asked for: nothing is copied.
        filled = [part for part in parts if part]
        content = filled[0] if len(filled) == 1 else b"".join(filled)
        content, self._left = content[:size], content[size:]
        self.bytes_read += len(content)
        self.lines_read += content.count(b"\n")
        return content

    def _next(self, wanted: int) -> bytes:
        try:
            part = self.raw.read(wanted if self._decoder is None else CHUNK_BYTES)
            self._is_over = not part
            if self._decoder is None:
                return part
            return self._decoder.decode(part, final=self._is_over).encode(errors="surrogateescape")
        except (OSError, EOFError, zlib.error, pa.ArrowException, UnicodeError) as error:
            raise SourceError(
                f"{self.path}: cannot be read to its end: {error} (behind byte "
                f"{self.bytes_read:,} of its text, about row {self.lines_read + 1:,}). It may be "
                "cut off or damaged; deliver it again. Nothing of it was loaded."
            ) from error


@contextmanager
def open_stream(path: Path, encoding: str) -> Iterator[ByteStream]:
    """Open a plain file, or a .gz or .zst of one or several members.

    Raises
    ------
    SourceError
        When it cannot be opened.
    """
    try:
        raw = _opened(path)
    except OSError as error:
        raise SourceError(f"{path}: cannot be opened: {error.strerror or error}.") from error
    with raw:
        yield ByteStream(path, encoding, raw)


def _opened(path: Path):  # noqa: ANN202  three kinds of file, each closed by `with`
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return gzip.open(path, "rb")
    if suffix == ".zst":
        return pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
    return path.open("rb")


FileState = tuple[int, int, int]


def file_state(path: Path) -> FileState:
    """Return what tells one state of a file from another: which file, size, time of change.

    Raises
    ------
    SourceError
        When it is gone.
    """
    try:
        found = os.stat(path)
    except OSError as error:
        raise SourceError(f"{path}: cannot be opened: {error.strerror or error}.") from error
    return found.st_ino, found.st_size, found.st_mtime_ns


def file_stamp(path: Path) -> str:
    """Return the state of a file as text; see `RawInput.stamp`."""
    return ":".join(map(str, file_state(path)))


def require_unchanged(path: Path, before: FileState) -> None:
    """Make sure that a file is still the one it was.

    Raises
    ------
    SourceError
        When it is not: what was read of it may be half old, half new.
    """
    if file_state(path) != before:
        raise SourceError(f"{path} changed while it was read. Run again.")
