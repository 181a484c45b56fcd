"""What a path is before it is opened: a workbook with sheets, a database with tables, else files."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

from gosales_resources.errors import SourceError
from gosales_resources.settings.inputs import DatabaseTable, FileSource
from gosales_resources.sources.files import DATABASES


def place_of(
    path: str, base: Path, sheet: str | None = None, table: str | None = None
) -> FileSource:
    """Return the source that a path names.

    Parameters
    ----------
    path
        File, folder or glob, relative to `base`; a SQLite file by its suffix.
    base
        Folder that relative paths start from.
    sheet
        Of a workbook; the first where not given.
    table
        Of a SQLite file; its only one where not given.

    Raises
    ------
    SourceError
        When a SQLite file has several tables and none was given, or cannot be read.
    """
    if not path.lower().endswith(DATABASES):
        return FileSource(path=path, sheet=sheet)
    names = _tables(base / Path(path).expanduser())
    if table is None and len(names) != 1:
        found = f"has {', '.join(names)}: name one with --table" if names else "has no table"
        raise SourceError(f"{path} {found}.")
    if table is not None and table not in names:
        raise SourceError(f"{path}: no table {table!r}; there is {', '.join(names) or 'none'}.")
    return FileSource(database=DatabaseTable(url=f"sqlite:///{path}", table=table or names[0]))


def _tables(path: Path) -> list[str]:
    if not path.is_file():
        raise SourceError(f"{path} does not exist. Check the path.")
    connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)
    try:
        rows = connection.execute(
            "select name from sqlite_schema where type in ('table', 'view') "
            "and name not like 'sqlite!_%' escape '!' order by name"
        ).fetchall()
    except sqlite3.DatabaseError as error:
        raise SourceError(f"{path} is no SQLite file that can be read: {error}.") from error
    finally:
        connection.close()
    return [name for (name,) in rows]
