"""Small sources read whole, and what every source must have."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from gosales_resources.errors import SourceError, nearest
from gosales_resources.settings.source import FileSource
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW


def read_table(source: FileSource, base: Path) -> pl.DataFrame:
    """Read a small source whole; `ROW` is the number of the row for people, in its file.

    Raises
    ------
    SourceError
        When a file is missing, unreadable, has misshapen rows or other columns than the first.
    """
    frames = []
    for raw in open_inputs(source, base):
        first, mine = raw.first_row, []
        for block in raw.blocks():
            for batch in block.read():
                if batch.misshapen:
                    bad = batch.misshapen[0]
                    raise SourceError(
                        f"{raw.name}, row {first + bad.row}: {bad.problem}: {bad.text[:80]!r}."
                    )
                mine.append(batch.frame.with_columns(pl.col(ROW) + first))
            first = mine[-1][ROW].max() + 1 if mine and mine[-1].height else first
        if not mine:
            raise SourceError(f"{raw.name} has a header and no rows.")
        frames += mine
    if len({tuple(frame.columns) for frame in frames}) > 1:
        raise SourceError(f"The files of {source.path} do not have the same columns.")
    return pl.concat(frames)


def require_columns(name: Path | str, columns: Sequence[str], wanted: dict[str, str]) -> None:
    """Make sure that configured columns are there.

    Parameters
    ----------
    name
        Of the source, for the error.
    columns
        What it has.
    wanted
        Setting -> column it names.

    Raises
    ------
    SourceError
        Listing every missing column with the nearest names.
    """
    missing = [
        f"  {setting}: no column {column!r}. {nearest(column, columns)}"
        for setting, column in wanted.items()
        if column not in columns
    ]
    if missing:
        raise SourceError(
            f"{name}: {len(missing)} configured column(s) missing:\n" + "\n".join(missing)
        )
