"""What the raw inputs look like from outside: sizes and times of change, read in a blink.

A tick of a sensor looks at these and reads no row. What they were when a command began is on its
record, so that the next look tells whether anything has changed since.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from gosales_assets.platform.past import accepted_path
from gosales_assets.platform.platform import Platform
from gosales_assets.quality.checks import raw_sources, snapshot_path
from gosales_assets.star.ingest import INDEX
from gosales_resources.errors import SourceError
from gosales_resources.hashing import digest_of_json
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.streams import file_stamp
from gosales_resources.store.sealed_json import read_sealed

DIGITS = 16


def stamps_of(platform: Platform) -> str | None:
    """Return one digest of how all raw inputs, the settings and what people accepted look.

    Returns
    -------
    str or None
        None where a source tells nothing without being read (a database).

    Raises
    ------
    SourceError
        When an input is missing or cannot be looked at.
    """
    settings = platform.settings
    found: dict[str, Any] = {"settings": settings.content_hash()}
    for name, source in raw_sources(settings).items():
        inputs = open_inputs(source, settings.source_dir)
        found[name] = {raw.name: raw.stamp() for raw in inputs}
        if None in found[name].values():
            return None
    log = settings.source.sales_log
    beside = [snapshot_path(settings), accepted_path(settings)]
    beside += [settings.source_dir / log.corrections] if log.corrections else []
    # Once a person has accepted what stopped a run, it is tried again.
    found["beside"] = [file_stamp(path) if path.is_file() else None for path in beside]
    return digest_of_json(found, DIGITS)


def inputs_of(platform: Platform) -> Iterator[dict[str, Any]]:
    """Yield the raw inputs with a hash of their content, as they were read last.

    Yields
    ------
    dict
        `source` (its name in the settings), `input` (file or table) and `sha256`: of the blocks
        that were read of the sales log, of rows and header of the others; None of what was not
        read, or cannot be.
    """
    settings = platform.settings
    read: dict[str, list[str]] = {}
    for told in read_sealed(platform.staging / INDEX).get("blocks", []):
        read.setdefault(told["source_file"], []).append(told["key"])
    for name, keys in sorted(read.items()):
        digest = hashlib.sha256("\n".join(keys).encode()).hexdigest()
        yield {"source": "sales_log", "input": name, "sha256": digest}
    for name, source in raw_sources(settings).items():
        if name == "sales_log":
            continue
        try:
            content = platform.freshness.inputs.sources.of(name)
        except SourceError:
            content = None
        yield {"source": name, "input": str(source.place), "sha256": content}
