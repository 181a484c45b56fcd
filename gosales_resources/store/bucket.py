"""A bucket of an object store as the place of a store: S3 and what speaks its language, GCS, Azure.

A put replaces an object whole, so readers see what was there or all of the new one. Readers of Parquet
get a copy in a local folder, under the object's entity tag: it is fetched once, and the folder can be
removed at any time. Credentials come from the environment (`AWS_ACCESS_KEY_ID`, ...).
"""

import contextlib
import datetime as dt
import math
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gosales_resources.errors import StorageError
from gosales_resources.store.file_digests import digest_of_file
from gosales_resources.store.place import Stat

if TYPE_CHECKING:
    from obstore.store import ObjectStore

# In the folder of copies; no name of a store begins with a dot.
UPLOADS = ".uploads"
# Copies of what has been replaced are kept a day: somebody may be reading them.
A_DAY = 86_400
FRESH_SECONDS = 1.0
TIMEOUT, RETRIES_SECONDS = "30s", 120
# Of an answer that broke off.
ATTEMPTS, PAUSE_SECONDS = 6, 0.2
Answer = TypeVar("Answer")
NEVER: tuple[float, dict[str, Stat]] = (-math.inf, {})


@dataclass(frozen=True)
class Bucket:
    """A bucket, or a folder of one, as the place of a store."""

    url: str
    """Such as `s3://company/gosales`."""
    copies: Path
    """Local folder of what was read."""
    _looked_at: dict[str, tuple[float, dict[str, Stat]]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """Folder -> when it was listed, and what was in it."""

    def put(self, name: str, content: bytes, what: str) -> None:
        """See `Folder.put`."""
        with self.writing(name, what) as path:
            path.write_bytes(content)

    @contextlib.contextmanager
    def writing(self, name: str, what: str) -> Iterator[Path]:
        """See `Folder.writing`; it is sent when the block succeeds, and kept as a copy."""
        with self._new_file(name, what) as path:
            yield path
            failed = f"{what}: cannot write {self.told(name)}"
            self._keep(name, path, self._asked(failed, lambda: self._put(name, path)))

    def put_if(self, name: str, content: bytes, stamp: str | None, what: str) -> bool:
        """See `Folder.put_if`; the object store itself compares."""
        told = _library().exceptions
        mode = "create" if stamp is None else {"e_tag": stamp}

        def put() -> bool:
            try:
                self._put(name, content, mode)
            except (told.AlreadyExistsError, told.PreconditionError):
                return False
            return True

        # Once: one whose answer was lost would be refused the second time.
        return self._asked(f"{what}: cannot write {self.told(name)}", put, attempts=1)

    def get(self, name: str) -> bytes:
        """See `Folder.get`."""
        return self.locate(name).read_bytes()

    def digest(self, name: str) -> str:
        """See `Folder.digest`: of the object that is there now."""
        return digest_of_file(self.locate(name))

    def stat(self, name: str) -> Stat | None:
        """See `Folder.stat`; the stamp is the entity tag. It was so a second ago at most."""
        return self._listed(name.rpartition("/")[0]).get(name)

    def list(self, prefix: str) -> list[str]:
        """See `Folder.list`."""
        return sorted(self._listed(prefix))

    def _listed(self, folder: str) -> dict[str, Stat]:
        """List what is right below a folder, once a second.

        A run looks at a partition many times a second, and at all files of a bundle.
        """
        before = self._looked_at.get(folder, NEVER)
        if time.monotonic() - before[0] < FRESH_SECONDS:
            return before[1]
        at, prefix = time.monotonic(), f"{folder}/" if folder else None
        listed = self._asked(
            f"cannot look at {self.told(folder)}",
            lambda: _library().list_with_delimiter(self._objects, prefix),
        )
        found = {str(o["path"]): Stat(o["size"], str(o["e_tag"])) for o in listed["objects"]}
        # Another thread may have changed it meanwhile: then this is told, and not kept.
        if self._looked_at.get(folder, NEVER) is before:
            self._looked_at[folder] = at, found
        return found

    def _forget(self, name: str) -> None:
        """Look anew at the folder of a name: this process has changed it."""
        self._looked_at[name.rpartition("/")[0]] = (-math.inf, {})

    def remove(self, name: str) -> None:
        """See `Folder.remove`."""

        def delete() -> None:
            with contextlib.suppress(FileNotFoundError):
                _library().delete(self._objects, name)

        self._asked(f"cannot remove {self.told(name)}", delete)
        self._forget(name)

    def remove_all(self, prefix: str) -> None:
        """See `Folder.remove_all`."""

        def below() -> list[str]:
            listed = _library().list(self._objects, f"{prefix}/")
            return [str(one["path"]) for chunk in listed for one in chunk]

        for name in self._asked(f"cannot look at {self.told(prefix)}", below):
            self.remove(name)

    def locate(self, name: str) -> Path:
        """Return a local copy of an object; where there is none, a path where no file is."""
        found = self.stat(name)
        if found is None:
            return self.copies / name
        if (copy := self._copy_of(name, found.stamp)).is_file():
            return copy
        with self._new_file(name, self.told(name)) as path:
            failed = f"cannot read {self.told(name)}"
            return self._keep(name, path, self._asked(failed, lambda: self._fetch(name, path)))

    def told(self, name: str) -> str:
        """See `Folder.told`."""
        return f"{self.url}/{name}"

    def _fetch(self, name: str, path: Path) -> str:
        """Copy an object into a file; what is there by now may be newer than what was looked at."""
        response = _library().get(self._objects, name)
        with path.open("wb") as file:
            for chunk in response:
                file.write(chunk)
        return str(response.meta["e_tag"])

    def _put(self, name: str, content: Any, mode: Any = "overwrite") -> str:
        try:
            return str(_library().put(self._objects, name, content, mode=mode)["e_tag"])
        finally:
            self._forget(name)

    def _copy_of(self, name: str, tag: str) -> Path:
        folder, _, last = name.rpartition("/")
        return self.copies / folder / f".{re.sub(r'[^A-Za-z0-9-]', '', tag)}" / last

    @contextlib.contextmanager
    def _new_file(self, name: str, what: str) -> Iterator[Path]:
        """Give a path for a file on its way; what is left there goes."""
        uploads = self.copies / UPLOADS
        try:
            uploads.mkdir(parents=True, exist_ok=True)
            _forget_old(uploads)
            work = Path(tempfile.mkdtemp(dir=uploads))
        except OSError as error:
            raise self._no_room(what, error) from error
        try:
            yield work / name.rpartition("/")[2]
        except OSError as error:
            raise self._no_room(what, error) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _no_room(self, what: str, error: OSError) -> StorageError:
        return StorageError(
            f"{what}: cannot write into {self.copies}: {error.strerror or error}. Nothing was "
            "replaced; make room or point storage.root elsewhere, then run again."
        )

    def _keep(self, name: str, path: Path, tag: str) -> Path:
        """Keep a file as the copy of an object, and let go of old copies of it."""
        copy = self._copy_of(name, tag)
        copy.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, copy)
        for other in copy.parent.parent.glob(f".*/{copy.name}"):
            with contextlib.suppress(OSError):
                if other != copy and other.stat().st_mtime < time.time() - A_DAY:
                    other.unlink()
                    other.parent.rmdir()
        return copy

    def _asked(self, failed: str, ask: Callable[[], Answer], attempts: int | None = None) -> Answer:
        """Ask, again where the answer broke off, and say what could not be done and what helps.

        A request without an answer the library repeats by itself, an answer without an end it does not.
        """
        told = _library().exceptions
        last = attempts or ATTEMPTS
        for attempt in range(1, last + 1):
            try:
                return ask()
            # The second of a bucket that is not there.
            except (told.BaseError, FileNotFoundError) as error:
                if isinstance(error, told.GenericError) and attempt < last:
                    time.sleep(attempt * PAUSE_SECONDS)
                    continue
                why = str(error).splitlines()[0][:300]
                raise StorageError(
                    f"{failed}: {why}. Check storage.url, the network and the credentials in the "
                    "environment, then run again; what was there is as it was."
                ) from error
        raise AssertionError("the last attempt returns or raises")

    @cached_property
    def _objects(self) -> "ObjectStore":
        return _library().store.from_url(
            self.url,
            # Who names a server by http:// means it: on loopback, or in an own network.
            client_options={"timeout": TIMEOUT, "allow_http": True},
            retry_config={
                "max_retries": 10,
                "retry_timeout": dt.timedelta(seconds=RETRIES_SECONDS),
            },
        )


def _library() -> Any:
    """Return obstore, which only who has a bucket needs."""
    try:
        import obstore.exceptions  # noqa: PLC0415
        import obstore.store  # noqa: PLC0415
    except ImportError as error:
        raise StorageError(
            "storage.url needs the extra `objects`: pip install 'gosales[objects]'"
        ) from error
    return obstore


def _forget_old(uploads: Path) -> None:
    """Remove what killed processes left."""
    for left in uploads.iterdir():
        with contextlib.suppress(OSError):
            if left.stat().st_mtime < time.time() - A_DAY:
                shutil.rmtree(left, ignore_errors=True)
