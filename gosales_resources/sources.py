"""Opens raw files: finding them, streaming their rows, and saying clearly what is wrong.

Nothing is interpreted here; text stays text. What columns mean is the star phase's business.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from gosales_resources.errors import SourceError, nearest
from gosales_resources.settings.source import FileSource

SUFFIXES = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".parquet": "parquet"}
ROW = "__source_row"
# Text of a block and its columns as strings take a few times this; bigger is no faster.
BLOCK_BYTES = 32 * 2**20
BATCH_ROWS = 131_072
ENCODINGS = {"utf8": "utf-8-sig", "latin1": "latin-1"}


@dataclass(frozen=True)
class MisshapenRow:
    """A CSV row with too few or too many fields."""

    row: int
    text: str
    problem: str


@dataclass(frozen=True)
class RawBatch:
    """Consecutive rows of one file as they are, with their row number (the header is row 1)."""

    frame: pl.DataFrame
    misshapen: list[MisshapenRow] = field(default_factory=list)


def resolve_files(source: FileSource, base: Path) -> list[Path]:
    """List the files of a source: a file, the files of a folder, or of a glob; sorted by name.

    Raises
    ------
    SourceError
        When nothing is there; the nearest names beside it are offered.
    """
    path = (base / Path(source.path).expanduser()).resolve()
    if path.is_file():
        return [path]
    if path.is_dir():
        found = sorted(p for p in path.iterdir() if p.is_file() and p.suffix.lower() in SUFFIXES)
        if not found:
            raise SourceError(f"{path} has no file ending in {', '.join(SUFFIXES)}.")
        return found
    if any(sign in path.name for sign in "*?["):
        found = sorted(p for p in path.parent.glob(path.name) if p.is_file())
        if found:
            return found
        raise SourceError(f"No file matches {path}.")
    beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    hint = nearest(path.name, beside) if beside else f"The folder {path.parent} does not exist."
    raise SourceError(f"{path} does not exist. {hint} Check source.base_dir and the path.")


def read_header(path: Path, source: FileSource) -> list[str]:
    """Return the column names of a file, blanks around them removed.

    Raises
    ------
    SourceError
        When the file is empty, unreadable, or names a column twice.
    """
    if _format(path, source) == "parquet":
        names = _parquet(path).schema_arrow.names
    else:
        try:
            with path.open(encoding=ENCODINGS[source.encoding], newline="") as handle:
                names = next(csv.reader(handle, delimiter=source.separator), [])
        except (UnicodeDecodeError, OSError, csv.Error) as error:
            raise SourceError(f"{path}, row 1: {_reading(error, source)}") from error
    names = [name.strip() for name in names]
    if not any(names):
        raise SourceError(f"{path} is empty: it has no header row.")
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise SourceError(f"{path}, row 1: columns named twice: {', '.join(map(repr, twice))}.")
    return names


def read_batches(path: Path, source: FileSource) -> Iterator[RawBatch]:
    """Stream a file; CSV columns are text, Parquet columns keep their types.

    Returns
    -------
    Iterator of RawBatch
        In file order; memory is that of one batch. Rows with a wrong number of fields come apart.

    Raises
    ------
    SourceError
        When the file cannot be read; names the file and, where it is known, the row.
    """
    names = read_header(path, source)
    if _format(path, source) == "parquet":
        yield from _parquet_batches(path)
    else:
        yield from _csv_batches(path, source, names)


def read_table(source: FileSource, base: Path) -> pl.DataFrame:
    """Read a small source whole.

    Raises
    ------
    SourceError
        When a file is missing, unreadable, has misshapen rows or other columns than the first.
    """
    frames = []
    for path in resolve_files(source, base):
        for batch in read_batches(path, source):
            if batch.misshapen:
                bad = batch.misshapen[0]
                raise SourceError(f"{path}, row {bad.row}: {bad.problem}: {bad.text[:80]!r}.")
            frames.append(batch.frame)
        if not frames:
            raise SourceError(f"{path} has a header and no rows.")
    if len({tuple(frame.columns) for frame in frames}) > 1:
        raise SourceError(f"The files of {source.path} do not have the same columns.")
    return pl.concat(frames)


def require_columns(path: Path | str, columns: list[str], wanted: dict[str, str]) -> None:
    """Make sure that configured columns are there.

    Parameters
    ----------
    path
        Named in the error.
    columns
        What the file has.
    wanted
        Setting -> column it names.

    Raises
    ------
    SourceError
        Listing every missing column with the nearest names.
    """
    missing = [
        f"  {setting}: no column {name!r}. {nearest(name, columns)}"
        for setting, name in wanted.items()
        if name not in columns
    ]
    if missing:
        raise SourceError(
            f"{path}: {len(missing)} configured column(s) missing:\n" + "\n".join(missing)
        )


def _csv_batches(path: Path, source: FileSource, names: list[str]) -> Iterator[RawBatch]:
    wrong: list[MisshapenRow] = []

    def set_aside(row: pa_csv.InvalidRow) -> str:
        problem = f"{row.actual_columns} fields, expected {row.expected_columns}"
        wrong.append(MisshapenRow(row.number, row.text, problem))
        return "skip"

    try:
        reader = pa_csv.open_csv(
            path,
            # Row numbers are only given by the single-threaded reader.
            pa_csv.ReadOptions(
                use_threads=False,
                block_size=BLOCK_BYTES,
                column_names=names,
                skip_rows=1,
                encoding=source.encoding,
            ),
            pa_csv.ParseOptions(
                delimiter=source.separator,
                newlines_in_values=True,
                invalid_row_handler=set_aside,
            ),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
        row, reported = 2, 0
        for batch in reader:
            frame = pl.DataFrame(pl.from_arrow(pa.Table.from_batches([batch])))
            numbers, row = _row_numbers(row, frame.height, {bad.row for bad in wrong})
            yield RawBatch(frame.with_columns(pl.Series(ROW, numbers)), wrong[reported:])
            reported = len(wrong)
        if wrong[reported:]:
            nothing = pl.DataFrame(schema=dict.fromkeys(names, pl.String) | {ROW: pl.Int64})
            yield RawBatch(nothing, wrong[reported:])
    except StopIteration:
        return
    except (pa.ArrowInvalid, UnicodeDecodeError, OSError) as error:
        if "Empty CSV file" in str(error):
            return
        raise SourceError(f"{path}: {_reading(error, source)}") from error


def _row_numbers(first: int, count: int, skipped: set[int]) -> tuple[pl.Series, int]:
    numbers = pl.int_range(first, first + count + len(skipped), eager=True)
    kept = numbers.filter(~numbers.is_in(sorted(skipped))).head(count) if skipped else numbers
    return kept, int(kept[-1]) + 1 if count else first


def _parquet_batches(path: Path) -> Iterator[RawBatch]:
    row = 1
    try:
        for batch in _parquet(path).iter_batches(BATCH_ROWS):
            frame = pl.DataFrame(pl.from_arrow(pa.Table.from_batches([batch])))
            frame = frame.rename({name: name.strip() for name in frame.columns})
            numbers = pl.int_range(row, row + frame.height, eager=True)
            yield RawBatch(frame.with_columns(numbers.alias(ROW)))
            row += frame.height
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(f"{path}: cannot be read as Parquet: {error}") from error


def _parquet(path: Path) -> pa_parquet.ParquetFile:
    try:
        return pa_parquet.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(f"{path}: cannot be read as Parquet: {error}") from error


def _format(path: Path, source: FileSource) -> str:
    known = source.format or SUFFIXES.get(path.suffix.lower())
    if known is None:
        raise SourceError(f"{path}: the suffix does not tell the format; set format: csv.")
    return known


def _reading(error: Exception, source: FileSource) -> str:
    text = str(error)
    if "UTF8" in text or isinstance(error, UnicodeDecodeError):
        return f"is not {source.encoding} text; try encoding: latin1. ({text})"
    return f"cannot be read as CSV: {text}"
