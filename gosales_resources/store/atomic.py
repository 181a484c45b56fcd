"""Files that appear whole or not at all, and folders that are gone when the work is done."""

import contextlib
import errno
import hashlib
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gosales_resources.errors import StorageError


@contextlib.contextmanager
def replacing(path: Path, what: str, root: Path | None = None) -> Iterator[Path]:
    """Give a temporary path beside `path`, flushed and renamed onto it when the block succeeds.

    Parameters
    ----------
    path
        The file.
    what
        It is, for errors.
    root
        Of a place that is ours alone: below it a folder where the file goes, and a file where one of
        its folders goes, make way.

    Raises
    ------
    StorageError
        When the disk is full or the folder may not be written; nothing is left behind.
    """
    temporary = path.with_name(f"{_mine(path.name)}{os.getpid()}.partial")
    try:
        if root is not None:
            _clear_way(path, root)
        path.parent.mkdir(parents=True, exist_ok=True)
        _forget_partials(path.parent, path.name)
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
        # Where nothing may be written nothing was: asking to remove it is refused there too.
        with contextlib.suppress(OSError):
            temporary.unlink()


@contextlib.contextmanager
def working_folder(parent: Path, name: str) -> Iterator[Path]:
    """Give an empty hidden folder in `parent`, removed afterwards.

    What killed processes of this machine left under the same name goes before.
    """
    parent.mkdir(parents=True, exist_ok=True)
    _forget_partials(parent, name)
    prefix = f"{_mine(name)}{os.getpid()}-"
    work = Path(tempfile.mkdtemp(prefix=prefix, suffix=".partial", dir=parent))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _clear_way(path: Path, root: Path) -> None:
    """Remove what can be no part of a place: files where folders go, a folder where the file goes."""
    for above in reversed(path.relative_to(root).parents[:-1]):
        folder = root / above
        if folder.is_symlink() or folder.exists():
            if folder.is_dir():
                continue
            folder.unlink()
            break
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)


def _mine(name: str) -> str:
    return f".{name}.{platform.node()}-"


def _forget_partials(parent: Path, name: str) -> None:
    """Remove what killed processes of this machine left; those that live still write."""
    for found in os.listdir(parent):
        if not (found.startswith(_mine(name)) and found.endswith(".partial")):
            continue
        writer = found.removeprefix(_mine(name)).removesuffix(".partial").partition("-")[0]
        if writer.isdigit() and not _is_alive(int(writer)):
            left = parent / found
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


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
