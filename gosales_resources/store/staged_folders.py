"""Folders of files made once and remembered by name: whole or not there, whoever writes beside.

Their names say what is in them (hashes of content, settings and code), so equal names are equal
content. All of them can be removed at any time; what they hold is then made again.
"""

import contextlib
import logging
import os
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from gosales_resources.errors import StorageError
from gosales_resources.store.atomic import working_folder
from gosales_resources.store.file_digests import digest_of_file, stamp_of
from gosales_resources.store.sealed_json import read_sealed, sealed

META = "block.json"
# Name of a file -> SHA-256 of its content, in what a folder says of itself.
FILES = "files"
LOG = logging.getLogger("gosales")
A_DAY = 86_400
Meta = dict[str, Any]


def read_meta(folder: Path) -> Meta | None:
    """Return what a folder says of itself; None where it is not there, or not to the byte what was made."""
    meta = dict(read_sealed(folder / META))
    try:
        return meta if meta and meta[FILES] == _digests(folder) else None
    except OSError:
        # A file that cannot be read: made anew.
        return None


def damaged_in(folder: Path) -> list[Path]:
    """List what is not as it was made in a folder; what says so itself only where it is gone.

    What is there and cannot be read is told by who reads it.
    """
    meta = read_sealed(folder / META)
    if not meta:
        return [folder / META] if stamp_of(folder / META) is None else []
    then, now = meta[FILES], _digests(folder)
    return [folder / name for name in sorted({*then, *now}) if then.get(name) != now.get(name)]


def keep_folder(folder: Path) -> None:
    """Say that a folder was used today; see `forget_folders`."""
    # Where nothing may be written nothing is forgotten either.
    with contextlib.suppress(OSError):
        os.utime(folder)


def write_folder(folder: Path, what: str, make: Callable[[Path], Meta]) -> Meta:
    """Make a folder under another name and move it to its own when it is whole.

    Parameters
    ----------
    folder
        Where it goes.
    what
        It is part of, for errors.
    make
        Writes the files into the folder it is given; returns what it says of itself.

    Raises
    ------
    StorageError
        When there is no room or no permission.
    """
    try:
        if folder.parent.is_file():
            folder.parent.unlink()
        with working_folder(folder.parent, folder.name) as work:
            meta = make(work)
            meta |= {FILES: _digests(work)}
            (work / META).write_text(sealed(meta), encoding="utf-8")
            _put(work, folder, meta)
    except OSError as error:
        raise StorageError(
            f"{what}: cannot stage raw rows in {folder.parent}: {error.strerror or error}. Make "
            "room or point storage.root elsewhere, then run again; what was staged is kept."
        ) from error
    return meta


def forget_folders(found: Collection[Path], kept: Collection[Path]) -> None:
    """Remove folders that are not kept, except a day's: another run may read them."""
    newest = max((folder.stat().st_mtime for folder in kept), default=0.0)
    for folder in found:
        # Whatever lies there, a link to nowhere too.
        if folder not in kept and folder.lstat().st_mtime < newest - A_DAY:
            shutil.rmtree(folder, ignore_errors=True)


def _digests(folder: Path) -> dict[str, str]:
    paths = sorted(p for p in folder.iterdir() if p.name != META)
    # A folder among them is none that was made.
    return {path.name: digest_of_file(path) if path.is_file() else "" for path in paths}


def _put(work: Path, folder: Path, meta: Meta) -> None:
    try:
        os.replace(work, folder)
    except OSError:
        # Another run staged the same content meanwhile: equal by its name, and maybe in use.
        if read_meta(folder) == meta:
            return
        for path in damaged_in(folder):
            LOG.warning("%s is damaged (not what was made): it is made anew", path)
        # Damaged, or made otherwise: moved away only when its successor is there.
        away = work.with_name(f"{work.name}.away")
        try:
            os.replace(folder, away)
            os.replace(work, folder)
        finally:
            shutil.rmtree(away, ignore_errors=True)
            with contextlib.suppress(OSError):
                # It was a file, in the folder's place.
                away.unlink()
