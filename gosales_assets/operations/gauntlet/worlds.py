"""Worlds beside the user's own: the same settings, copies of the sources, a store of its own.

Sources are copied with their names, whole or with their later rows edited. What cannot be edited (a
database, a table without a date) is taken as it is, and said so.
"""

import csv
import datetime as dt
import gzip
import io
import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import openpyxl
import polars as pl
import pyarrow as pa
import yaml

from gosales_assets.labels.raw_log import CODECS
from gosales_assets.operations.gauntlet.edits import Rows, altered, parted
from gosales_assets.operations.gauntlet.raw_dates import RawDates, Row, sources_of
from gosales_resources.settings.inputs import FileSource
from gosales_resources.settings.loading import load_settings
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.files import resolve_files

Edited = Callable[[Sequence[str], Sequence[Row]], Rows]
Edit = Callable[[Sequence[str], Sequence[Row], RawDates], Rows]
TEXT = tuple(
    f"{kind}{packed}" for kind in (".csv", ".tsv", ".txt") for packed in ("", ".gz", ".zst")
)
PARQUET = ".parquet"
BOOKS = (".xlsx", ".xlsm")
# Fields may be longer than the parser's default of 128 KiB.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True)
class World:
    """Settings of a world of its own, and what was done to its sources."""

    settings: Settings
    edited: list[str] = field(default_factory=list)
    """Sources whose later rows were edited, by setting."""
    as_they_are: dict[str, str] = field(default_factory=dict)
    """Source -> why its later rows were not edited."""


def cut_at(cutoff: dt.date) -> Edit:
    """Return the edit that takes out what became known after a cutoff."""
    return lambda header, rows, dates: parted(header, rows, dates, cutoff)[0]


def altered_after(cutoff: dt.date, seed: int) -> Edit:
    """Return the edit that makes what became known after a cutoff something else."""
    return lambda header, rows, dates: altered(header, rows, dates, cutoff, seed)


def make_world(
    settings: Settings, folder: Path, edit: Edit | None = None, last: dt.date | None = None
) -> World:
    """Copy the sources into a folder and return settings that read them and store there.

    Parameters
    ----------
    settings
        The user's own.
    folder
        Where the world is made; empty.
    edit
        What is done to the rows of dated sources; None copies them.
    last
        Last cutoff of its calendar, and last day its log is said to be complete through: nothing
        later exists there. None keeps the calendar.
    """
    tree = settings.model_dump(mode="json", exclude={"config_file"})
    base = folder / "source"
    base.mkdir(parents=True)
    world = World(settings)
    for name, source in sources_of(settings.source).items():
        if source.database:
            world.as_they_are[name] = "a table of a database"
            _absolute(tree["source"][name]["database"], settings)
            continue
        tree["source"][name]["path"] = _copy(world, name, source, base, edit)
    _copy_beside(settings, folder, tree)
    tree["source"]["base_dir"] = str(base)
    # Never the bucket of the user.
    tree["storage"] |= {"root": str(folder / "home"), "url": None}
    # Worlds are what the gauntlet looks at: in them it is not run again.
    tree["operation"]["gauntlet_first"] = False
    if last is not None:
        tree["calendar"]["end"] = last.isoformat()
        known = settings.source.sales_log.complete_through
        if known is not None:
            tree["source"]["sales_log"]["complete_through"] = min(known, last).isoformat()
    path = folder / "gosales.yaml"
    path.write_text(yaml.safe_dump({"name": settings.name}), encoding="utf-8")
    # Given as overrides: what the environment sets is in them already.
    return World(load_settings(path, tree), world.edited, world.as_they_are)


