"""`gosales ui` as a process of its own, and its API as the pages use it."""

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path


def ask(port: int, query: str, variables: dict) -> dict:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)["data"]


def wait_for(condition, seconds: float):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(2)
    raise AssertionError(f"not within {seconds} s")


def answers(port: int) -> bool:
    try:
        return bool(ask(port, "query { version }", {}))
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def ui_command(folder: Path, port: int, *options: str) -> list[str]:
    config = str(folder / "gosales.yaml")
    return [
        sys.executable,
        "-m",
        "gosales",
        "ui",
        "--port",
        str(port),
        "--config",
        config,
        *options,
    ]


@contextlib.contextmanager
def served_ui(
    folder: Path, port: int, *options: str, cwd: Path | None = None
) -> Iterator[subprocess.Popen]:
    """Serve the world of a folder until the end; what it started ends with it."""
    with (folder / f"ui-{port}.log").open("w") as log:
        command = ui_command(folder, port, *options)
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=cwd or folder)
        try:
            wait_for(lambda: answers(port), 240)
            yield process
        finally:
            process.terminate()
            process.wait(60)
            wait_for(lambda: not answers(port), 30)
