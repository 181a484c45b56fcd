"""The taxonomy that inspection writes beside the settings: its own is renewed, an edited one kept.

The settings carry the digest of the taxonomy as it was written. A file that still has it was edited
by nobody.
"""

import hashlib
import re
from pathlib import Path

import polars as pl

from gosales_resources.errors import SettingsError
from gosales_resources.store.atomic import replacing

TAXONOMY_NAME = "taxonomy.csv"
MARK = f"# {TAXONOMY_NAME} as written: "
MARKED = re.compile(rf"^{re.escape(MARK)}([0-9a-f]{{64}})$", re.MULTILINE)


def write_taxonomy(table: pl.DataFrame | None, folder: Path) -> Path | None:
    """Write the taxonomy beside the settings; one that a person may have filled in is kept.

    Parameters
    ----------
    table
        What to write; None where a person gave a taxonomy.
    folder
        Of the settings.

    Returns
    -------
    Path or None
        Where it was written.

    Raises
    ------
    SettingsError
        When another taxonomy lies there that is not, byte for byte, what was written before.
    """
    if table is None:
        return None
    path = folder / TAXONOMY_NAME
    content = table.write_csv().encode()
    if path.exists() and path.read_bytes() != content and _digest(path) not in _marks(folder):
        raise SettingsError(
            f"{path} exists, says something else and is not as inspection wrote it. If it is yours, "
            f"give it: --taxonomy {path}; else move it away. It is never overwritten."
        )
    with replacing(path, "gosales source inspect") as temporary:
        temporary.write_bytes(content)
    return path


def taxonomy_mark(path: Path | None) -> str | None:
    """Return the line of the settings that says what a taxonomy was when it was written."""
    return MARK + _digest(path) if path else None


def _marks(folder: Path) -> set[str]:
    """Return the digests that settings in the folder remember."""
    written = sorted(p for pattern in ("*.yaml", "*.yml") for p in folder.glob(pattern))
    texts = [path.read_bytes().decode("utf-8", "replace") for path in written if path.is_file()]
    return {digest for text in texts for digest in MARKED.findall(text)}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
