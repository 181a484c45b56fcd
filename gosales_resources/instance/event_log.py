"""Dagster's SQLite event log with its connections kept open; see docs/adr/0006.

Dagster's own storage makes an engine and a connection for each event and throws both away, which
is half of what a partition costs in a run over many; and it stores events one by one. The files,
their places and their schema are Dagster's: without this class in dagster.yaml the same history
opens in Dagster's own.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS, create_db_conn_string
from dagster._serdes import ConfigurableClassData
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import StaticPool

# The index and the runs of the moment: one file each, and a server may live for months.
KEPT = 4
# Dagster hands the events of one output, or one check, over together when this many may wait.
BATCH_VARIABLE = "DAGSTER_EVENT_BATCH_SIZE"
BATCH_EVENTS = 1_000


class KeptSqliteEventLogStorage(SqliteEventLogStorage):
    """`SqliteEventLogStorage` under `$DAGSTER_HOME/history/runs`, its usual place."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._tables: set[str] = set()
        self._columns: set[str] = set()
        self._open: dict[str, Connection] = {}
        self._blank: bytes | None = None
        super().__init__(base_dir, inst_data)
        # A batch holds its files while events are stored one by one.
        self._db_lock = threading.RLock()

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """No configuration: the place follows from DAGSTER_HOME, so a moved folder still works."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "KeptSqliteEventLogStorage":
        """Open the event log of the instance in DAGSTER_HOME."""
        home = Path(os.environ["DAGSTER_HOME"]).expanduser()
        return cls(str(home / "history" / "runs"), inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        # One connection for a file and one user of it at a time, as in Dagster's own.
        with self._db_lock:
            if shard in self._open:
                yield self._open[shard]
                return
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._make_tables(shard, engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _make_tables(self, shard: str, engine: Engine) -> None:
        """Make the tables of a file; those of one run are those of the next.

        Dagster reads all its migrations for each file it makes, which is 0.1 s.
        """
        path = Path(self.path_for_shard(shard))
        is_new = not path.exists()
        if is_new and self._blank and _put_new(path, self._blank):
            return
        self._initdb(engine)
        if is_new:
            with engine.connect() as connection:
                file: Any = connection.connection.driver_connection
                self._blank = file.serialize()

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one run in one transaction for each of the two files they go to."""
        with self._held(events[0].run_id), self._held(INDEX_SHARD_NAME):
            super().store_event_batch(events)

    @contextmanager
    def _held(self, shard: str) -> Iterator[None]:
        with self._connect(shard) as connection:
            self._open[shard] = connection
            try:
                yield
            finally:
                del self._open[shard]

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            engine = create_engine(
                create_db_conn_string(self._base_dir, shard),
                poolclass=StaticPool,
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            event.listen(engine, "connect", _sync_at_checkpoints)
            self._engines[shard] = engine
            while len(self._engines) > KEPT:
                self._engines.popitem(last=False)[1].dispose()
        self._engines.move_to_end(shard)
        return self._engines[shard]

    def has_table(self, table_name: str) -> bool:
        """Tell whether the index has a table; asked for every event, and tables stay."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        # Asked for every materialisation; columns stay too.
        if column_name not in self._columns and super()._has_asset_key_col_on_connection(
            conn, column_name
        ):
            self._columns.add(column_name)
        return column_name in self._columns

    def _close(self) -> None:
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()

    def wipe(self) -> None:
        """Delete the history; the files are closed first."""
        self._close()
        super().wipe()

    def dispose(self) -> None:
        """Close the files."""
        super().dispose()
        self._close()


def _put_new(path: Path, content: bytes) -> bool:
    """Write a file whole, unless one is there by now; tell whether it was written."""
    part = path.with_suffix(f".{os.getpid()}.partial")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # Fails where a server that looks at the new run was first; a rename would replace its file.
        os.link(part, path)
    except OSError:
        return False
    finally:
        part.unlink(missing_ok=True)
    return True


def _sync_at_checkpoints(connection: Any, _: object) -> None:
    """Sync less: a power cut may lose the last events of a run that it killed, never the file."""
    # Dagster sets it once the tables are there, and each of them would be synced on its own.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
