"""Who is alive: a run or a command holds a lock of the system for as long as its process lives.

However it ends (killed, out of memory, power cut) the system lets go of the lock. A lock file that is
there and free is of a process that is gone. It holds on one machine, and on folders that machines
share where the file system has locks; what has no lock file is of others and is never judged.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from gosales_resources.errors import StorageError

FOLDER, SUFFIX = "alive", ".lock"


@contextlib.contextmanager
def alive(home: Path, name: str) -> Iterator[None]:
    """Be known as alive under a name, until the block or the process ends.

    Parameters
    ----------
    home
        The folder of the instance.
    name
        Id of a run or of a command.

    Raises
    ------
    StorageError
        When nothing may be written there.
    """
    path = _path(home, name)
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise StorageError(
            f"run history: cannot write {path}: {error.strerror or error}. Nothing was begun; make room, "
            "or let the folder be written, then run again."
        ) from error
    try:
        yield
    finally:
        # Still held: whoever looks finds it taken or not there.
        with contextlib.suppress(OSError):
            path.unlink()
        lock.release()


def is_gone(home: Path, name: str) -> bool:
    """Tell whether the process that was known under a name has ended without saying so."""
    path = _path(home, name)
    try:
        left = path.stat().st_ino
        with FileLock(path, blocking=False):
            # Else it ended properly between the two looks, and the lock file is a new one of ours.
            return path.stat().st_ino == left
    except (Timeout, FileNotFoundError):
        return False


def all_gone(home: Path) -> list[str]:
    """List the names, sorted, of all processes that have ended without saying so."""
    names = sorted(path.name.removesuffix(SUFFIX) for path in (home / FOLDER).glob(f"*{SUFFIX}"))
    return [name for name in names if is_gone(home, name)]


def forget(home: Path, name: str) -> None:
    """Remove what a process that is gone has left."""
    _path(home, name).unlink(missing_ok=True)


def _path(home: Path, name: str) -> Path:
    return home / FOLDER / f"{name}{SUFFIX}"
