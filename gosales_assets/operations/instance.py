"""The embedded Dagster instance: a local folder with SQLite, the same that the UI opens.

Beside the settings lie a `.env` and a `workspace.yaml`, so that `dagster dev` there opens this graph
with this history, without variables.
"""

import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import yaml
from dagster_shared.check import CheckError
from dagster_shared.error import DagsterError
from filelock import FileLock

from gosales_assets.operations.history import (
    INDEX,
    MAIN_TABLES,
    damage_message,
    damaged_files,
    put_aside,
    settings_message,
    telling_history_errors,
)
from gosales_assets.platform.platform import Platform
from gosales_resources.errors import HistoryError, StorageError
from gosales_resources.instance.event_log import BATCH_EVENTS, BATCH_VARIABLE
from gosales_resources.settings.loading import CONFIG_VARIABLE
from gosales_resources.store.atomic import replacing

# What earlier versions wrote, all of it: made anew where nobody changed it.
EARLIER = """\
# The embedded instance of GoSales: SQLite in this folder, nothing sent anywhere.
telemetry:
  enabled: false
nux:
  enabled: false
event_log_storage:
  module: gosales_resources.instance.event_log
  class: KeptSqliteEventLogStorage
"""
INSTANCE_SETTINGS = (
    EARLIER
    + """# Runs of the UI, of sensors and schedules wait for each other. Each has all CPUs when its turn comes.
concurrency:
  runs:
    max_concurrent_runs: 1
# A run that does not start gives its place back.
run_monitoring:
  enabled: true
  start_timeout_seconds: 600
# Ticks that asked for nothing, in days.
retention:
  sensor:
    purge_after_days:
      skipped: 7
      failure: 90
      success: 90
  schedule:
    purge_after_days: 90
"""
)
WORKSPACE = """\
# What `dagster dev` in this folder opens. Written by gosales; yours to change.
load_from:
  - python_module: gosales_assets.definitions
"""
SETTINGS, LOCK = "dagster.yaml", "opening.lock"
MISSING = "missing"
OLDER = "of an earlier version"
# As many bytes of `dagster.yaml` as chance may change without anybody having written it.
SPOILT_BYTES = 8
LOG = logging.getLogger("gosales")
OURS = "# Written by gosales: what `dagster dev` in this folder opens."


def home_of(platform: Platform) -> Path:
    """Return the folder of the instance (DAGSTER_HOME)."""
    return platform.settings.store_root / "dagster"


def open_instance(platform: Platform) -> dg.DagsterInstance:
    """Open (and on first use create) the embedded instance under the store's root.

    What is damaged of it is put aside, and told.

    Raises
    ------
    StorageError
        When nothing may be written there, or `dagster.yaml` is not usable.
    """
    home = home_of(platform)
    with telling_history_errors(home):
        home.mkdir(parents=True, exist_ok=True)
        # Two that make the history's files at once leave them with two versions, for good.
        with FileLock(home / LOCK):
            if found := settings_damage(home / SETTINGS) or _is_earlier(home / SETTINGS):
                if found not in (MISSING, OLDER):
                    LOG.warning("%s is damaged (%s): it is made anew", home / SETTINGS, found)
                with replacing(home / SETTINGS, "dagster instance", home) as temporary:
                    temporary.write_text(INSTANCE_SETTINGS, encoding="utf-8")
            for path, wrong in damaged_files(home).items():
                put_aside(path, wrong)
            return _opened(home)


