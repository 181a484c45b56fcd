"""Where the records of a CSV begin and end, and how one is split into fields. Pure: bytes in.

A quote means something only at the start of a field, as it does to the fast parser; `5" pipe` is
text. Quotes that are neither (`"5" pipe`, or one that never closes) make a block unsound: it is
split with recovery, so that what is lost is one line with a reason and not the lines it swallows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# How far a quoted field may reach; a quote that is open for longer is taken for a stray one.
LONGEST_RECORD = 2**20
QUOTE = 34
ROW_ENDS = b"\r\n"


@dataclass(frozen=True)
class Cut:
    """Where a block may end."""

    end: int
    """Behind its last whole record; 0 where it has none."""
    is_sound: bool
    """Every quote opens or closes a field, or is text: the fast parser reads what is meant."""


def cut_records(content: bytes, separator: bytes, is_last: bool) -> Cut:
    """Find where the last whole record of `content` ends; it starts with a record.

    Parameters
    ----------
    content
        Bytes of an encoding that holds ASCII as it is.
    separator
        One ASCII byte.
    is_last
        Nothing follows: the last record may lack its line end.

    Returns
    -------
    Cut
        With an end of 0 where more must be read to tell.
    """
    quotes, is_sound = _field_quotes(content, separator)
    if not is_sound:
        return Cut(_recovered_end(content, separator, is_last), False)
    if is_last and len(quotes) % 2 == 0:
        return Cut(len(content), True)
    end = content.rfind(b"\n") + 1
    while end and (before := int(np.searchsorted(quotes, end))) % 2:
        end = content.rfind(b"\n", 0, int(quotes[before - 1])) + 1
    if is_last and not end:
        return Cut(len(content), False)
    return Cut(end, True)


def split_records(content: bytes, separator: bytes) -> Iterator[bytes]:
    """Split whole records, without their line ends; see `find_records`."""
    for record, _ in find_records(content, separator):
        yield record


def find_records(content: bytes, separator: bytes) -> Iterator[tuple[bytes, int]]:
    """Split whole records and tell where each ends; empty lines are passed over.

    A line ends as for the fast parser: with a line feed, a carriage return, or both. A line whose
    quotes do not close, or close in the middle of a field, is a record on its own.
    """
    at = 0
    while at < len(content):
        end = _record_end(content, at, separator) or _line_end(content, at)
        if record := content[at:end].rstrip(ROW_ENDS):
            yield record, end
        at = end


def split_fields(record: str, separator: str) -> list[str]:
    """Split one record into its fields, strictly.

    Raises
    ------
    ValueError
        Saying what is wrong with its quotes.

    Examples
    --------
    >>> split_fields('1,"a ""b"", c",5" pipe', ",")
    ['1', 'a "b", c', '5" pipe']
    """
    fields, at = [], 0
    while True:
        if record.startswith('"', at):
            close = record.find('"', at + 1)
            while record.startswith('"', close + 1) and close >= 0:
                close = record.find('"', close + 2)
            if close < 0:
                raise ValueError(f"the quote of field {len(fields) + 1} never ends")
            fields.append(record[at + 1 : close].replace('""', '"'))
            at = close + 1
            if at < len(record) and record[at] != separator:
                raise ValueError(f"text follows the closing quote of field {len(fields)}")
        else:
            end = record.find(separator, at)
            end = len(record) if end < 0 else end
            fields.append(record[at:end])
            at = end
        if at >= len(record):
            return fields
        at += 1


def _field_quotes(content: bytes, separator: bytes) -> tuple[npt.NDArray[np.int64], bool]:
    """Return the quotes at which a field is entered and left in turn, and whether all are sound."""
    data = np.frombuffer(content, np.uint8)
    quotes = np.flatnonzero(data == QUOTE).astype(np.int64)
    if not len(quotes):
        return quotes, True
    # An escaped quote leaves the field and enters it again, which comes to the same.
    legal = np.zeros(256, dtype=bool)
    legal[[*separator, *ROW_ENDS, QUOTE]] = True
    opening, closing = quotes[::2], quotes[1::2]
    opens = legal[data[opening[opening > 0] - 1]].all()
    closes = legal[data[closing[closing < len(data) - 1] + 1]].all()
    return (quotes, True) if opens and closes else _walked_quotes(content, separator)


def _walked_quotes(content: bytes, separator: bytes) -> tuple[npt.NDArray[np.int64], bool]:
    """Do the same quote by quote, for content that has quotes inside unquoted fields."""
    borders = separator + ROW_ENDS
    found: list[int] = []
    at = content.find(b'"')
    while at >= 0:
        if at and content[at - 1] not in borders:
            at = content.find(b'"', at + 1)
            continue
        close = _closing(content, at, len(content))
        found += [at] if close < 0 else [at, close]
        if close < 0:
            break
        if close + 1 < len(content) and content[close + 1] not in borders:
            return np.array(found, np.int64), False
        at = content.find(b'"', close + 1)
    return np.array(found, np.int64), True


def _recovered_end(content: bytes, separator: bytes, is_last: bool) -> int:
    at = 0
    while at < len(content):
        end = _record_end(content, at, separator)
        if not is_last:
            is_open = end is None and at + LONGEST_RECORD > len(content)
            if is_open or (end == len(content) and not content.endswith(b"\n")):
                # More of it may follow.
                return at
        at = end or _line_end(content, at)
    return at


def _record_end(content: bytes, at: int, separator: bytes) -> int | None:
    """Return where the record at `at` ends; None where its quotes are not sound."""
    end, here = _line_end(content, at), at
    while (quote := content.find(b'"', here, end)) >= 0:
        if quote > at and content[quote - 1 : quote] != separator:
            here = quote + 1
            continue
        close = _closing(content, quote, at + LONGEST_RECORD)
        after = content[close + 1 : close + 2]
        if close < 0 or after not in (b"", b"\r", b"\n", separator):
            return None
        here = close + 1
        if here >= end:
            end = _line_end(content, here)
    return end


def _closing(content: bytes, quote: int, limit: int) -> int:
    close = content.find(b'"', quote + 1, limit)
    while close >= 0 and content[close + 1 : close + 2] == b'"':
        close = content.find(b'"', close + 2, limit)
    return close


def _line_end(content: bytes, at: int) -> int:
    end = content.find(b"\n", at) + 1 or len(content)
    lone = content.find(b"\r", at, end)
    return end if lone < 0 or content[lone + 1 : lone + 2] == b"\n" else lone + 1
