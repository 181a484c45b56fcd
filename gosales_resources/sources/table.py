"""Small sources read whole, and what every source must have."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from gosales_resources.errors import SourceError, nearest
from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources.conditions import take_rows
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW, RawInput
from gosales_resources.sources.typed import concat_frames, spelling_of


def read_table(source: FileSource, base: Path) -> pl.DataFrame:
    """Read the rows of a small source that its conditions keep; `ROW` numbers them for people.

    Parameters
    ----------
    source
        Path, format, encoding; or a database.
    base
        Folder that relative paths start from.

    Returns
    -------
    polars.DataFrame
        One row per row of the source that its `where` keeps, in the order of files and rows, with
        its number in its file; text columns of a CSV file, typed ones elsewhere, null where blank.

    Raises
    ------
    SourceError
        When a file is missing, unreadable, has misshapen rows or other columns than the first.
    """
    frames = []
    inputs = open_inputs(source, base)
    if len(inputs) > 1:
        _require_same_columns(inputs)
    for raw in inputs:
        require_where(raw.name, raw.header(), source)
        mine = list(_numbered_frames(raw))
        if not mine:
            raise SourceError(f"{raw.name} has a header and no rows.{raw.elsewhere()}")
        frames += [take_rows(frame, source) for frame in mine]
    return concat_frames(frames, spelling_of(source))


def _numbered_frames(raw: RawInput) -> Iterator[pl.DataFrame]:
    first = raw.first_row
    for block in raw.blocks():
        following = first
        for batch in block.read():
            if batch.misshapen:
                bad = batch.misshapen[0]
                raise SourceError(
                    f"{raw.name}, row {first + bad.row}: {bad.problem}: {bad.text[:80]!r}."
                )
            numbered = batch.frame.with_columns(pl.col(ROW) + first)
            following = int(numbered[ROW][-1]) + 1 if numbered.height else following
            yield numbered
        first = following


def require_where(name: Path | str, columns: Sequence[str], source: FileSource) -> None:
    """Make sure that the columns are there that a source's conditions on files name.

    Raises
    ------
    SourceError
        Listing every missing column with the nearest names.
    """
    wanted = {f"where {at}": c.column for at, c in enumerate(source.file_where, start=1)}
    require_columns(name, columns, wanted)


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


def _require_same_columns(inputs: list[RawInput]) -> None:
    """Each file may have its own order of columns, but not its own columns."""
    columns = {raw.name: set(raw.header()) for raw in inputs}
    everything = set().union(*columns.values())
    lacking = [
        f"  {name} lacks {', '.join(map(repr, sorted(everything - mine)))}"
        for name, mine in columns.items()
        if mine != everything
    ]
    if lacking:
        raise SourceError(
            f"{len(lacking)} of {len(columns)} files lack columns that others have:\n"
            + "\n".join(lacking)
            + "\nDeliver them with the same columns, or name them one by one."
        )
