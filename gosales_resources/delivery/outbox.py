"""The outbox of alerts on disk: one SQLite file, each change one transaction.

What is found is written together with how far the run history was read, so that a process that is
killed at any moment loses nothing and reads nothing twice into two alerts. Here is the file and what
is asked of it; `recording` writes what was found, `composing` makes messages of it, `delivering` sends.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gosales_resources.errors import GosalesError, ScopeError, StorageError

FILE = "outbox.db"
VERSION = 1
# A transaction takes milliseconds; who waits longer waits for a machine in trouble.
LOCK_SECONDS = 60
SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alerts (
    id TEXT PRIMARY KEY, event INTEGER NOT NULL, at REAL NOT NULL, asset TEXT NOT NULL,
    check_name TEXT NOT NULL, partition TEXT NOT NULL, severity TEXT NOT NULL, cause TEXT NOT NULL,
    run TEXT NOT NULL, command TEXT NOT NULL, finding TEXT NOT NULL, cure TEXT NOT NULL,
    division TEXT NOT NULL, link TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'acknowledged', 'recovered')),
    kept_back TEXT, is_told INTEGER NOT NULL DEFAULT 0, collected_at REAL NOT NULL,
    acknowledged_by TEXT, acknowledged_at REAL, note TEXT,
    recovered_at REAL, recovered_run TEXT, recovered_command TEXT
);
CREATE INDEX IF NOT EXISTS of_subject ON alerts (asset, check_name, partition, state);
CREATE INDEX IF NOT EXISTS to_tell ON alerts (is_told, kept_back, command);
CREATE INDEX IF NOT EXISTS of_state ON alerts (state, check_name);
CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY, sink TEXT NOT NULL, kind TEXT NOT NULL, content TEXT NOT NULL,
    created REAL NOT NULL, state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'given_up')),
    attempts INTEGER NOT NULL DEFAULT 0, next_attempt REAL NOT NULL, sent_at REAL, receipt TEXT,
    error TEXT
);
CREATE INDEX IF NOT EXISTS to_send ON messages (state, next_attempt);
CREATE TABLE IF NOT EXISTS told (
    alert TEXT NOT NULL, message TEXT NOT NULL, PRIMARY KEY (alert, message)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS of_message ON told (message);
"""
Row = dict[str, Any]


class Outbox:
    """The outbox in a folder; `folder` is made with the first one."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        with telling_outbox_errors(self.path):
            folder.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=LOCK_SECONDS, isolation_level=None)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode=WAL")
            # What is written is there after a power cut too: the cursor has moved past it.
            self._db.execute("PRAGMA synchronous=FULL")
            self._prepare()

    def _prepare(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == VERSION:
            # Who only looks writes nothing.
            return
        with self.changing():
            if version > VERSION:
                raise StorageError(
                    f"outbox of alerts: {self.path} is of a later version of gosales ({version}; this "
                    f"one writes {VERSION}). Upgrade gosales."
                )
            for statement in SCHEMA.split(";\n"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version={VERSION}")

    def __enter__(self) -> "Outbox":
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Make what is done inside one transaction: all of it or nothing."""
        with telling_outbox_errors(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, query: str, *values: object) -> list[Row]:
        """Ask; values are bound, never written into the query."""
        with telling_outbox_errors(self.path):
            return [dict(row) for row in self._db.execute(query, values)]

    def do(self, query: str, *values: object) -> int:
        """Change; return how many rows were."""
        with telling_outbox_errors(self.path):
            return self._db.execute(query, values).rowcount

    def fact(self, name: str) -> Any:
        """Return what was remembered under a name; None where nothing was."""
        found = self.rows("SELECT value FROM facts WHERE name = ?", name)
        return json.loads(found[0]["value"]) if found else None

    def remember(self, name: str, value: object) -> None:
        """Keep a plain value under a name."""
        self.do("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, json.dumps(value))

    def alert(self, prefix: str) -> Row:
        """Return the alert whose id begins so.

        Raises
        ------
        ScopeError
            When none does, or several do.
        """
        found = self.rows(
            "SELECT * FROM alerts WHERE substr(id, 1, ?) = ? ORDER BY id LIMIT 3",
            len(prefix),
            prefix.lower(),
        )
        if len(found) != 1 or not prefix:
            several = f"begins {'several' if found else 'no'} id of an alert"
            raise ScopeError(f"'{prefix}' {several}. See: gosales alerts list --state all")
        return found[0]

    def acknowledge(self, ids: Sequence[str], by: str, note: str, now: float) -> list[Row]:
        """Say that somebody looks after alerts: they are not repeated until they recover.

        With each the others that are open on the same check and partition.

        Parameters
        ----------
        ids
            Beginnings of ids that name one alert each.
        by, note
            Who, and what readers should know.
        now
            Seconds since 1970.

        Returns
        -------
        list of dict
            The alerts that were named, as they are now.
        """
        with self.changing():
            chosen = [self.alert(one) for one in ids]
            for row in chosen:
                self.do(
                    "UPDATE alerts SET state = 'acknowledged', acknowledged_by = ?, note = ?, "
                    "acknowledged_at = ? WHERE asset = ? AND check_name = ? AND partition = ? "
                    "AND state != 'recovered'",
                    *(by, note, now, row["asset"], row["check_name"], row["partition"]),
                )
            return [self.alert(row["id"]) for row in chosen]


@contextlib.contextmanager
def telling_outbox_errors(path: Path) -> Iterator[None]:
    """Turn an error of the file into one that says what to do.

    Raises
    ------
    StorageError
        When it cannot be written, or is damaged.
    """
    try:
        yield
    except GosalesError:
        raise
    except (sqlite3.Error, OSError) as error:
        raise StorageError(
            f"outbox of alerts: cannot use {path}: {error}. Make room or restore it; where it is "
            "damaged move it away: a new one begins with the failures of the last day."
        ) from error
