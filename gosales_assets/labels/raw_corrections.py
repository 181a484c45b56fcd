"""Corrections of rejected rows of the raw log, read the plain way."""

import csv
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from gosales_resources.settings.tree import Settings


def plain_corrections(settings: Settings) -> dict[str, dict[str, str]]:
    """Read the override file: reject_id -> column -> value."""
    name = settings.source.sales_log.corrections
    found: dict[str, dict[str, str]] = {}
    if name:
        with (settings.source_dir / name).open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                # A whole row in place of one without columns ('*') has no cell here to mend.
                found.setdefault(row["reject_id"].strip(), {})[row["column"].strip()] = row["value"]
    return {name: cells for name, cells in found.items() if "*" not in cells}


def plain_reject_id(header: Sequence[str], row: Sequence[Any]) -> str:
    """Name a rejected row by its filled cells, sorted by column, as JSON."""
    pairs = [
        json.dumps({"variable": n, "value": str(v)}, ensure_ascii=False, separators=(",", ":"))
        for n, v in sorted(zip(header, row, strict=True))
        if v not in (None, "")
    ]
    told = f"[{','.join(pairs)}]"
    return hashlib.blake2b(told.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
