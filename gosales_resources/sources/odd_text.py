"""Text that was read in another encoding than it was written in, as far as the text shows it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import polars as pl

from gosales_resources.sources.raw import RawBatch

BEYOND_ASCII = r"[^\x00-\x7f]"
# Control signs that no keyboard writes: other letters have these bytes in the code pages of Windows.
CONTROLS = range(0x80, 0xA0)
# Different cells that are looked at of a batch.
MOST = 1_000


@dataclass
class OddText:
    """Cells that look wrong in the encoding that a file is read in."""

    encoding: str
    """That of the settings; UTF-8 shows by itself what is none, and is not looked at."""
    found: set[str] = field(default_factory=set)

    def watched(self, batches: Iterable[RawBatch]) -> Iterator[RawBatch]:
        """Look at the cells of batches and pass them on."""
        for batch in batches:
            if self.encoding != "utf8":
                self.found |= {c for c in _cells(batch.frame) if looks_odd(c, self.encoding)}
            yield batch


def looks_odd(text: str, encoding: str) -> bool:
    r"""Tell whether a text has control signs in place of letters, or would be read as UTF-8 too.

    Examples
    --------
    >>> looks_odd("Müller", "cp1252"), looks_odd("MÃ¼ller", "cp1252"), looks_odd("M\x81ller", "latin1")
    (False, True, True)
    """
    return any(ord(sign) in CONTROLS for sign in text) or is_utf8(text, encoding)


def is_utf8(text: str, encoding: str) -> bool:
    """Tell whether the bytes of a text beyond ASCII are UTF-8: by chance they hardly ever are.

    Not of encodings with several bytes a letter: two letters of Chinese may be UTF-8 by chance.
    """
    try:
        written = text.encode(encoding)
        return len(written) == len(text) < len(text.encode()) and bool(written.decode("utf-8"))
    except UnicodeError:
        return False


def describe_odd(found: Iterable[str], encoding: str) -> str:
    """Say how many cells look wrong, which is the first, and what to do."""
    cells = sorted(found)
    are_utf8 = all(is_utf8(cell, encoding) for cell in cells)
    remedy = "utf8 (it is valid UTF-8)" if are_utf8 else "the one that it was written in"
    return (
        f"{len(cells):,} different text(s) look wrong in encoding {encoding}, such as {cells[0]!r}: "
        f"set it to {remedy}"
    )


def _cells(frame: pl.DataFrame) -> set[str]:
    texts = frame.select(pl.col(pl.String))
    return {
        cell
        for column in texts.iter_columns()
        for cell in column.filter(column.str.contains(BEYOND_ASCII)).unique().sort().head(MOST)
    }
