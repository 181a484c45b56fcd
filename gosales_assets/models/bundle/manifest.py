"""The manifest of a model bundle: format, version, and the SHA-256 of every file.

A bundle is named files of plain text and tables; nothing is parsed before its hash is right, so a
damaged or foreign file is told here, in words, and not by the parser that stumbles over it.
"""

import hashlib
import json
from collections.abc import Mapping

from gosales_resources.errors import BundleError

MANIFEST_FILE = "manifest.json"
FORMAT = "gosales-model"
# Raise when an older reader would misread what is written now.
VERSION = 7
ID_DIGITS = 12
REMEDY = "Rematerialise model."


def seal(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files with their manifest; equal files give equal bytes."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "files": {name: _sha256(data) for name, data in sorted(files.items())},
    }
    text = json.dumps(content, indent=1, sort_keys=True) + "\n"
    return {**files, MANIFEST_FILE: text.encode()}


def model_id(files: Mapping[str, bytes], division: str, cutoff: str) -> str:
    """Name a model by what it is of and by the content of its files.

    Examples
    --------
    >>> model_id(seal({"a": b"1"}), "pdm", "2024-06-30")
    'pdm@2024-06-30#f535e99e9d2b'
    """
    return f"{division}@{cutoff}#{_sha256(files[MANIFEST_FILE])[:ID_DIGITS]}"


def verified(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return a bundle's files without the manifest, once every one is what was written.

    Raises
    ------
    BundleError
        When it is not a bundle of ours, of another version, or a file is missing, added or changed.
    """
    content = _manifest(files)
    found = {name: data for name, data in files.items() if name != MANIFEST_FILE}
    written: dict[str, str] = content["files"]
    faults = [
        *(f"{name} is missing" for name in sorted(set(written) - set(found))),
        *(f"{name} does not belong to it" for name in sorted(set(found) - set(written))),
        *(
            f"{name} is not the file that was written (SHA-256 differs)"
            for name in sorted(set(found) & set(written))
            if _sha256(found[name]) != written[name]
        ),
    ]
    if faults:
        raise BundleError(f"The model bundle is damaged: {'; '.join(faults)}. {REMEDY}")
    return found


def _manifest(files: Mapping[str, bytes]) -> dict:
    if MANIFEST_FILE not in files:
        shown = ", ".join(sorted(files)[:5]) or "nothing"
        raise BundleError(
            f"Not a model bundle of GoSales, or one from before version {VERSION}: no "
            f"{MANIFEST_FILE} among {shown}. {REMEDY}"
        )
    try:
        content = json.loads(files[MANIFEST_FILE])
        found, version = content["format"], int(content["version"])
        whole = {str(n): str(digest) for n, digest in content["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(
            f"The model bundle is damaged: {MANIFEST_FILE} is unreadable ({error!r}). {REMEDY}"
        ) from error
    if found != FORMAT:
        raise BundleError(f"Not a model bundle of GoSales: its format is '{found}'. {REMEDY}")
    if version > VERSION:
        raise BundleError(
            f"The model bundle has version {version}; this GoSales reads up to {VERSION}. Upgrade "
            "GoSales to the version that made it, or rematerialise model with this one."
        )
    if version < VERSION:
        raise BundleError(
            f"The model bundle has version {version}, before {VERSION}: it lacks what is read now. "
            f"{REMEDY}"
        )
    return {"files": whole}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
