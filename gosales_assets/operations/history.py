"""Failures of the run history in our words: SQLite files without room, locked or damaged; a database away.

Dagster writes an event for nearly everything it does, so a full disk shows there first. The history
holds no table: what is damaged of it is put aside, and what has no record any more is made anew.
"""

import errno
import logging
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from gosales_resources.errors import HistoryError, StorageError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# Classes of errors of the history within a failed step; those of sources are made ours before.
HISTORY_ERRORS = ("OperationalError", "DatabaseError", "DagsterPostgresException")
# A file of the history -> the table that it is for.
MAIN_TABLES = {
    "history/runs.db": "runs",
    "history/runs/index.db": "event_logs",
    "schedules/schedules.db": "jobs",
}
# Events and verdicts: what says where a stored partition comes from.
INDEX = "history/runs/index.db"
HEADER = b"SQLite format 3\0"
ASIDE = ".damaged"
SHOWN = 400
LOG = logging.getLogger("gosales")


@contextmanager
def telling_history_errors(home: Path) -> Iterator[None]:
    """Turn an error of the history's files into one that says what to do.

    Parameters
    ----------
    home
        Folder of the Dagster instance.

    Raises
    ------
    HistoryError
        When the history is damaged.
    StorageError
        When it cannot be written, read or locked, or its database cannot be used.
    """
    try:
        yield
    except _server_errors() as error:
        raise StorageError(server_message(home, error.__cause__ or error)) from error
    except (DBAPIError, sqlite3.Error) as error:
        if isinstance(error, DBAPIError) and not isinstance(error.orig, sqlite3.Error):
            raise StorageError(server_message(home, error)) from error
        text = str(getattr(error, "orig", error))
        if is_damage(text):
            raise HistoryError(damage_message(home / INDEX, text)) from error
        raise StorageError(history_message(home, text)) from error
    except OSError as error:
        if error.errno in NO_ROOM:
            raise StorageError(history_message(home, "no space left")) from error
        if error.filename is None or not Path(str(error.filename)).is_relative_to(home):
            raise
        raise StorageError(history_message(home, error.strerror or str(error))) from error


def history_message(home: Path, found: str) -> str:
    """Say what is wrong with the history and what to do."""
    free = shutil.disk_usage(home if home.exists() else home.parent).free / 2**20
    # The first line: SQLAlchemy puts the statement below it.
    text = found.strip().partition("\n")[0]
    if "locked" in text:
        remedy = "Another build holds it: run the same command again when that is done."
    elif is_damage(text):
        remedy = "Run the same command again: it puts aside what is damaged."
    else:
        remedy = "Make room or point storage.root elsewhere, then run the same command again."
    return f"run history: cannot use {home}: {text} ({free:,.1f} MiB free). {remedy}"


def message_of_step(home: Path, found: str) -> str:
    """Say what is wrong with the history where a step of a run failed by it.

    Parameters
    ----------
    home
        Folder of the Dagster instance.
    found
        What Dagster kept of an error whose class is one of `HISTORY_ERRORS`, class name in front.

    Raises
    ------
    HistoryError
        When it lies in files here that are damaged.
    """
    # SQLAlchemy names the driver's class in what it says.
    if "sqlite3." not in found:
        return server_message(home, found)
    said = found.partition(": ")[2].strip()
    if is_damage(said):
        raise HistoryError(damage_message(home / INDEX, said))
    return history_message(home, found)


def server_message(home: Path, found: BaseException | str) -> str:
    """Say why the database that holds the history cannot be used, and what to do.

    The drivers name host, port and user in what they say, never the password.
    """
    text = " ".join(str(getattr(found, "orig", found)).split())[:SHOWN]
    if "NOTIFY" in text:
        remedy = "name the driver there: `scheme: postgresql+psycopg2`"
    else:
        remedy = (
            "look whether it runs and whether what that file names (host, user, password) is right"
        )
    return (
        f"run history: the database that {home / 'dagster.yaml'} names cannot be used: {text}. To mend "
        f"it, {remedy}; then run the same command again."
    )


def settings_message(error: BaseException) -> str:
    """Say what is wrong with `dagster.yaml`: of all that Dagster says the part that names it."""
    found = [one.message for one in getattr(error, "errors", None) or []]
    return " ".join(" ".join(found or [str(error).strip().partition("\n")[0]]).split())[:SHOWN]


def _server_errors() -> tuple[type[Exception], ...]:
    """Return what Dagster raises when it gives up; its package is there where a history needs it."""
    loaded = sys.modules.get("dagster_postgres.utils")
    return (loaded.DagsterPostgresException,) if loaded else ()


def damage_message(path: Path, found: str) -> str:
    """Say which file of the history is damaged, and what to do."""
    text = found.strip().partition("\n")[0]
    return (
        f"run history: {path} is damaged ({text}). It holds the record of runs and no table: "
        "`gosales materialize` puts it aside and makes anew what has no record any more."
    )


def damaged_files(home: Path, *, thoroughly: bool = False) -> dict[Path, str]:
    """Find the damaged files of a history.

    Parameters
    ----------
    home
        Folder of the Dagster instance.
    thoroughly
        Read the files of past runs too, of which else only the first bytes are looked at.

    Returns
    -------
    dict of Path to str
        File -> what is wrong with it; empty where the history lies elsewhere (PostgreSQL).
    """
    found = {}
    for name, table in MAIN_TABLES.items():
        if wrong := _damage(home / name, table):
            found[home / name] = wrong
    for path in sorted((home / INDEX).parent.glob("*.db")):
        if path != home / INDEX:
            wrong = _damage(path, "event_logs") if thoroughly else _header_damage(path)
            if wrong:
                found[path] = wrong
    return found


def put_aside(path: Path, found: str) -> None:
    """Rename a damaged file of the history; one that was put aside before is replaced."""
    aside = path.with_name(path.name + ASIDE)
    if aside.is_dir() and not aside.is_symlink():
        shutil.rmtree(aside)
    os.replace(path, aside)
    for suffix in ("-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()
    rest = "; what has no record any more is made anew" if path.match(INDEX) else ""
    LOG.warning("run history: %s is damaged (%s): put aside as %s%s", path, found, aside.name, rest)


def _damage(path: Path, table: str) -> str | None:
    if found := _header_damage(path):
        return found
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path, timeout=60)) as connection:
            (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            query = "SELECT name FROM sqlite_master WHERE type = 'table'"
            tables = {name for (name,) in connection.execute(query)}
    except sqlite3.Error as error:
        return str(error) if is_damage(str(error)) else None
    if state != "ok":
        return " ".join(str(state).split())
    return None if table in tables else f"no table {table}: of another program"


def _header_damage(path: Path) -> str | None:
    """Look at what kind of file it is, and whether it is as long as it says."""
    if path.is_symlink() and not path.exists():
        return "a link to nowhere"
    if not path.exists():
        return None
    if not path.is_file():
        return "not a file"
    with path.open("rb") as file:
        header, size = file.read(32), path.stat().st_size
    if not size:
        return "empty"
    if not header.startswith(HEADER) or len(header) < 32:
        return "not a database"
    page = int.from_bytes(header[16:18], "big")
    # 1 stands for 65,536.
    return "cut off" if size % (65_536 if page == 1 else page or 1) else None


def is_damage(text: str) -> bool:
    """Tell by what SQLite says of a file whether it is damaged, or another program's."""
    words = ("not a database", "malformed", "UTF-8", "no such table", "no such column", "corrupt")
    return any(word in text for word in words)
