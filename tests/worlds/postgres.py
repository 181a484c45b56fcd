"""A real PostgreSQL for tests: a server that is given, or a throwaway one on the loopback address.

`GOSALES_TEST_POSTGRES=postgresql://user:password@host:port/database` names a given one. Else the
server's programs are looked for, installed where that can be done, and run on a new folder.
"""

import fcntl
import glob
import grp
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

GIVEN = "GOSALES_TEST_POSTGRES"
START_SECONDS = 30
INSTALL_SECONDS = 300


@dataclass(frozen=True)
class Server:
    """A server that answers."""

    url: str
    """Without the password."""
    password: str

    def engine(self) -> sa.Engine:
        """Make an engine that may write."""
        url = sa.make_url(self.url).set(password=self.password, drivername="postgresql+psycopg")
        return sa.create_engine(url, poolclass=NullPool)


@contextmanager
def running_server() -> Iterator[Server]:
    """Give a server for the time of the block; skip the test where there can be none."""
    if given := os.environ.get(GIVEN):
        url = sa.make_url(given)
        # `set` takes None for no change.
        shown = url._replace(password=None).render_as_string()
        yield Server(shown, url.password or "")
        return
    programs = _programs() or _installed()
    if programs is None:
        pytest.skip(f"no PostgreSQL: no initdb here, none could be installed; {GIVEN} names one")
    folder = Path(tempfile.mkdtemp(prefix="gosales-postgres-"))
    try:
        with _started(programs, folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _started(programs: Path, folder: Path) -> Iterator[Server]:
    account = _account()
    password = secrets.token_hex(12)
    (folder / "password").write_text(password)
    if account:
        for path in (folder, folder / "password"):
            shutil.chown(path, account["user"], account["group"])
    data = folder / "data"
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "gosales", "-A", "scram-sha-256", "--no-sync",
         "--no-locale", "-E", "UTF8", f"--pwfile={folder / 'password'}"],
        check=True, capture_output=True, cwd="/", **account,
    )  # fmt: skip
    port = _free_port()
    process = subprocess.Popen(
        [programs / "postgres", "-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1",
         "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=20"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **account,
    )  # fmt: skip
    try:
        server = Server(f"postgresql://gosales@127.0.0.1:{port}/postgres", password)
        _wait(server, process)
        yield server
    finally:
        # Fast shutdown: connections are cut, nothing is kept anyway.
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(server: Server, process: subprocess.Popen) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            with server.engine().connect():
                return
        except OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.1)


def _programs() -> Path | None:
    """Return the folder of initdb and postgres, of the newest version."""
    found = sorted(
        (Path(path).parent for path in glob.glob("/usr/lib/postgresql/*/bin/initdb")),
        key=lambda folder: int(folder.parent.name),
    )
    if found:
        return found[-1]
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path and shutil.which("postgres") else None


def _installed() -> Path | None:
    """Install the server's package where that is allowed, once for all test processes."""
    if os.geteuid() or not shutil.which("apt-get"):
        return None
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with (Path(tempfile.gettempdir()) / "gosales-postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if programs := _programs():
            return programs
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "postgresql"],
        ):
            try:
                subprocess.run(
                    command,
                    check=True,
                    capture_output=True,
                    timeout=INSTALL_SECONDS,
                    env=environment,
                )
            except (subprocess.SubprocessError, OSError):
                return None
    return _programs()


def _account() -> dict[str, str]:
    """PostgreSQL does not run as root: return whom to run it as."""
    if os.geteuid():
        return {}
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = "postgres" if "postgres" in known else "nobody"
    return {"user": user, "group": grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
