"""Failures of the run history, Dagster's SQLite files, in our words: no room, locked, damaged.

Dagster writes an event for nearly everything it does, so a full disk shows there first.
"""

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from gosales_resources.errors import StorageError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# Classes of errors of the history within a failed step; those of sources are made ours before.
HISTORY_ERRORS = ("OperationalError", "DatabaseError")


@contextmanager
def telling_history_errors(home: Path) -> Iterator[None]:
    """Turn an error of the history's files into one that says what to do.

    Parameters
    ----------
    home
        Folder of the Dagster instance.

    Raises
    ------
    StorageError
        When the history cannot be written, read or locked.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise StorageError(history_message(home, str(getattr(error, "orig", error)))) from error
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise StorageError(history_message(home, "no space left")) from error


def history_message(home: Path, found: str) -> str:
    """Say what is wrong with the history and what to do."""
    free = shutil.disk_usage(home if home.exists() else home.parent).free / 2**20
    # The first line: SQLAlchemy puts the statement below it.
    text = found.strip().partition("\n")[0]
    if "locked" in text:
        remedy = "Another build holds it: run the same command again when that is done."
    elif "not a database" in text or "malformed" in text:
        remedy = "Move that folder away and run again: it holds the history of runs, no table."
    else:
        remedy = "Make room or point storage.root elsewhere, then run the same command again."
    return f"run history: cannot use {home}: {text} ({free:,.1f} MiB free). {remedy}"
