"""The announced schema: columns, types and keys of our tables and of the raw sources, as a file.

The user accepts a schema once (`gosales schema accept`) and keeps the file beside the settings;
what differs from it later is an unannounced change. Nothing is read here: see
`gosales_assets/quality/checks.py` for where the present schema comes from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gosales_checks.contracts.contract import Contract
from gosales_checks.verdicts.announced_file import read_announced, write_announced

AS_ANNOUNCED = "schema_as_announced"
NOT_YET = "no schema is announced yet: `gosales schema accept` announces the present one"
WHAT = "schema snapshot"

Columns = Mapping[str, str]


@dataclass(frozen=True)
class SchemaSnapshot:
    """A schema, announced or present."""

    tables: Mapping[str, tuple[Columns, tuple[str, ...]]] = field(default_factory=dict)
    """Table -> columns with types in order, and its key."""
    sources: Mapping[str, tuple[Columns, ...]] = field(default_factory=dict)
    """Raw source -> the distinct headers of its files, columns with types in order."""
    unread: Mapping[str, Columns] = field(default_factory=dict)
    """Raw source -> its columns of which nothing is known and nothing read, each with a hint."""


def declared_columns(contract: Contract) -> dict[str, str]:
    """Return the columns that a contract declares, with their types, in order."""
    return {name: str(column.dtype) for name, column in contract.schema.columns().items()}


def table_changes(name: str, announced: SchemaSnapshot, present: SchemaSnapshot) -> list[str]:
    """List what differs in one table of ours, one line each; empty when nothing does."""
    if name not in present.tables:
        return [f"{name}: removed"] if name in announced.tables else []
    columns, key = present.tables[name]
    if name not in announced.tables:
        return [f"{name}: added, {len(columns)} columns"]
    then, key_then = announced.tables[name]
    found = _column_changes(name, then, columns)
    if key != key_then:
        found.append(f"{name}: key is {', '.join(key)}, was {', '.join(key_then)}")
    return found


def source_changes(name: str, announced: SchemaSnapshot, present: SchemaSnapshot) -> list[str]:
    """List what differs in the headers of one raw source.

    A header that was not announced is compared with the announced one it shares most columns with.
    """
    if name not in present.sources:
        return [f"raw {name}: removed"] if name in announced.sources else []
    known = announced.sources.get(name)
    if known is None:
        return [f"raw {name}: added"]
    if not known:
        # Announced before its first file, as a pattern may be: there was no header to hold it to.
        return []
    found = []
    # A new column that nothing is read of is told by `unread_changes`, with what to do.
    told = set(present.unread.get(name, {})).difference(*known)
    for whole in present.sources[name]:
        header = {column: kind for column, kind in whole.items() if column not in told}
        if not any(_same(header, other) for other in known):
            near = max(known, key=lambda other: len(set(other) & set(header)))
            found += _column_changes(f"raw {name}", near, header)
    return list(dict.fromkeys(found))


def unread_changes(announced: SchemaSnapshot, present: SchemaSnapshot) -> list[str]:
    """List the columns of raw sources that nothing is read of and nobody said is right so."""
    return [
        f"raw {name}: nothing is read of column {column}: no identifier, no SKU of the taxonomy, not "
        f"ignored. {hint}"
        for name, columns in sorted(present.unread.items())
        for column, hint in columns.items()
        if column not in announced.unread.get(name, {})
    ]


def all_changes(announced: SchemaSnapshot, present: SchemaSnapshot) -> list[str]:
    """List every difference: raw sources first, then tables, by name."""
    sources = sorted({*announced.sources, *present.sources})
    tables = sorted({*announced.tables, *present.tables})
    return [
        *unread_changes(announced, present),
        *(line for name in sources for line in source_changes(name, announced, present)),
        *(line for name in tables for line in table_changes(name, announced, present)),
    ]


def read_snapshot(path: Path) -> SchemaSnapshot | None:
    """Read the announced schema; None where none is announced.

    Raises
    ------
    SettingsError
        When the file is not a schema snapshot.
    """
    remedy = (
        "Restore it from version control, or look at `gosales schema diff` and write it anew: gosales "
        "schema accept."
    )
    return read_announced(path, WHAT, _parsed, remedy)


def write_snapshot(path: Path, snapshot: SchemaSnapshot) -> None:
    """Announce a schema; readers see the old file or the new one, never a part."""
    content = {
        "unread": {name: list(columns) for name, columns in sorted(snapshot.unread.items())},
        "sources": {n: [list(h.items()) for h in hs] for n, hs in sorted(snapshot.sources.items())},
        "tables": {
            name: {"columns": list(columns.items()), "key": list(key)}
            for name, (columns, key) in sorted(snapshot.tables.items())
        },
    }
    write_announced(path, WHAT, content)


def _parsed(content: dict[str, Any]) -> SchemaSnapshot:
    return SchemaSnapshot(
        {n: (dict(t["columns"]), tuple(t["key"])) for n, t in content["tables"].items()},
        {n: tuple(dict(h) for h in headers) for n, headers in content["sources"].items()},
        # Files of before this was told have none.
        {n: dict.fromkeys(columns, "") for n, columns in content.get("unread", {}).items()},
    )


def _same(one: Columns, other: Columns) -> bool:
    return list(one.items()) == list(other.items())


def _column_changes(where: str, then: Columns, now: Columns) -> list[str]:
    added = [f"{where}: column {n} added ({now[n]})" for n in now if n not in then]
    removed = [f"{where}: column {n} removed (was {then[n]})" for n in then if n not in now]
    both = [n for n in now if n in then]
    retyped = [f"{where}: column {n} is {now[n]}, was {then[n]}" for n in both if now[n] != then[n]]
    moved = [n for n in then if n in now] != both
    order = [f"{where}: the order of the columns changed"] if moved else []
    return [*added, *removed, *retyped, *order]
