"""Folders of files made once and remembered by name: whole or not there, whoever writes beside.

Their names say what is in them (hashes of content, settings and code), so equal names are equal
content. All of them can be removed at any time; what they hold is then made again.
"""

import json
import os
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from gosales_resources.errors import StorageError
from gosales_resources.store.atomic import working_folder

META = "block.json"
A_DAY = 86_400
Meta = dict[str, Any]


def read_meta(folder: Path) -> Meta | None:
    """Return what a folder says of itself; None where it is not there or not whole."""
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        return meta if meta.get("bytes") == _sizes(folder) else None
    except (OSError, ValueError):
        # Never staged, or damaged: made anew either way.
        return None


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
        with working_folder(folder.parent, folder.name) as work:
            meta = make(work)
            meta |= {"bytes": _sizes(work)}
            (work / META).write_text(json.dumps(meta), encoding="utf-8")
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
        if folder not in kept and folder.stat().st_mtime < newest - A_DAY:
            shutil.rmtree(folder, ignore_errors=True)


def _sizes(folder: Path) -> dict[str, int]:
    paths = sorted(p for p in folder.iterdir() if p.is_file() and p.name != META)
    return {path.name: path.stat().st_size for path in paths}


def _put(work: Path, folder: Path, meta: Meta) -> None:
    try:
        os.replace(work, folder)
    except OSError:
        # Another run staged the same content meanwhile: equal by its name, and maybe in use.
        if read_meta(folder) == meta:
            return
        # Damaged, or made otherwise: moved away only when its successor is there.
        away = work.with_name(f"{work.name}.away")
        try:
            os.replace(folder, away)
            os.replace(work, folder)
        finally:
            shutil.rmtree(away, ignore_errors=True)