@contextlib.contextmanager
def history_of(platform: Platform) -> Iterator[dg.DagsterInstance]:
    """Give the history to look at; where there is none yet an empty one, and nothing is made.

    Where nothing may be written a copy of its index is looked at: SQLite writes to read.

    Raises
    ------
    HistoryError
        When it is damaged: who only looks puts nothing aside.
    """
    home = home_of(platform)
    with contextlib.ExitStack() as stack, telling_history_errors(home):
        if not os.path.lexists(home / SETTINGS):
            yield stack.enter_context(dg.DagsterInstance.ephemeral())
            return
        if not _may_be_written(home):
            home = stack.enter_context(_copy_of(home))
        if found := settings_damage(home / SETTINGS):
            raise HistoryError(damage_message(home_of(platform) / SETTINGS, found))
        for path, wrong in damaged_files(home).items():
            if path.relative_to(home).as_posix() in MAIN_TABLES:
                raise HistoryError(
                    damage_message(home_of(platform) / path.relative_to(home), wrong)
                )
        with FileLock(home / LOCK):
            instance = _opened(home)
        yield stack.enter_context(instance)


def _opened(home: Path) -> dg.DagsterInstance:
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ.setdefault(BATCH_VARIABLE, str(BATCH_EVENTS))
    try:
        return dg.DagsterInstance.get()
    except (DagsterError, CheckError, ImportError, AttributeError) as error:
        raise StorageError(
            f"{home / SETTINGS} cannot be used ({settings_message(error)}). Mend "
            "it, or move it away and run again: it is then written anew."
        ) from error


def _is_earlier(path: Path) -> str | None:
    return OLDER if path.read_text(encoding="utf-8", errors="replace") == EARLIER else None


def settings_damage(path: Path) -> str | None:
    """Say why `dagster.yaml` is not what was written, nor what a person would write."""
    if not path.exists():
        return "a link to nowhere" if path.is_symlink() else MISSING
    if not path.is_file():
        return "not a file"
    text, ours = path.read_bytes(), INSTANCE_SETTINGS.encode()
    unlike = sum(a != b for a, b in zip(text, ours, strict=False))
    if text == ours or text == EARLIER.encode():
        return None
    if ours.startswith(text):
        return "cut off" if text else "empty"
    # No edit of a person's: it would have another length, or other words.
    if len(text) == len(ours) and unlike <= SPOILT_BYTES:
        return f"{unlike} byte(s) are not what was written"
    try:
        is_mapping = isinstance(yaml.safe_load(text), dict)
    except (yaml.YAMLError, UnicodeDecodeError):
        is_mapping = False
    return None if is_mapping else "not YAML of an instance"


def _may_be_written(home: Path) -> bool:
    names = ("", "history", "history/runs", "schedules", LOCK, *MAIN_TABLES)
    return all(os.access(home / name, os.W_OK) for name in names if (home / name).exists())


@contextlib.contextmanager
def _copy_of(home: Path) -> Iterator[Path]:
    """Copy what commands that only look need of a history: settings and index, not the runs."""
    with tempfile.TemporaryDirectory(prefix="gosales-history-") as folder:
        copy = Path(folder)
        (copy / INDEX).parent.mkdir(parents=True)
        shutil.copyfile(home / SETTINGS, copy / SETTINGS)
        for name in (INDEX, f"{INDEX}-wal"):
            if (home / name).is_file():
                shutil.copyfile(home / name, copy / name)
        yield copy


def write_environment(platform: Platform, folder: Path) -> None:
    """Let `dagster dev` in a folder open this graph and history.

    A `.env` that is not ours keeps its lines; what it says of our variables stays. Where neither file
    can be written the UI is still there by `gosales ui`.
    """
    variables = {
        CONFIG_VARIABLE: str(platform.settings.config_file.resolve()),
        "DAGSTER_HOME": str(home_of(platform)),
        BATCH_VARIABLE: str(BATCH_EVENTS),
    }
    with contextlib.suppress(StorageError):
        _put(folder / ".env", _environment(folder / ".env", variables))
        if not (folder / "workspace.yaml").exists():
            _put(folder / "workspace.yaml", WORKSPACE)


def _environment(path: Path, variables: dict[str, str]) -> str:
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    theirs, _, _ = text.partition(OURS)
    known = {line.partition("=")[0].strip() for line in theirs.splitlines()}
    lines = [f"{name}={value}" for name, value in variables.items() if name not in known]
    return theirs + "\n".join([OURS, *lines]) + "\n"


def _put(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        with replacing(path, "dagster dev") as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