def _copy(world: World, name: str, source: FileSource, base: Path, edit: Edit | None) -> str:
    """Copy a source's files under their own names; return the path that finds them there."""
    home = world.settings.source_dir
    files = resolve_files(source, home)
    is_below = all(path.is_relative_to(home) for path in files)
    dates = RawDates.of(name, source)
    can = all(path.name.lower().endswith((*TEXT, *BOOKS, PARQUET)) for path in files)
    if edit and can and dates.known:
        world.edited.append(name)
    elif edit:
        world.as_they_are[name] = (
            "no column says when a row became known" if can else "of another kind of file"
        )
    for path in files:
        target = base / (path.relative_to(home) if is_below else Path(name, path.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            continue
        if edit and can and dates.known:
            rows_edited: Edited = lambda h, r: edit(h, r, dates)  # noqa: E731
            if path.suffix.lower() == PARQUET:
                _rewrite_parquet(path, target, dates, rows_edited)
            elif path.suffix.lower() in BOOKS:
                _rewrite_workbook(path, target, source, rows_edited)
            else:
                _rewrite(path, target, source, rows_edited)
        else:
            shutil.copyfile(path, target)
    if is_below and not Path(source.path).is_absolute():
        return source.path
    if len(files) == 1:
        return str(files[0].relative_to(home) if is_below else Path(name, files[0].name))
    return str(Path(source.path).relative_to(home)) if is_below else name


def _rewrite_parquet(path: Path, target: Path, dates: RawDates, edit: Edited) -> None:
    """Copy a Parquet file with its rows edited; columns keep their types."""
    frame = pl.read_parquet(path)
    made = edit([name.strip() for name in frame.columns], frame.rows())
    columns = list(zip(*made, strict=True)) or [()] * frame.width
    pl.DataFrame(
        [
            pl.Series(name, [_typed(cell, kind, dates) for cell in column], dtype=kind)
            for (name, kind), column in zip(frame.schema.items(), columns, strict=True)
        ]
    ).write_parquet(target)


def _typed(cell: object, kind: pl.DataType, dates: RawDates) -> object:
    """Return a day that an edit has written as a text in the type of its column."""
    if not isinstance(cell, str) or not kind.is_temporal():
        return cell
    day = dates.day(cell)
    if day is None or kind == pl.Date:
        return day
    zone = getattr(kind, "time_zone", None)
    return dt.datetime.combine(day, dt.time(), ZoneInfo(zone) if zone else None)


def _rewrite(path: Path, target: Path, source: FileSource, edit: Edited) -> None:
    """Copy a text file with its rows edited; its header as it is."""
    codec = CODECS.get(source.encoding, source.encoding)
    how = {"encoding": codec, "errors": "surrogateescape", "newline": ""}
    is_tsv = ".tsv" in [s.lower() for s in path.suffixes] and source.separator == ","
    separator = "\t" if is_tsv else source.separator
    with _opened(path, "r", how) as text:
        rows = list(csv.reader(text, delimiter=separator))
    header, *body = rows or [[]]
    made = edit([name.strip() for name in header], body)
    told = io.StringIO(newline="")
    writer = csv.writer(told, delimiter=separator, lineterminator="\n")
    writer.writerows([header, *made])
    with _opened(target, "w", how) as text:
        text.write(told.getvalue())


def _opened(path: Path, mode: Literal["r", "w"], how: Mapping[str, Any]) -> Any:
    """Open a text file that may be packed."""
    suffix = path.suffix.lower()
    if suffix == ".zst":
        packed = pa.input_stream if mode == "r" else pa.output_stream
        return io.TextIOWrapper(packed(path, compression="zstd"), **how)
    opener: Any = gzip.open if suffix == ".gz" else open
    return opener(path, f"{mode}t", **how)


def _rewrite_workbook(path: Path, target: Path, source: FileSource, edit: Edited) -> None:
    """Copy a workbook with the rows of its sheet edited: values, in the formats of their columns."""
    with warnings.catch_warnings():
        # Of parts that hold no cells: styles, validation, extensions.
        warnings.simplefilter("ignore", UserWarning)
        book = openpyxl.load_workbook(path, data_only=True)
    sheet = book[source.sheet] if source.sheet else book.worksheets[0]
    filled = [
        row
        for row in enumerate(sheet.iter_rows(), start=1)
        if any(c.value is not None for c in row[1])
    ]
    (top, header), *body = filled or [(0, ())]
    names = [str(cell.value or "").strip() for cell in header]
    formats = [cell.number_format for cell in body[0][1]] if body else []
    made = edit(names, [[cell.value for cell in row] for _, row in body])
    sheet.delete_rows(top + 1, sheet.max_row)
    for number, row in enumerate(made, start=top + 1):
        for at, value in enumerate(row):
            cell = sheet.cell(number, at + 1, value)
            cell.number_format = formats[at]
    book.save(target)


def _absolute(database: dict[str, Any], settings: Settings) -> None:
    """Let the URL of a local database file be found from another folder."""
    scheme = "sqlite+pysqlite:///"
    place = database["url"].removeprefix(scheme)
    if place != database["url"] and not Path(place).is_absolute():
        database["url"] = f"{scheme}{settings.source_dir / place}"


def _copy_beside(settings: Settings, folder: Path, tree: Mapping[str, Any]) -> None:
    """Copy what lies beside sources and settings: corrections, overrides, what was accepted."""
    corrections = settings.source.sales_log.corrections
    if corrections:
        tree["source"]["sales_log"]["corrections"] = str(settings.source_dir / corrections)
    enrichment = settings.source.enrichment
    if enrichment and enrichment.overrides and enrichment.overrides.path:
        path = settings.source_dir / enrichment.overrides.path
        tree["source"]["enrichment"]["overrides"]["path"] = str(path)
    for name in (settings.contracts.schema_snapshot, settings.contracts.restatements):
        path, target = settings.config_file.parent / name, folder / name
        if path.is_file() and target.parent == folder:
            shutil.copyfile(path, target)
