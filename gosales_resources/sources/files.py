"""Finds the inputs that a source names: a file, the files of a folder, or of a glob."""

from collections.abc import Callable
from pathlib import Path

from gosales_resources.errors import SourceError, nearest
from gosales_resources.settings.source import FileSource
from gosales_resources.sources.columnar import ParquetFile
from gosales_resources.sources.raw import RawInput
from gosales_resources.sources.text import TextFile

Opener = Callable[[Path, str, FileSource], RawInput]
FORMATS: dict[str, Opener] = {"csv": TextFile, "parquet": ParquetFile}
SUFFIXES = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".tsv.gz": "csv",
    ".parquet": "parquet",
}


def open_inputs(source: FileSource, base: Path) -> list[RawInput]:
    """Open the inputs of a source, in the order of their names.

    Parameters
    ----------
    source
        Path, format, encoding.
    base
        Folder that relative paths start from; names are relative to it where they can be.

    Raises
    ------
    SourceError
        When nothing is there (the nearest names beside it are offered), or the format of a file
        cannot be told.
    """
    return [
        FORMATS[_format(path, source)](path, _relative(path, base), source)
        for path in resolve_files(source, base)
    ]


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
        found = sorted(p for p in path.iterdir() if p.is_file() and _suffix(p))
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


def _suffix(path: Path) -> str | None:
    name = path.name.lower()
    return max((s for s in SUFFIXES if name.endswith(s)), key=len, default=None)


def _format(path: Path, source: FileSource) -> str:
    suffix = _suffix(path)
    known = source.format or (SUFFIXES[suffix] if suffix else None)
    if known is None:
        raise SourceError(f"{path}: the suffix does not tell the format; set format: csv.")
    return known


def _relative(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.name
