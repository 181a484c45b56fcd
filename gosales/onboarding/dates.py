"""Which date formats a column is written in, and whether they can be told at all.

Values are grouped by shape (digits replaced), because a column may hold several spellings. A shape
is decided when one format reads it and no other reads it as different days; where two do, the
values that would decide are named, and nothing is guessed.
"""

import datetime as dt
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import polars as pl

from gosales_resources.settings.inputs import SERIAL
from gosales_resources.sources.cells import read_dates

DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d/%m/%Y", "%m/%d/%Y",
    "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%m.%d.%Y", "%d/%m/%y", "%m/%d/%y",
    "%d-%m-%y", "%m-%d-%y", "%d.%m.%y", "%m.%d.%y", "%d-%b-%Y", "%d-%b-%y",
    "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y",
)  # fmt: skip
TIMES = (
    "",
    " %H:%M",
    " %H:%M:%S",
    " %H:%M:%S%.f",
    "T%H:%M:%S",
    "T%H:%M:%SZ",
    "T%H:%M:%S%.f",
    "T%H:%M:%S%.fZ",
    " %I:%M %p",
    " %I:%M:%S %p",
    " %H:%M:%S %z",
    " %H:%M:%S%z",
    " %H:%M:%S%.f%z",
    "T%H:%M:%S%z",
    "T%H:%M:%S%.f%z",
)
# A month stands for its last day.
MONTHS = (
    "%Y-%m", "%Y/%m", "%m/%Y", "%m-%Y", "%m.%Y", "%b %Y",
    "%B %Y", "%b-%Y", "%b-%y", "%b %y", "%Y%m",
)  # fmt: skip
FORMATS = (*(day + time for day, time in itertools.product(DAYS, TIMES)), *MONTHS, SERIAL)
# Numbers that are dates only where the column's name says so: 45000, 202301.
NUMBERS = re.compile(r"9{5}(\.9+)?|9{6}")
# "21:15:00 -0500", "21:15:00+01:00": an offset is part of a time, or it is a year.
OFFSET = re.compile(r"(:\d\d(?:\.\d+)?)(\s?)[+-]\d\d:?\d\d$")
# A two-digit year read by %Y is year 24.
PLAUSIBLE = (1950, 2100)
# A shape with fewer of its values unreadable than this is that shape with slips of the pen in it.
SLIPS = 0.02
# Values of a shape rarer than this are slips too ("n/a", "TBD").
RARE = 0.005
# Fewer rows than this that only one of two formats reads may be slips: they do not decide.
DECIDING = 0.01


@dataclass(frozen=True)
class DateFinding:
    """How a column's dates are written."""

    formats: list[str]
    """Those that read it; where undecided, those that it may be."""
    is_sure: bool
    read_frac: float
    """Share of the filled values that the formats read; of all readings where undecided."""
    why: str
    undecided: str | None = None
    """What would decide it, for a person."""
    unread: list[str] = field(default_factory=list)
    """Examples of values that are no date."""


@dataclass(frozen=True)
class _Shape:
    formats: list[str]
    """One that reads it, or several that read it differently."""
    count: int
    read: int
    why: str
    is_mixed: bool = False
    """Both orders are sure to occur."""


def find_date_formats(values: Sequence[tuple[str, int]]) -> DateFinding:
    """Decide the formats that read a column.

    Parameters
    ----------
    values
        Distinct filled cells as text, each with its number of rows.

    Returns
    -------
    DateFinding
        Without formats where most of the values are no dates.
    """
    shapes: dict[str, list[tuple[str, int]]] = {}
    for text, count in sorted(values):
        shapes.setdefault(shape_of(text), []).append((text, count))
    total = sum(count for _, count in values)
    found, unread = [], []
    for members in sorted(shapes.values(), key=lambda m: (-sum(c for _, c in m), m)):
        shape = _decide(members)
        if shape is None:
            unread += [text for text, _ in members]
        elif shape.count >= RARE * total:
            found.append(shape)
        else:
            unread += [text for text, _ in members]
    found = [_like_its_siblings(shape, found) for shape in found]
    read = sum(shape.read for shape in found)
    share = read / total if total else 0.0
    formats = list(dict.fromkeys(form for shape in found for form in shape.formats))
    why = "; ".join(dict.fromkeys(shape.why for shape in found))
    open_shapes = [shape for shape in found if len(shape.formats) > 1]
    undecided = open_shapes[0].why if open_shapes else None
    if found and not undecided and (clash := _clashes(formats, values, total)):
        undecided = clash
    return DateFinding(formats, not undecided, share, why, undecided, sorted(unread)[:3])


