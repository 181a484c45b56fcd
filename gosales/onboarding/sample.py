"""Opens an unknown input: finds separator and encoding, takes a sample, and counts over all of it.

Works through `open_inputs` alone, so that any kind of input that GoSales reads can be inspected.
Nothing is interpreted here.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from gosales.onboarding.places import place_of
from gosales_resources.errors import SourceError
from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW, RawBatch, RawInput, is_nameless

SEPARATORS = (",", ";", "\t", "|")
# latin1 reads any bytes; cp1252 is what Windows writes and refuses five of them.
ENCODINGS = ("utf8", "cp1252", "latin1")
NOT_TEXT = "not utf8 text"
# Where most of the first rows have another number of fields, the first line is no header.
MOST = 0.5
ROWS_BETWEEN_REPORTS = 1_000_000


@dataclass(frozen=True)
class Sample:
    """Some rows of an input and how it has to be opened."""

    source: FileSource
    names: list[str]
    """Of its files, as `source_file` will say them."""
    frame: pl.DataFrame
    is_whole: bool
    """The sample is all rows there are."""
    misshapen: int
    elsewhere: str = ""
    """What else the input has, as the other sheets of a workbook."""

    @property
    def header(self) -> list[str]:
        """Column names."""
        return self.frame.columns


@dataclass
class Scan:
    """What one pass over all rows counted."""

    rows: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    """Kind of misshapen row -> how many."""


def take_sample(
    path: str, base: Path, rows: int, sheet: str | None = None, table: str | None = None
) -> Sample:
    """Open an input with the separator and encoding that fit, and take rows of it.

    Parameters
    ----------
    path
        File, folder or glob, as in the settings.
    base
        Folder that relative paths start from.
    rows
        How many rows at the most; half from the top (so that lines of an invoice stay together),
        half spread over what was read with them.
    sheet, table
        Of a workbook, of a database file; the first, the only one where not given.

    Raises
    ------
    SourceError
        When it cannot be read in any of the ways there are, has no rows, or its first line is no
        header.
    """
    source = _opened_best(place_of(path, base, sheet, table), base)
    inputs = open_inputs(source, base)
    # A column without a name is nobody's.
    headers = {raw.name: [c for c in raw.header() if not is_nameless(c)] for raw in inputs}
    first = headers[inputs[0].name]
    if own := sorted({"row", ROW} & set(first)):
        # The star phase numbers rows in a column of that name.
        raise SourceError(
            f"{inputs[0].name}: column {own[0]!r} has a name of GoSales' own. Rename it."
        )
    for name, header in headers.items():
        if set(header) != set(first):
            other = sorted(set(header) ^ set(first))[:5]
            raise SourceError(
                f"{name} has other columns than {inputs[0].name}: {', '.join(map(repr, other))}. "
                "Inspect files of one kind together."
            )
    elsewhere = inputs[0].elsewhere()
    where = f"{elsewhere} On the command line: --sheet." if elsewhere else ""
    each = max(rows // len(inputs), 2)
    taken = [_first_rows(raw, each) for raw in inputs]
    frame = pl.concat([t.frame.select(first) for t in taken], how="vertical_relaxed")
    misshapen = sum(t.misshapen for t in taken)
    if frame.is_empty() and not misshapen:
        raise SourceError(f"{base / source.place}: the file has a header and no rows.{where}")
    if misshapen > MOST * (frame.height + misshapen):
        raise SourceError(
            f"{base / source.place}: most rows do not have the {len(first)} field(s) of the first line "
            f"({', '.join(first[:3])}). Is that the header? Remove title lines above it.{where}"
        )
    whole = all(t.is_whole for t in taken)
    return Sample(source, list(headers), frame, whole, misshapen, elsewhere.strip())


def scan(
    sample: Sample,
    base: Path,
    columns: list[str],
    take: Callable[[pl.DataFrame], None],
    progress: Callable[[str], object],
) -> Scan:
    """Hand every batch of some columns to `take` once, in the order of the input.

    Parameters
    ----------
    sample
        The input, and how it is opened.
    base
        Folder that relative paths start from.
    columns
        Which columns are handed over.
    take
        Gets each batch, a frame of these columns.
    progress
        Told what is being read.

    Returns
    -------
    Scan
        Rows and misshapen rows of the whole input.

    Raises
    ------
    SourceError
        When the input cannot be read to its end.
    """
    done, reported = Scan(), 0
    for raw in open_inputs(sample.source, base):
        for batch in _batches(raw):
            done.rows += batch.row_count
            done.problems.update(_kind(bad.problem) for bad in batch.misshapen)
            take(batch.frame.select(columns))
            if done.rows - reported >= ROWS_BETWEEN_REPORTS:
                reported = done.rows
                progress(f"{done.rows:,} rows looked at, now in {raw.name}")
    return done


def reopened(sample: Sample, encoding: str) -> FileSource:
    """Return how a sample's input is opened in another encoding."""
    return sample.source.model_copy(update={"encoding": encoding})


