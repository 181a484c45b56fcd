"""The embedded Dagster instance: a local folder with SQLite, the same that the UI opens.

Beside the settings lie a `.env` and a `workspace.yaml`, so that `dagster dev` there opens this graph
with this history, without variables.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from filelock import FileLock

from gosales_assets.platform.platform import Platform
from gosales_resources.errors import StorageError
from gosales_resources.instance.event_log import BATCH_EVENTS, BATCH_VARIABLE
from gosales_resources.settings.loading import CONFIG_VARIABLE
from gosales_resources.store.atomic import replacing

INSTANCE_SETTINGS = """\
# The embedded instance of GoSales: SQLite in this folder, nothing sent anywhere.
telemetry:
  enabled: false
nux:
  enabled: false
event_log_storage:
  module: gosales_resources.instance.event_log
  class: KeptSqliteEventLogStorage
"""
WORKSPACE = """\
# What `dagster dev` in this folder opens. Written by gosales; yours to change.
load_from:
  - python_module: gosales_assets.definitions
"""
OURS = "# Written by gosales: what `dagster dev` in this folder opens."


def home_of(platform: Platform) -> Path:
    """Return the folder of the instance (DAGSTER_HOME)."""
    return platform.settings.store_root / "dagster"


def open_instance(platform: Platform) -> dg.DagsterInstance:
    """Open (and on first use create) the embedded instance under the store's root."""
    home = home_of(platform)
    if not (home / "dagster.yaml").is_file():
        with replacing(home / "dagster.yaml", "dagster instance") as temporary:
            temporary.write_text(INSTANCE_SETTINGS, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ.setdefault(BATCH_VARIABLE, str(BATCH_EVENTS))
    # Two that make the history's files at once leave them with two versions, for good.
    with FileLock(home / "opening.lock"):
        return dg.DagsterInstance.get()


@contextlib.contextmanager
def history_of(platform: Platform) -> Iterator[dg.DagsterInstance]:
    """Give the history to look at; where there is none yet an empty one, and nothing is made."""
    if (home_of(platform) / "dagster.yaml").is_file():
        with open_instance(platform) as instance:
            yield instance
    else:
        with dg.DagsterInstance.ephemeral() as instance:
            yield instance


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
