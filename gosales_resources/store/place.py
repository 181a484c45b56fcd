"""Where the store lies: names and what is behind them, whole or not at all.

A name is a path with slashes below the place. `Folder` is a local folder, `bucket.Bucket` one of an
object store; another kind of place is one more class with these functions, and nothing else of the
store changes.
"""

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from filelock import FileLock

from gosales_resources.errors import StorageError
from gosales_resources.store.atomic import replacing
from gosales_resources.store.file_digests import digest_of_file

LOCKS = ".locks"
# No such name; a file where a folder should be; a link to itself.
NOTHING_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


@dataclass(frozen=True)
class Stat:
    """What is known of a stored name without reading it."""

    size: int
    stamp: str
    """Differs when what is behind the name was replaced."""


class Place(Protocol):
    """What the store asks of a place; `Folder` says what each function does."""

    def put(self, name: str, content: bytes, what: str) -> None: ...  # noqa: D102
    def writing(self, name: str, what: str) -> contextlib.AbstractContextManager[Path]: ...  # noqa: D102
    def put_if(self, name: str, content: bytes, stamp: str | None, what: str) -> bool: ...  # noqa: D102
    def get(self, name: str) -> bytes: ...  # noqa: D102
    def digest(self, name: str) -> str: ...  # noqa: D102
    def stat(self, name: str) -> Stat | None: ...  # noqa: D102
    def list(self, prefix: str) -> list[str]: ...  # noqa: D102
    def remove(self, name: str) -> None: ...  # noqa: D102
    def remove_all(self, prefix: str) -> None: ...  # noqa: D102
    def locate(self, name: str) -> Path: ...  # noqa: D102
    def told(self, name: str) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Folder:
    """A local folder as the place of a store."""

    root: Path

    def put(self, name: str, content: bytes, what: str) -> None:
        """Store bytes under a name; readers see what was there or all of these.

        Parameters
        ----------
        name, content
            What to store.
        what
            It is, for errors.

        Raises
        ------
        StorageError
            When there is no room or no permission; what was there stays.
        """
        with self.writing(name, what) as path:
            path.write_bytes(content)

    @contextlib.contextmanager
    def writing(self, name: str, what: str) -> Iterator[Path]:
        """Give a local file to write; it is stored under the name when the block succeeds.

        Raises
        ------
        StorageError
            As `put`.
        """
        with replacing(self.root / name, what, self.root) as temporary:
            yield temporary

    def put_if(self, name: str, content: bytes, stamp: str | None, what: str) -> bool:
        """Store bytes only if the name still has a stamp; tell whether they were stored.

        Parameters
        ----------
        name, content, what
            As `put`.
        stamp
            What `stat` said when the name was read; None where it was not there.

        Raises
        ------
        StorageError
            As `put`.
        """
        lock = self.root / LOCKS / f"{name.replace('/', '~')}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock):
            found = self.stat(name)
            if (found.stamp if found else None) != stamp:
                return False
            self.put(name, content, what)
            return True

    def get(self, name: str) -> bytes:
        """Read what is behind a name.

        Raises
        ------
        FileNotFoundError
            When nothing is.
        """
        return (self.root / name).read_bytes()

    def digest(self, name: str) -> str:
        """Return the SHA-256 of what is behind a name, in hexadecimal digits.

        Raises
        ------
        OSError
            When nothing is, or it cannot be read.
        """
        return digest_of_file(self.root / name)

    def stat(self, name: str) -> Stat | None:
        """Look at a name; None where no file is behind it (nothing, a folder, a link to nowhere).

        Raises
        ------
        StorageError
            When it may not be looked at.
        """
        try:
            found = (self.root / name).stat()
        except OSError as error:
            if error.errno in NOTHING_THERE:
                return None
            raise self._unreadable(name, error) from error
        if not stat.S_ISREG(found.st_mode):
            return None
        return Stat(found.st_size, f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}")

    def list(self, prefix: str) -> list[str]:
        """List the names right below a prefix (a folder), sorted; none where there is none.

        Files that are being written are no names yet.
        """
        folder = self.root / prefix
        try:
            found = sorted(entry.name for entry in os.scandir(folder) if entry.is_file())
        except OSError as error:
            if error.errno in NOTHING_THERE:
                return []
            raise self._unreadable(prefix, error) from error
        return [f"{prefix}/{name}" for name in found if not name.endswith(".partial")]

    def remove(self, name: str) -> None:
        """Remove a name; one that is not there, or removed by another meanwhile, is no error."""
        (self.root / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            # Not empty, or not there: both are fine.
            (self.root / name).parent.rmdir()

    def remove_all(self, prefix: str) -> None:
        """Remove everything below a prefix."""
        shutil.rmtree(self.root / prefix, ignore_errors=True)

    def _unreadable(self, name: str, error: OSError) -> StorageError:
        return StorageError(
            f"cannot look at {self.root / name}: {error.strerror or error}. Give the permission, or "
            "point storage.root elsewhere."
        )

    def locate(self, name: str) -> Path:
        """Return the local file that readers open; there may be none."""
        return self.root / name

    def told(self, name: str) -> str:
        """Return what people call a name."""
        return str(self.root / name)