@dataclass(frozen=True)
class _Taken:
    frame: pl.DataFrame
    misshapen: int
    is_whole: bool


def _first_rows(raw: RawInput, rows: int) -> _Taken:
    batches = _batches(raw)
    batch = next(batches, None)
    if batch is None:
        return _Taken(pl.DataFrame(schema=dict.fromkeys(raw.header(), pl.String)), 0, is_whole=True)
    frame = batch.frame.drop(ROW)
    is_whole = frame.height <= rows and next(batches, None) is None
    if frame.height > rows:
        top = frame.head(rows // 2)
        rest = frame.slice(rows // 2)
        spread = rest.gather_every(max(rest.height // (rows - rows // 2), 1))
        frame = pl.concat([top, spread.head(rows - rows // 2)])
    return _Taken(frame, len(batch.misshapen), is_whole)


def _batches(raw: RawInput) -> Iterator[RawBatch]:
    return itertools.chain.from_iterable(block.read() for block in raw.blocks())


def _kind(problem: str) -> str:
    return NOT_TEXT if problem.startswith(NOT_TEXT) else problem


def _opened_best(place: FileSource, base: Path) -> FileSource:
    """Choose separator by the header's columns and the rows that fit them, then the encoding."""
    problem: SourceError | None = None
    fits: list[tuple[int, int, FileSource]] = []
    for encoding in _encodings(place, base):
        for order, separator in enumerate(SEPARATORS):
            source = place.model_copy(update={"separator": separator, "encoding": encoding})
            raw = open_inputs(source, base)[0]
            try:
                columns = len(header := raw.header())
            except SourceError as error:
                # "Named twice" is said by the separator that is right.
                problem = error if problem is None or "twice" in str(error) else problem
                continue
            if any("\x00" in name for name in header):
                told = "looks like UTF-16. Save it as UTF-8 and try again."
                raise SourceError(f"{base / place.place}: {told}")
            fits.append((columns, -order, source))
        if fits:
            break
    best = _fewest_misshapen(sorted(fits, key=lambda fit: fit[:2], reverse=True), base)
    if best is None or (problem is not None and "twice" in str(problem) and len(best[1]) == 1):
        raise problem or SourceError(f"{base / place.place}: cannot be read.")
    source, _, batch = best
    if batch and any(_kind(bad.problem) == NOT_TEXT for bad in batch.misshapen):
        return _non_utf8(source, base)
    return source


def _encodings(place: FileSource, base: Path) -> tuple[str, ...]:
    """Return the encodings to try: UTF-16 says what it is, the others do not."""
    try:
        open_inputs(place, base)[0].header()
    except SourceError as error:
        if "UTF-16" in str(error):
            return ("utf16",)
    return ENCODINGS


def _fewest_misshapen(
    fits: list[tuple[int, int, FileSource]], base: Path
) -> tuple[FileSource, list[str], RawBatch | None] | None:
    """Read the first rows with each separator that gives columns; fewest wrong rows, then most."""
    best: tuple[int, FileSource, list[str], RawBatch | None] | None = None
    seen: list[list[str]] = []
    for columns, _, source in fits:
        raw = open_inputs(source, base)[0]
        header = raw.header()
        if header in seen or (columns == 1 and best is not None):
            # Kinds of input that have no separator look the same with each.
            continue
        seen.append(header)
        batch = next(_batches(raw), None)
        wrong = sum(_kind(bad.problem) != NOT_TEXT for bad in batch.misshapen) if batch else 0
        if best is None or wrong < best[0]:
            best = (wrong, source, header, batch)
    return best[1:] if best else None


def _non_utf8(source: FileSource, base: Path) -> FileSource:
    for encoding in ENCODINGS[1:]:
        tried = source.model_copy(update={"encoding": encoding})
        batch = next(_batches(open_inputs(tried, base)[0]), None)
        if batch is None or not any(encoding in bad.problem for bad in batch.misshapen):
            return tried
    return source