def find_given_formats(values: Sequence[tuple[str, int]], formats: Sequence[str]) -> DateFinding:
    """Say how much of a column the formats read that a person gave.

    Parameters
    ----------
    values
        Distinct filled cells as text, each with its number of rows.
    formats
        At least one.

    Returns
    -------
    DateFinding
        Sure where they read all but slips.
    """
    read = read_dates(pl.Series([text for text, _ in values], dtype=pl.String), formats)
    counts = pl.DataFrame({"rows": [count for _, count in values], "problem": read["problem"]})
    total, rows = (
        int(counts["rows"].sum()),
        int(counts.filter(pl.col("problem").is_null())["rows"].sum()),
    )
    bad = [text for (text, _), problem in zip(values, read["problem"], strict=True) if problem]
    share = rows / total if total else 0.0
    why = f"given; reads {rows:,} of {total:,} rows"
    return DateFinding(list(formats), share >= 1 - SLIPS, share, why, unread=bad[:3])


def meant_days(formats: Sequence[str]) -> str | None:
    """Say which day is meant where dates carry a zone or have no day; None where they say it.

    Examples
    --------
    >>> meant_days(["%b %Y"])
    'a month without a day stands for its last day'
    """
    if any(form in MONTHS for form in formats):
        return "a month without a day stands for its last day"
    if SERIAL in formats:
        return "days as spreadsheets count them, from 1899-12-30"
    if any("%z" in form for form in formats):
        return (
            "the dates carry their offset: the day is that of each row's own zone; time_zone names "
            "one zone for all"
        )
    if any(form.endswith("Z") for form in formats):
        return "the dates are in UTC (Z), and so are the days; time_zone names another zone"
    return None


def looks_like_dates(texts: Sequence[str], *, is_named: bool = False) -> bool:
    """Tell whether most of some values are dates by any format (a cheap look, no decision).

    Parameters
    ----------
    texts
        Filled cells.
    is_named
        The column is named like a date, so that numbers may be one too.
    """
    if not texts:
        return False
    by_shape: dict[str, list[str]] = {}
    for text in texts:
        by_shape.setdefault(shape_of(text), []).append(text)
    dated = 0
    for shape, members in by_shape.items():
        if NUMBERS.fullmatch(shape) and not is_named:
            continue
        read = [_read(form, members).count() for form in _formats_of(shape)]
        dated += max(read, default=0)
    return dated > 0.9 * len(texts)


def shape_of(text: str) -> str:
    """Return a text with its digits and letters replaced; one and two digits are alike.

    Examples
    --------
    >>> shape_of("3/15/2024") == shape_of("12/1/2023"), shape_of("05-Mar-2024")
    (True, '9-aaa-9999')
    """
    zoned = OFFSET.sub(r"\1\2zone", text.strip())
    digits = re.sub(r"\d+", lambda m: "9" if len(m[0]) <= 2 else "9" * len(m[0]), zoned)
    if "." in digits:
        # Fractions of a second have any number of digits.
        digits = re.sub(r"(:9\.)9+", r"\1f", digits)
    digits = re.sub(r" [AaPp][Mm]$", " pp", digits)
    letters = re.sub(r"[^\W\d_]{4,}", "aaaa", digits)
    return re.sub(r"(?<![^\W\d_])[^\W\d_]{3}(?![^\W\d_])", "aaa", letters)


def _decide(members: list[tuple[str, int]]) -> _Shape | None:
    texts = [text for text, _ in members]
    weights = pl.Series([count for _, count in members])
    total = int(weights.sum())
    days = {form: _read(form, texts) for form in _formats_of(shape_of(texts[0]))}
    read = {form: _rows(weights, series.is_not_null()) for form, series in days.items()}
    complete = [form for form in days if read[form] >= (1 - SLIPS) * total]
    if not complete:
        if len(days) < 2:
            return None
        unread = pl.DataFrame(list(days.values())).select(pl.all_horizontal(pl.all().is_null()))
        if _rows(weights, unread.to_series()) > SLIPS * total:
            return None
        orders = sorted(days, key=lambda form: -read[form])[:2]
        return _Shape(orders, total, total, _mixed(orders, days, texts), is_mixed=True)
    best = max(complete, key=lambda form: (read[form], -FORMATS.index(form)))
    rivals = [form for form in complete if _rivals(days[form], days[best], weights, total)]
    if rivals and ("%d.%m" in best or "%m.%d" in best):
        # Dotted dates are written day first everywhere; month first only where that fails.
        dotted = next(form for form in [best, *rivals] if form.startswith("%d"))
        return _Shape([dotted], total, read[dotted], f"{dotted}: dotted dates are day first")
    if rivals:
        return _Shape([best, *rivals], total, total, _ambiguous([best, *rivals], texts))
    return _Shape([best], total, read[best], _reason(best, days, texts))


