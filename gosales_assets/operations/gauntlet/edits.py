"""What is done to raw rows that only became known after a cutoff: taken out, or made something else.

Pure: header and rows in, rows out. Rows known by the cutoff keep their cells, their order and their
number; only what an early row says of later days may change (`going_on`).
"""

import datetime as dt
import random
from collections.abc import Sequence
from typing import Any

from gosales_assets.operations.gauntlet.raw_dates import RawDates, Row

Rows = list[list[Any]]
# Of the rows after a cutoff, so many are taken out, and as many are written twice.
REMOVED = 0.3
# Of the rows before it, so many are booked once more, late: old order date, recorded after the cutoff.
LATE = 0.1


def parted(
    header: Sequence[str], rows: Sequence[Row], dates: RawDates, cutoff: dt.date
) -> tuple[Rows, Rows]:
    """Part the rows known by a cutoff from those after it, each in their order.

    Parameters
    ----------
    header
        Column names of the source.
    rows
        Its rows; one of another length than the header is not called later.
    dates
        How its dates are read.
    cutoff
        As-of date; its day is history.

    Returns
    -------
    tuple of list
        Earlier rows (those without a readable date too), later rows.
    """
    earlier: Rows = []
    later: Rows = []
    for row in rows:
        day = dates.latest(header, row) if len(row) == len(header) else None
        (later if day is not None and day > cutoff else earlier).append(list(row))
    return earlier, later


def altered(
    header: Sequence[str], rows: Sequence[Row], dates: RawDates, cutoff: dt.date, seed: int
) -> Rows:
    """Make the future another one: rows after the cutoff removed, doubled, and mixed up.

    Parameters
    ----------
    header, rows, dates, cutoff
        As `parted` takes them.
    seed
        Of the draws.

    Returns
    -------
    list of list
        The earlier rows, then the later ones: 3 in 10 removed, and all cells but dates and keys drawn
        from other later rows of the same column. Of a log, whose rows have no key, 3 in 10 are written
        twice, and where it says when a row was recorded, 1 in 10 earlier rows is booked once more the
        day after the cutoff.
    """
    draw = random.Random(seed)  # noqa: S311  a seeded draw, nothing secret
    earlier, later = parted(header, rows, dates, cutoff)
    kept = [row for row in later if draw.random() > REMOVED]
    if dates.is_log:
        kept += [list(row) for row in kept if draw.random() < REMOVED]
    fixed = {*dates.known, *dates.going_on, *dates.keys}
    for at in [at for at, name in enumerate(header) if name not in fixed]:
        cells = [row[at] for row in kept]
        draw.shuffle(cells)
        for row, cell in zip(kept, cells, strict=True):
            row[at] = cell
    gone_on = [_gone_on(header, row, dates, cutoff, draw) for row in earlier]
    return [*gone_on, *kept, *_booked_late(header, earlier, dates, cutoff, draw)]


def moved_later(header: Sequence[str], rows: Sequence[Row], dates: RawDates, days: int) -> Rows:
    """Move all that is dated later by some days: what is seen at a cutoff is the world before it.

    Parameters
    ----------
    header, rows, dates
        As `parted` takes them.
    days
        How many.
    """
    made = []
    for row in rows:
        moved = list(row)
        for name in (*dates.known, *dates.going_on) if len(row) == len(header) else ():
            at = header.index(name) if name in header else None
            day = None if at is None else dates.day(row[at])
            if at is not None and day is not None:
                moved[at] = dates.written(day + dt.timedelta(days)) or row[at]
        made.append(moved)
    return made


def _gone_on(
    header: Sequence[str], row: list[Any], dates: RawDates, cutoff: dt.date, draw: random.Random
) -> list[Any]:
    """Move what an early row says of days after the cutoff, or take it away; what it came to then, too."""
    if len(row) != len(header):
        return row
    moved = list(row)
    for name in dates.going_on:
        at = header.index(name) if name in header else None
        day = None if at is None else dates.day(row[at])
        if at is not None and day is not None and day > cutoff:
            told = dates.written(day + dt.timedelta(17)) or row[at]
            moved[at] = told if draw.random() < 0.5 else ""
            for state in set(dates.states) & set(header):
                moved[header.index(state)] = "another"
    return moved


def _booked_late(
    header: Sequence[str], earlier: Rows, dates: RawDates, cutoff: dt.date, draw: random.Random
) -> Rows:
    """Book some early rows once more, recorded after the cutoff; none where nothing is recorded."""
    recorded = dates.known[1] if dates.is_log and len(dates.known) > 1 else None
    told = dates.written(cutoff + dt.timedelta(1))
    if recorded not in header or told is None:
        return []
    at = header.index(recorded)
    chosen = [r for r in earlier if len(r) == len(header) and draw.random() < LATE]
    return [[*row[:at], told, *row[at + 1 :]] for row in chosen]
