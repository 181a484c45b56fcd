"""Finds the inputs that a source names: a file, the files of a folder or of a glob, a table."""

import contextlib
import glob
import sqlite3
from collections.abc import Callable
from pathlib import Path

from gosales_resources.errors import SourceError, nearest
from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources.columnar import ParquetFile
from gosales_resources.sources.excel import ExcelFile
from gosales_resources.sources.raw import RawInput
from gosales_resources.sources.sql import SqlTable
from gosales_resources.sources.text import TextFile

Opener = Callable[[Path, str, FileSource], RawInput]
PACKED = ("", ".gz", ".zst")
FORMATS: dict[str, Opener] = {"csv": TextFile, "parquet": ParquetFile, "excel": ExcelFile}
SUFFIXES = {
    **{f"{kind}{packed}": "csv" for kind in (".csv", ".tsv", ".txt") for packed in PACKED},
    ".parquet": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
}
# What programs leave beside the data: Excel's locks, downloads under way, Spark's markers.
NOT_DATA = ("~$", ".", "_")
OTHER_WORKBOOKS = (".xls", ".xlsb", ".ods")
DATABASES = (".db", ".sqlite", ".sqlite3")
UNDER_WAY = (".partial", ".part", ".tmp", ".crdownload")


def open_inputs(source: FileSource, base: Path) -> list[RawInput]:
    """Open the inputs of a source, in the order of their names.

    Parameters
    ----------
    source
        Path, format, encoding; or a database.
    base
        Folder that relative paths start from; names are relative to it where they can be.

    Raises
    ------
    SourceError
        When nothing is there (the nearest names beside it are offered), or the format of a file
        cannot be told.
    """
    if source.database:
        return [SqlTable(source.database, source, base, source.database.table)]
    return [
        FORMATS[_format(path, source)](path, _relative(path, base), source)
        for path in resolve_files(source, base)
    ]


def resolve_files(source: FileSource, base: Path) -> list[Path]:
    """List the files of a source: a file, the files of a folder, or of a glob; sorted by name.

    None where no file matches a glob and the source may be without (`may_have_no_file`).

    Raises
    ------
    SourceError
        When nothing is there; the nearest names beside it are offered.
    """
    path = (base / Path(source.path).expanduser()).resolve()
    if path.is_file():
        return [path]
    if path.is_dir():
        # A workbook that cannot be read is found too, so that it is refused and not left out.
        found = sorted(
            p
            for p in path.iterdir()
            if _is_data(p) and (_suffix(p) or p.suffix.lower() in OTHER_WORKBOOKS)
        )
        if not found:
            raise SourceError(f"{path} has no file ending in {', '.join(SUFFIXES)}.")
        return found
    if glob.has_magic(source.path):
        folder, pattern = _split_glob(source.path, base)
        found = sorted(p for p in folder.glob(pattern) if _is_data(p, folder))
        if found or source.may_have_no_file:
            return found
        raise SourceError(f"No file matches {path}.")
    beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    hint = nearest(path.name, beside) if beside else f"The folder {path.parent} does not exist."
    raise SourceError(f"{path} does not exist. {hint} Check source.base_dir and the path.")


def _split_glob(path: str, base: Path) -> tuple[Path, str]:
    """Split at the first part that has a wildcard; the base folder's own name has none."""
    parts = Path(path).expanduser().parts
    at = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    return base.joinpath(*parts[:at]).resolve(), str(Path(*parts[at:]))


def _is_data(path: Path, below: Path | None = None) -> bool:
    parts = path.relative_to(below).parts if below else (path.name,)
    is_left_over = any(part.startswith(NOT_DATA) for part in parts)
    return path.is_file() and not is_left_over and not path.name.lower().endswith(UNDER_WAY)


def _suffix(path: Path) -> str | None:
    name = path.name.lower()
    return max((s for s in SUFFIXES if name.endswith(s)), key=len, default=None)


def _format(path: Path, source: FileSource) -> str:
    suffix = _suffix(path)
    known = source.format or (SUFFIXES[suffix] if suffix else None)
    if known is None and path.suffix.lower() in OTHER_WORKBOOKS:
        raise SourceError(f"{path}: of Excel's formats only .xlsx is read; save it as that.")
    if known is None and path.suffix.lower() in DATABASES:
        raise SourceError(
            f"{path} is a database: name its table in place of the path, as "
            f"database: {{url: 'sqlite:///{source.path}', table: ...}}.{_tables(path)}"
        )
    if known is None:
        raise SourceError(f"{path}: the suffix does not tell the format; set format: csv.")
    return known


def _tables(path: Path) -> str:
    """Name the tables of an SQLite file, where it is one."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            found = database.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
            ).fetchall()
    except sqlite3.Error:
        return " It cannot be read as SQLite, though."
    return f" Its tables: {', '.join(repr(name) for (name,) in found) or 'none'}."


def _relative(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.name
