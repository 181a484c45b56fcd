"""Failures of the run history are told with the place, the room and the remedy."""

import errno
import sqlite3

import pytest
import sqlalchemy as sa

from gosales_assets.operations.history import telling_history_errors
from gosales_resources.errors import StorageError


def test_a_locked_history_names_the_other_build(tmp_path):
    holder = sqlite3.connect(tmp_path / "runs.db")
    holder.execute("CREATE TABLE t (n)")
    holder.execute("BEGIN EXCLUSIVE")
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'runs.db'}", connect_args={"timeout": 0})
    with (
        pytest.raises(StorageError, match=r"database is locked \(.* MiB free\). Another build"),
        telling_history_errors(tmp_path),
        engine.connect() as connection,
    ):
        connection.execute(sa.text("INSERT INTO t VALUES (1)"))
    holder.close()
    engine.dispose()


def test_a_history_that_is_no_database_is_told_and_other_errors_stay_what_they_are(tmp_path):
    (tmp_path / "runs.db").write_bytes(b"no database" * 99)
    broken = sqlite3.connect(tmp_path / "runs.db")
    with (
        pytest.raises(StorageError, match=r"not a database .*Move that folder away"),
        telling_history_errors(tmp_path),
    ):
        broken.execute("SELECT 1 FROM sqlite_master")
    broken.close()
    with pytest.raises(StorageError, match="no space left"), telling_history_errors(tmp_path):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(FileNotFoundError), telling_history_errors(tmp_path):
        (tmp_path / "absent").read_text()
