"""The records of commands: `runs/<id>/manifest.json`, and a line each in `runs/runs.jsonl`.

What a scheduler or a person reads of a command that has ended, or was lost: how, what it made from
what, which checks failed. Dagster's own history has the events; this has what the exit code stands for.
"""

import dataclasses
import datetime as dt
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from gosales_assets.operations.plan import Request
from gosales_assets.operations.stamps import inputs_of, stamps_of
from gosales_assets.platform.platform import Platform
from gosales_resources.by_stamp import ByStamp
from gosales_resources.errors import ScopeError, SourceError, nearest
from gosales_resources.store.atomic import replacing
from gosales_resources.store.file_digests import stamp_of

MANIFEST, LINES = "manifest.json", "runs.jsonl"
_READ: ByStamp[Path, "Record | None"] = ByStamp()
Status = Literal["running", "done", "failed", "unusable", "interrupted", "defect", "lost"]
# As the command line exits; a command that was lost told nobody.
EXIT_CODES = {"done": 0, "failed": 1, "defect": 1, "unusable": 2, "interrupted": 130}


@dataclass(frozen=True)
class Made:
    """A partition that was made."""

    asset: str
    partition: str
    rows: int | None
    """None of a model."""
    sha256: str


@dataclass(frozen=True)
class CheckFinding:
    """A check that did not pass on a partition."""

    asset: str
    check: str
    partition: str | None
    """None of a check that is on no partition."""
    severity: str
    """ERROR or WARN."""
    finding: str


@dataclass(frozen=True)
class Record:
    """One command, as its manifest has it."""

    id: str
    command: str
    trigger: str
    status: Status
    begun: str
    """UTC, ISO 8601; so is `ended`."""
    request: Mapping[str, Any]
    settings: str
    """Hash of what numbers depend on; the settings themselves lie in the store, under it."""
    version: str
    stamps: str | None
    """Of the raw inputs and settings when it began; see `stamps_of`."""
    inputs: tuple[Mapping[str, Any], ...] = ()
    ended: str | None = None
    error: str | None = None
    run_ids: tuple[str, ...] = ()
    made: tuple[Made, ...] = ()
    current: int = 0
    """Partitions that were wanted and needed no run."""
    passed_checks: int = 0
    failed_checks: tuple[CheckFinding, ...] = ()

    @property
    def exit_code(self) -> int | None:
        """What the command line exits with; None while it runs and where it was lost."""
        return EXIT_CODES.get(self.status)

    @property
    def seconds(self) -> float | None:
        """How long it took; None where it has not ended."""
        if self.ended is None:
            return None
        begun, ended = (dt.datetime.fromisoformat(t) for t in (self.begun, self.ended))
        return (ended - begun).total_seconds()

    @property
    def makes_list(self) -> bool:
        """Whether it was asked for the whole graph, list and all."""
        return not self.request.get("assets") and not self.request.get("divisions")

    def line(self) -> dict[str, Any]:
        """Return what a scheduler reads: the counts, without the partitions."""
        errors = sum(one.severity == "ERROR" for one in self.failed_checks)
        return {
            "id": self.id,
            "command": self.command,
            "trigger": self.trigger,
            "status": self.status,
            "exit_code": self.exit_code,
            "begun": self.begun,
            "ended": self.ended,
            "seconds": self.seconds,
            "cutoffs": self.request["cutoffs"],
            "divisions": self.request["divisions"],
            "runs": len(self.run_ids),
            "made": len(self.made),
            "current": self.current,
            "checks_passed": self.passed_checks,
            "checks_failed": errors,
            "checks_warned": len(self.failed_checks) - errors,
            "settings": self.settings,
            "error": self.error,
        }


def begin(platform: Platform, command: str, request: Request, trigger: str, name: str) -> Record:
    """Put a command on record as running.

    Raises
    ------
    StorageError
        When nothing may be written there.
    """
    record = Record(
        id=name,
        command=command,
        trigger=trigger,
        status="running",
        begun=_now(),
        request=_told(request),
        settings=platform.settings.content_hash(),
        version=version("gosales"),
        stamps=_stamps(platform),
    )
    _write(folder_of(platform), record)
    return record


