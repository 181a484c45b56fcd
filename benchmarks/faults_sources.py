"""Faults of databases that go away while they are read."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from fault_world import STAR, Child, Result, another, build, half_written, healed, stored
from faults_files import LONG_HEADER, change_settings

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.worlds import postgres

ROWS = 400_000
OPEN_SECONDS = 0.4
TABLE = "sales_lines"
COLUMNS = [*LONG_HEADER.split(","), "memo"]


def sqlite_gone(world: Path) -> list[Result]:
    """Cut off, empty or delete a SQLite file in the middle of its being read."""
    source = _database_world(world, url="sqlite:///sales.db", table=TABLE)
    _fill_sqlite(source / "data" / "sales.db")
    build(source)
    reference = stored(source)
    faults = {
        "cut to a half": lambda path: os.truncate(path, path.stat().st_size // 2),
        "emptied": lambda path: os.truncate(path, 0),
        "deleted": lambda path: path.unlink(),
    }
    return [_sqlite(source, name, fault, reference) for name, fault in faults.items()]


def _sqlite(
    source: Path, name: str, fault: Callable[[Path], None], reference: dict[str, str]
) -> Result:
    folder = another(source, "gone")
    path = folder / "data" / "sales.db"
    whole = path.read_bytes()
    child = Child(folder, STAR)
    at = _wait_until_read(child, path)
    fault(path)
    done = child.wait()
    path.unlink(missing_ok=True)
    path.write_bytes(whole)
    return _judged(f"SQLite file {name} mid-read", folder, reference, done, at)


def _judged(fault: str, folder: Path, reference: dict[str, str], done, at: str) -> Result:
    left = list(stored(folder))
    is_whole = done.code == 0 and stored(folder) == reference
    found = half_written(folder) or healed(folder, reference)
    is_good = is_whole or (done.is_clear(TABLE, "behind row") and not left)
    outcome = "read to its end" if is_whole else done.error or done.told[-300:]
    return Result(
        fault,
        is_good and not found,
        f"exit {done.code} ({at}): {outcome.removeprefix('error: ')[:170]}",
        str(found or "nothing loaded that is not whole; healed to the same bytes"),
    )


def _wait_until_read(child: Child, path: Path) -> str:
    """Wait until a process has had a file open for a while: longer than to look at its columns."""
    since = None
    while child.process.poll() is None:
        links = Path(f"/proc/{child.process.pid}/fd")
        is_open = any(_points_at(link, path) for link in links.glob("*"))
        now = time.perf_counter()
        since = (since or now) if is_open else None
        if since and now - since > OPEN_SECONDS:
            return f"after {now - since:.1f} s of reading"
        time.sleep(0.002)
    return "it was over"


def _points_at(link: Path, path: Path) -> bool:
    try:
        return os.readlink(link) == str(path)
    except OSError:
        # Closed meanwhile.
        return False


def postgres_stopped(world: Path) -> Result:
    """Stop a PostgreSQL server at once while it is read, then start it again."""
    if os.environ.get(postgres.GIVEN):
        return Result("PostgreSQL stopped", True, "not run: the server is not ours to stop", "")
    with postgres.running_server() as server:
        os.environ["FAULTS_PASSWORD"] = server.password
        source = _database_world(world, url=server.url, table=TABLE, password_env="FAULTS_PASSWORD")
        _fill_postgres(server)
        build(source)
        reference = stored(source)
        with server.engine().connect() as connection:
            data = Path(str(connection.execute(sa.text("SHOW data_directory")).scalar()))
            child = Child(folder := another(source, "gone"), STAR)
            at = _wait_until_fetching(connection, child)
        pid, _, _, port = (data / "postmaster.pid").read_text().splitlines()[:4]
        # Immediate: connections are cut without a word.
        os.kill(int(pid), signal.SIGQUIT)
        done = child.wait()
        while Path(f"/proc/{pid}").exists() and (data / "postmaster.pid").exists():
            time.sleep(0.05)
        with _again(data, port, server):
            return _judged("PostgreSQL stopped mid-read", folder, reference, done, at)


def _wait_until_fetching(connection: sa.Connection, child: Child) -> str:
    busy = sa.text("SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'FETCH FORWARD%'")
    while child.process.poll() is None:
        connection.rollback()
        if connection.execute(busy).scalar():
            time.sleep(0.15)
            return "while rows were fetched"
        time.sleep(0.002)
    return "it was over"


@contextmanager
def _again(data: Path, port: str, server: postgres.Server):
    programs, account = postgres._programs(), postgres._account()
    command = [str(programs / "postgres"), "-D", str(data), "-p", port]
    quiet = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    process = subprocess.Popen(
        [*command, *quiet], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **account
    )
    try:
        postgres._wait(server, process)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def _database_world(world: Path, **database: str) -> Path:
    folder = another(world, "database")
    change_settings(
        folder,
        layout="long",
        path=None,
        database=database,
        columns={name: name for name in LONG_HEADER.split(",")},
        aliases=None,
        ignored_columns=None,
    )
    return folder


def _rows() -> list[tuple]:
    memo = "x" * 60
    return [
        (f"c{n % 999}", f"2023-{n % 12 + 1:02d}-06", f"i{n:07d}", "SWX_Core", "1", "10.00", memo)
        for n in range(ROWS)
    ]


def _fill_sqlite(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        cells = ", ".join(f"{name} TEXT" for name in COLUMNS)
        connection.execute(f"CREATE TABLE {TABLE} (n INTEGER PRIMARY KEY, {cells})")
        numbered = ((n, *row) for n, row in enumerate(_rows()))
        marks = ", ".join("?" * (len(COLUMNS) + 1))
        connection.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", numbered)
    connection.close()


def _fill_postgres(server: postgres.Server) -> None:
    with server.engine().begin() as connection:
        cells = ", ".join(f"{name} text" for name in COLUMNS)
        connection.execute(sa.text(f"CREATE TABLE {TABLE} (n integer PRIMARY KEY, {cells})"))
        connection.execute(
            sa.text(
                f"INSERT INTO {TABLE} SELECT n, 'c' || n % 999, '2023-05-06', 'i' || n, "
                f"'SWX_Core', '1', '10.00', repeat('x', 60) FROM generate_series(1, {ROWS}) n"
            )
        )
