"""JSON of ours that can be made anew at any time, with a digest of what it says.

What was changed since it was written, by one bit, is told and taken for not there.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gosales_resources.by_stamp import ByStamp
from gosales_resources.hashing import digest_of_json
from gosales_resources.store.atomic import replacing
from gosales_resources.store.file_digests import stamp_of

SEAL, CONTENT = "sha256", "content"
DIGITS = 32
LOG = logging.getLogger("gosales")
# Asked for many times in a process, and told once where it is damaged.
_READ: ByStamp[Path, dict[str, Any]] = ByStamp()


def write_sealed(path: Path, content: Mapping[str, Any], what: str) -> None:
    """Write plain data with its seal.

    Parameters
    ----------
    path, content
        What goes where.
    what
        It is, for errors.

    Raises
    ------
    StorageError
        When there is no room or no permission.
    """
    with replacing(path, what, path.parent) as temporary:
        temporary.write_text(sealed(content), encoding="utf-8")


def sealed(content: Mapping[str, Any]) -> str:
    """Return the text of plain data with its seal."""
    return json.dumps({SEAL: digest_of_json(content, DIGITS), CONTENT: content})


def read_sealed(path: Path) -> Mapping[str, Any]:
    """Read what was written; empty where it is not there, or is not what was written."""
    stamp = stamp_of(path)
    return _READ.get(path, stamp, lambda: _read(path)) if stamp else {}


def _read(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_bytes())
        content = told[CONTENT]
        if told[SEAL] == digest_of_json(content, DIGITS):
            return dict(content)
        found = "its content is not what its digest says"
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        found = str(error) or repr(error)
    LOG.warning("%s is damaged or another version's (%s): it is made anew", path, found)
    return {}
