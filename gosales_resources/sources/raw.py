"""What a raw input is to everyone else: a name, a header, and blocks of rows.

Nothing is interpreted here; text stays text, types stay types. What columns mean is the star
phase's business. A kind of input (text, Parquet, Excel, SQL) is one module beside this one.
"""

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from gosales_resources.errors import SourceError

# No column of a file is called so: what readers put beside its columns is.
OWN = "__source_"
# Number of a row in its block, from 0, in the order of the input.
ROW = f"{OWN}row"
# Which input a row is from, where several are read as one table.
FILE = f"{OWN}file"
# See `name_of_place`.
NAMELESS = re.compile(r"\(column [0-9]+\)")


@dataclass(frozen=True)
class MisshapenRow:
    """A row that cannot be laid out in columns: a wrong number of fields, unreadable bytes."""

    row: int
    text: str
    problem: str


@dataclass(frozen=True)
class RawBatch:
    """Consecutive rows of one block as they are; `ROW` numbers them."""

    frame: pl.DataFrame
    misshapen: list[MisshapenRow] = field(default_factory=list)

    @property
    def row_count(self) -> int:
        """Rows in it, the misshapen ones too."""
        return self.frame.height + len(self.misshapen)


@dataclass(frozen=True)
class Extent:
    """How long a block of an input was found to be, and what was in it."""

    key: str
    """Of the block."""
    size: int
    """Bytes of its text."""


@dataclass(frozen=True)
class Block:
    """A run of whole rows: what is read, typed and remembered at a time."""

    key: str
    """Hash of the header, of how it is read and of the content: equal rows, equal key."""
    read: Callable[[], Iterator[RawBatch]]
    """Read its rows; column names have no blanks around them."""
    extent: Extent | None = None
    """What finds it again without looking for its end; None where its end may be another if the
    input grows, or where looking costs nothing."""


class RawInput(ABC):
    """One file, sheet or query result."""

    name: str
    """What `source_file` says: the path relative to source.base_dir, or the table."""
    first_row: int
    """Number of the first record for people: 2 below a header row, else 1."""

    @abstractmethod
    def header(self) -> list[str]:
        """Return the column names, blanks around them removed.

        Raises
        ------
        SourceError
            When the input is empty, unreadable, or names a column twice.
        """

    def columns(self) -> dict[str, str]:
        """Return column -> type, in its order; `text` where the input has no types."""
        return dict.fromkeys(self.header(), "text")

    def elsewhere(self) -> str:
        """Say where else rows may be, for an error about none: a sentence behind a blank, or nothing."""
        return ""

    def stamp(self) -> str | None:
        """Return what is cheap to get and changes when the content does; None where nothing is."""
        return None

    def remembering(self, extents: Sequence[Extent]) -> "RawInput":
        """Return the input that knows where its first blocks ended the last time.

        It need not look for their ends again where their bytes are still the same.
        """
        del extents  # Of use to text alone.
        return self

    @abstractmethod
    def blocks(self) -> Iterator[Block]:
        """Stream the content; memory is that of one block.

        Raises
        ------
        SourceError
            When the input cannot be read, ends too early, or changes while it is read; names it
            and, where it is known, the row.
        """


def checked_header(name: str, header: list[str]) -> list[str]:
    """Return column names without blanks around them; refuse repeated ones and a row of none.

    A column without a name, such as the index that a program writes in front, is called by its
    place.

    Raises
    ------
    SourceError
        When there is no name at all, one is there twice or begins with `OWN`.
    """
    names = [column.strip() for column in header]
    if not any(names):
        raise SourceError(f"{name} is empty: it has no header row.")
    if own := [column for column in names if column.startswith(OWN)]:
        raise SourceError(f"{name}: '{own[0]}' is a name of GoSales' own; rename the column.")
    named = [column or name_of_place(at) for at, column in enumerate(names, start=1)]
    twice = sorted(column for column, count in Counter(named).items() if count > 1)
    if twice:
        raise SourceError(f"{name}, row 1: columns named twice: {', '.join(map(repr, twice))}.")
    return named


def name_of_place(place: int) -> str:
    """Return what a column without a name is called, by its place from 1 on."""
    return f"(column {place})"


def is_nameless(column: str) -> bool:
    """Tell whether a column is called by its place."""
    return NAMELESS.fullmatch(column) is not None
