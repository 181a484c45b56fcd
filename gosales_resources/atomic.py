"""Files that appear whole or not at all."""

import contextlib
import errno
import hashlib
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

from gosales_resources.errors import StorageError


@contextlib.contextmanager
def replacing(path: Path, what: str) -> Iterator[Path]:
    """Give a temporary path beside `path`, flushed and renamed onto it when the block succeeds.

    Raises
    ------
    StorageError
        When the disk is full or the folder may not be written; nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.{platform.node()}-{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _forget_partials(path)
        yield temporary
        with temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except OSError as error:
        free = shutil.disk_usage(_existing(path)).free
        reason = "no space left" if error.errno == errno.ENOSPC else (error.strerror or str(error))
        raise StorageError(
            f"{what}: cannot write {path}: {reason} ({free / 2**20:,.0f} MiB free). Nothing was "
            "replaced; make room or point storage.root elsewhere, then run again."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _forget_partials(path: Path) -> None:
    """Remove what killed processes of this machine left of a file; those that live still write."""
    mine = f".{path.name}.{platform.node()}-"
    for name in os.listdir(path.parent):
        writer = name.removeprefix(mine).removesuffix(".partial")
        if name == f"{mine}{writer}.partial" and writer.isdigit() and not _is_alive(int(writer)):
            (path.parent / name).unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        # There, asking would end it.
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
