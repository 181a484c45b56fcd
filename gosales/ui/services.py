"""What runs behind the UI: the server of the graph's code, and one daemon a store."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
from dagster._cli.proxy_server_manager import ProxyServerManager
from dagster._core.workspace.load_target import ModuleTarget
from filelock import FileLock, Timeout

from gosales_resources.errors import GosalesError
from gosales_resources.store.atomic import replacing

LOCK, TOLD = "ui.lock", "ui.json"
END_SECONDS = 30


class ServedError(GosalesError):
    """The store has a UI with a daemon already, or its daemon has died."""


@contextlib.contextmanager
def only_one(home: Path, url: str) -> Iterator[None]:
    """Be the one UI of a store that has a daemon: two would start each backfill twice.

    Parameters
    ----------
    home
        The folder of the instance.
    url
        Where this UI is, for the message of a second one.

    Raises
    ------
    ServedError
        When another process is that.
    """
    lock = FileLock(home / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise ServedError(
            f"The store of {home.parent} has a UI already: {_whose(home / TOLD)}. A second daemon "
            "would run everything twice; nothing was started. Open that one, end it first, or start "
            "this one with --read-only."
        ) from error
    try:
        with replacing(home / TOLD, "UI") as temporary:
            temporary.write_text(json.dumps({"url": url, "process": os.getpid()}), encoding="utf-8")
        yield
    finally:
        lock.release()


def _whose(told: Path) -> str:
    try:
        known = json.loads(told.read_text(encoding="utf-8"))
        return f"{known['url']} (process {known['process']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "it is starting"


@contextlib.contextmanager
def code_server(instance: dg.DagsterInstance, module: str) -> Iterator[Path]:
    """Serve a module's definitions; gives the workspace file that finds the server.

    It is started anew when it dies, and ends by itself when this process is gone.
    """
    # As `dagster dev` does: one server for the daemon and the pages.
    target = ModuleTarget(
        module_name=module, attribute=None, working_directory=None, location_name=None
    )
    with ProxyServerManager(instance, target) as servers, TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace.yaml"
        # JSON is YAML.
        text = json.dumps({"load_from": servers.get_code_server_specs()})
        workspace.write_text(text, encoding="utf-8")
        yield workspace


@contextlib.contextmanager
def daemon(workspace: Path, when_dead: Callable[[], None]) -> Iterator[None]:
    """Run Dagster's daemon beside this process.

    Parameters
    ----------
    workspace
        Finds the server of the code.
    when_dead
        Called from another thread when it ends before it was told to.

    Raises
    ------
    ServedError
        At the end, when it had died.
    """
    command = [sys.executable, "-m", "gosales.ui.daemon", "--workspace", str(workspace)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    told = threading.Event()

    def watch() -> None:
        process.wait()
        if not told.is_set():
            when_dead()

    threading.Thread(target=watch, daemon=True).start()
    died = None
    try:
        yield
    finally:
        died = process.poll()
        told.set()
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    if died is not None:
        raise ServedError(
            f"Dagster's daemon has ended with code {died}, and the UI with it: nothing would run. "
            "Its last lines are above; start gosales ui again."
        )
