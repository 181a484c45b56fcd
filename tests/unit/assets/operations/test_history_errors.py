"""Failures of the run history are told with the place, the room and the remedy."""

import errno
import sqlite3

import pytest
import sqlalchemy as sa

from gosales_assets.operations.history import (
    MAIN_TABLES,
    damaged_files,
    message_of_step,
    put_aside,
    telling_history_errors,
)
from gosales_resources.errors import HistoryError, StorageError


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


def test_a_history_that_is_no_database_is_damaged_and_other_errors_stay_what_they_are(tmp_path):
    (tmp_path / "runs.db").write_bytes(b"no database" * 99)
    broken = sqlite3.connect(tmp_path / "runs.db")
    with (
        pytest.raises(HistoryError, match=r"not a database.*`gosales materialize` puts it aside"),
        telling_history_errors(tmp_path),
    ):
        broken.execute("SELECT 1 FROM sqlite_master")
    broken.close()
    with pytest.raises(StorageError, match="no space left"), telling_history_errors(tmp_path):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(FileNotFoundError), telling_history_errors(tmp_path / "home"):
        (tmp_path / "absent").read_text()
    with pytest.raises(StorageError, match="No such file"), telling_history_errors(tmp_path):
        (tmp_path / "absent").read_text()


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ('connection to server at "127.0.0.1" failed: Connection refused', "look whether it runs"),
        (
            'syntax error at or near "$1" LINE 1: NOTIFY run_events, $1;',
            r"scheme: postgresql\+psycopg2",
        ),
    ],
    ids=["away", "other driver"],
)
def test_a_database_elsewhere_is_told_with_the_file_that_names_it(tmp_path, said, remedy):
    failed = sa.exc.OperationalError("INSERT ...", {}, ConnectionError(said))
    with (
        pytest.raises(StorageError, match=rf"dagster\.yaml names cannot be used: .*{remedy}"),
        telling_history_errors(tmp_path),
    ):
        raise failed


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ("sqlite3.OperationalError: database is locked", "Another build holds it"),
        ("sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) disk full", "Make room"),
        (
            "sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) server closed the connection",
            "dagster.yaml names cannot be used",
        ),
        (
            "dagster_postgres.utils.DagsterPostgresException: too many retries",
            "look whether it runs",
        ),
    ],
    ids=["locked", "full", "server", "given up"],
)
def test_a_step_that_the_history_failed_is_told_by_where_the_history_lies(tmp_path, found, told):
    assert told in message_of_step(tmp_path, found)


def test_a_step_that_a_damaged_history_failed_says_so(tmp_path):
    found = "sqlite3.DatabaseError: database disk image is malformed"
    with pytest.raises(HistoryError, match="is damaged"):
        message_of_step(tmp_path, found)


def database(path, table: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, event TEXT)")
        rows = [(f"event {n} " * 20,) for n in range(500)]
        connection.executemany(f"INSERT INTO {table} (event) VALUES (?)", rows)
    connection.close()


@pytest.fixture
def home(tmp_path):
    for name, table in MAIN_TABLES.items():
        database(tmp_path / name, table)
    database(tmp_path / "history/runs/one.db", "event_logs")
    return tmp_path


def emptied(path):
    path.write_bytes(b"")


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-100])


def halved(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 8192 * 4096])


def words(path):
    path.write_text("no database at all\n" * 500)


def zeros(path):
    path.write_bytes(bytes(path.stat().st_size))


def of_another_program(path):
    path.unlink()
    database(path, "bookmarks")


def a_folder(path):
    path.unlink()
    path.mkdir()


def link_to_nowhere(path):
    path.unlink()
    path.symlink_to("nowhere")


FAULTS = [
    emptied, cut_off, halved, words, zeros, of_another_program, a_folder, link_to_nowhere,
]  # fmt: skip


@pytest.mark.parametrize("name", MAIN_TABLES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_file_of_the_history_is_named_and_put_aside(home, name, fault, caplog):
    assert damaged_files(home, thoroughly=True) == {}
    fault(home / name)
    ((path, wrong),) = damaged_files(home).items()
    put_aside(path, wrong)
    assert f"{home / name} is damaged ({wrong}): put aside as {path.name}.damaged" in caplog.text
    assert damaged_files(home) == {}
    assert not (home / name).exists()


@pytest.mark.parametrize("fault", [emptied, cut_off, words, zeros, a_folder])
def test_a_damaged_file_of_a_past_run_is_found_by_its_first_bytes(home, fault):
    path = home / "history/runs/one.db"
    fault(path)
    assert list(damaged_files(home)) == [path]


def test_a_file_of_a_past_run_is_read_whole_only_where_it_is_asked_for(home):
    of_another_program(path := home / "history/runs/one.db")
    assert damaged_files(home) == {}
    assert list(damaged_files(home, thoroughly=True)) == [path]
