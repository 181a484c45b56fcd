"""Draws a list on a terminal: as wide as it is, one line a row, what is left out said."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from gosales_assets.delivery.columns import Column, as_text, rounded
from gosales_resources.markdown import visible

GAP = "  "
# Text may be cut to so many columns of the terminal before columns are left out: a reason is read
# further than a name.
LEAST, LEAST_REASON = 10, 30
REASON = "nba_reason"
CUT = "…"


@dataclass(frozen=True)
class Drawn:
    """A table as text."""

    lines: list[str]
    """Titles, a rule, the rows."""
    left_out: list[str]
    """Titles of columns that the terminal has no room for."""
    is_cut: bool
    """Some text was cut, and ends in an ellipsis."""


def draw(rows: pl.DataFrame, columns: Sequence[Column], decimals: int, room: int) -> Drawn:
    """Draw rows so that no line is wider than the terminal.

    Where there is no room, texts are cut first, the widest most; then columns are left out from the
    right.

    Parameters
    ----------
    rows
        Of the list.
    columns
        Which of them, the most important first; the first one always stays.
    decimals
        Of money.
    room
        Columns of the terminal.
    """
    values = rounded(rows, columns, decimals)
    cells = {
        column.name: [visible(as_text(v, column, decimals)) for v in values[column.name]]
        for column in columns
    }
    wanted = {c.name: max(map(width_of, [c.short, *cells[c.name]])) for c in columns}
    kept = list(columns)
    while len(kept) > 1 and _narrowest(kept, wanted) > room:
        kept.pop()
    widths = _fitted(kept, wanted, room)
    lines = [
        _line([c.short for c in kept], kept, widths),
        GAP.join("─" * widths[c.name] for c in kept),
        *(_line(row, kept, widths) for row in zip(*(cells[c.name] for c in kept), strict=True)),
    ]
    left_out = [column.short for column in columns[len(kept) :]]
    is_cut = any(widths[c.name] < wanted[c.name] for c in kept)
    return Drawn(lines, left_out, is_cut)


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    Examples
    --------
    >>> width_of("abc"), width_of("客户"), width_of("e\u0301")
    (3, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(_width(sign) for sign in text)


def _width(sign: str) -> int:
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def _least(column: Column, wanted: dict[str, int]) -> int:
    """Return the width below which a column is not read: figures and ids are whole or not there."""
    if column.look != "text":
        return wanted[column.name]
    return min(wanted[column.name], LEAST_REASON if column.name == REASON else LEAST)


def _narrowest(columns: Sequence[Column], wanted: dict[str, int]) -> int:
    return sum(_least(c, wanted) for c in columns) + len(GAP) * (len(columns) - 1)


def _fitted(columns: Sequence[Column], wanted: dict[str, int], room: int) -> dict[str, int]:
    widths = {c.name: wanted[c.name] for c in columns}
    least = {c.name: _least(c, wanted) for c in columns}
    over = sum(widths.values()) + len(GAP) * (len(columns) - 1) - room
    while over > 0:
        # The one that is furthest above its least, the last of equals.
        name = max(reversed(widths), key=lambda n: widths[n] - least[n])
        if widths[name] == least[name]:
            # A single column that is wider than the terminal.
            widths[name] = max(1, widths[name] - over)
            break
        widths[name] -= 1
        over -= 1
    return widths


def _line(texts: Sequence[str], columns: Sequence[Column], widths: dict[str, int]) -> str:
    shown = (
        _padded(cut(text, widths[column.name]), widths[column.name], to_right=column.is_number)
        for text, column in zip(texts, columns, strict=True)
    )
    return GAP.join(shown).rstrip()


def cut(text: str, room: int) -> str:
    """Return a text in at most so many columns of a terminal, with an ellipsis where it is cut."""
    if width_of(text) <= room:
        return text
    kept, used = [], 0
    for sign in text:
        used += _width(sign)
        if used > room - 1:
            break
        kept.append(sign)
    return "".join(kept) + CUT


def _padded(text: str, room: int, *, to_right: bool) -> str:
    blanks = " " * (room - width_of(text))
    return blanks + text if to_right else text + blanks