def end(platform: Platform, record: Record, how: Mapping[str, Any] | None = None) -> Record:
    """Put on record how a command ended, and what it was made from."""
    inputs = tuple(inputs_of(platform))
    return _ended(platform, dataclasses.replace(record, inputs=inputs, **(how or {})))


def end_lost(platform: Platform, record: Record, error: str) -> Record:
    """Put on record that a command was lost; what it read is not known, nor when it ended."""
    return _ended(platform, dataclasses.replace(record, status="lost", error=error))


def _ended(platform: Platform, record: Record) -> Record:
    record = dataclasses.replace(record, ended=_now())
    folder = folder_of(platform)
    _write(folder, record)
    _append(folder / LINES, record.line())
    return record


def records(platform: Platform) -> Iterator[Record]:
    """Read the records, newest first; a file that is no record is left out."""
    folder = folder_of(platform)
    paths = folder.glob(f"*/{MANIFEST}") if folder.is_dir() else ()
    found = [record for path in paths if (record := _read(path)) is not None]
    yield from sorted(found, key=lambda one: (one.begun, one.id), reverse=True)


def record_called(platform: Platform, name: str) -> Record | None:
    """Read the record of an id; None where there is none."""
    return _read(folder_of(platform) / name / MANIFEST)


def record_of(platform: Platform, name: str) -> Record:
    """Find a record by its id, or the beginning of it; `latest` is the newest.

    Raises
    ------
    ScopeError
        When none or several begin so.
    """
    known = list(records(platform))
    found = known[:1] if name == "latest" else [one for one in known if one.id.startswith(name)]
    if exact := [one for one in found if one.id == name]:
        return exact[0]
    if len(found) == 1:
        return found[0]
    if found:
        raise ScopeError(
            f"'{name}' begins {len(found)} runs: {', '.join(o.id for o in found[:5])}."
        )
    if not known:
        raise ScopeError(f"{folder_of(platform)} has no record of a run: none was made here.")
    raise ScopeError(f"No run '{name}'. {nearest(name, [one.id for one in known])}")


def folder_of(platform: Platform) -> Path:
    """Return where the records lie."""
    return platform.settings.store_root / "runs"


def as_json(record: Record) -> str:
    """Return the manifest's text."""
    told = dataclasses.asdict(record) | {"seconds": record.seconds, "exit_code": record.exit_code}
    return json.dumps(told, indent=1, ensure_ascii=False)


def _told(request: Request) -> dict[str, Any]:
    return {
        "cutoffs": [cutoff.isoformat() for cutoff in sorted(request.cutoffs)],
        "divisions": list(request.divisions) if request.divisions else None,
        "assets": list(request.assets) if request.assets else None,
        "upstream": request.upstream,
        "rebuild": request.rebuild,
    }


def _stamps(platform: Platform) -> str | None:
    try:
        return stamps_of(platform)
    except SourceError:
        # The run says which input is missing, and why it ends.
        return None


def _write(folder: Path, record: Record) -> None:
    path = folder / record.id / MANIFEST
    with replacing(path, "record of a command") as temporary:
        temporary.write_text(as_json(record), encoding="utf-8")


def _append(path: Path, line: Mapping[str, Any]) -> None:
    """Append a line; what a kill left of an earlier one ends first, so that lines stay lines."""
    with FileLock(path.with_suffix(".lock")), path.open("a+b") as handle:
        handle.seek(0, os.SEEK_END)
        if handle.tell():
            handle.seek(-1, os.SEEK_END)
            torn = handle.read(1) != b"\n"
        else:
            torn = False
        text = json.dumps(line, ensure_ascii=False)
        handle.write((b"\n" if torn else b"") + text.encode() + b"\n")
        handle.flush()
        os.fsync(handle.fileno())


def _read(path: Path) -> Record | None:
    # A sensor asks at each tick, and a manifest names each partition that was made.
    return _READ.get(path, stamp_of(path), lambda: _parsed(path))


def _parsed(path: Path) -> Record | None:
    try:
        told = json.loads(path.read_bytes())
        for derived in ("seconds", "exit_code"):
            told.pop(derived)
        told |= {name: tuple(told[name]) for name in ("inputs", "run_ids")}
        told["made"] = tuple(Made(**one) for one in told["made"])
        told["failed_checks"] = tuple(CheckFinding(**one) for one in told["failed_checks"])
        return Record(**told)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