def _like_its_siblings(shape: _Shape, shapes: list[_Shape]) -> _Shape:
    """Decide days and months as in the same spelling with other years or times beside the date."""
    orders = {_order(other.formats[0]) for other in shapes if len(other.formats) == 1}
    same = [form for form in shape.formats if _order(form) in orders]
    if len(shape.formats) < 2 or len(same) != 1 or shape.is_mixed:
        return shape
    sibling = next(
        o.formats[0]
        for o in shapes
        if len(o.formats) == 1 and _order(o.formats[0]) == _order(same[0])
    )
    return replace(shape, formats=same, why=f"{same[0]}: as in {sibling}, which is decided")


def _order(form: str) -> str:
    """Return the order of day, month and year, whatever the year's digits and the time of day."""
    return re.split(r"[ T]%[HI]", form)[0].replace("%y", "%Y")


def _rows(weights: pl.Series, chosen: pl.Series) -> int:
    return int(weights.filter(chosen).sum())


def _rivals(other: pl.Series, best: pl.Series, weights: pl.Series, total: int) -> bool:
    """Tell whether another format reads other days and too few rows speak against it."""
    if other.equals(best):
        return False
    return _rows(weights, best.is_not_null() & other.is_null()) < DECIDING * total


@cache
def _formats_of(shape: str) -> list[str]:
    """Return the formats that write dates of a shape; months short or long."""
    zone = dt.timezone(dt.timedelta(hours=1))
    example = dt.datetime(2024, 3, 15, 10, 11, 12, 123_000, zone)
    found = [SERIAL] if re.fullmatch(r"9{5}(\.9+)?", shape) else []
    for form in FORMATS[:-1]:
        written = {
            shape_of(example.strftime(form.replace("%.f", ".%f").replace("%b", month)))
            for month in ("%b", "%B")
        }
        long_or_short = {w.replace("aaaa", "aaa", 1) if "%B" in form else w for w in written}
        if shape in written | long_or_short:
            found.append(form)
    return found


def _ambiguous(formats: list[str], texts: list[str]) -> str:
    return (
        f"{' and '.join(formats)} both read these values ({', '.join(texts[:3])}), as different "
        "days; values with a day above 12 would decide, and there are none or next to none"
    )


def _mixed(orders: list[str], days: dict[str, pl.Series], texts: list[str]) -> str:
    shown = []
    for form, other in (orders, reversed(orders)):
        only = days[form].is_not_null() & days[other].is_null()
        shown += [t for t, is_only in zip(texts, only, strict=True) if is_only][:1]
    return (
        f"both {' and '.join(orders)} occur ({' and '.join(shown)}): the column mixes two orders, "
        "and dates that both read cannot be told apart"
    )


def _reason(form: str, days: dict[str, pl.Series], texts: list[str]) -> str:
    others = [o for o in days if o != form and not days[o].equals(days[form])]
    if not others:
        return f"{form}: nothing else reads it, as in {texts[0]}"
    refused = days[others[0]].is_null() & days[form].is_not_null()
    example = next((t for t, is_so in zip(texts, refused, strict=True) if is_so), texts[0])
    return f"{form}: {int(refused.sum()):,} distinct value(s) can be nothing else, as {example}"


def _clashes(formats: list[str], values: Sequence[tuple[str, int]], total: int) -> str | None:
    """Read with the formats together, as the star phase will; what becomes ambiguous is said."""
    read = read_dates(pl.Series([text for text, _ in values], dtype=pl.String), formats)
    weights = pl.Series([count for _, count in values])
    lost = int(weights.filter((read["problem"] == "ambiguous").fill_null(value=False)).sum())
    if lost <= SLIPS * total:
        return None
    return f"{', '.join(formats)} together read {lost:,} row(s) as two different days"


def _read(form: str, texts: list[str]) -> pl.Series:
    moments = read_dates(pl.Series(texts, dtype=pl.String), [form])["moment"]
    days = moments.cast(pl.Date)
    legal = days.dt.year().is_between(*PLAUSIBLE).fill_null(value=False)
    return days.zip_with(legal, days.clear(1)).alias(form)
