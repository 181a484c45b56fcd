"""A page in headless Chromium, driven over its debugging socket: what a reader's browser makes of it."""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from websockets.sync.client import connect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PROGRAM = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
# It writes where it listens once it does.
PORT_FILE, PATIENCE_S = "DevToolsActivePort", 60


class Page:
    """One page, and what it asked a network for."""

    def __init__(self, socket, session: str) -> None:
        self._socket, self._session, self._number = socket, session, 0
        self.requests: list[str] = []
        self.refused: list[str] = []
        """Requests that the page's own policy did not let out."""
        self.dialogs: list[str] = []
        self._asked: dict[str, str] = {}
        self._loads = 0
        for domain in ("Page", "Runtime", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the debugging protocol, of the page or of the whole browser."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if not method.startswith("Browser."):
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        while (told := self._next()).get("id") != self._number:
            pass
        assert "error" not in told, told
        return told["result"]

    def _next(self) -> dict[str, Any]:
        told = json.loads(self._socket.recv(timeout=PATIENCE_S))
        found = told.get("params", {})
        match told.get("method"):
            case "Network.requestWillBeSent":
                self._asked[found["requestId"]] = found["request"]["url"]
                self.requests.append(found["request"]["url"])
            case "Network.loadingFailed" if found.get("blockedReason") == "csp":
                self.refused.append(self._asked[found["requestId"]])
            case "Page.javascriptDialogOpening":
                self.dialogs.append(found["message"])
            case "Page.loadEventFired":
                self._loads += 1
        return told

    def open(self, file: Path, fragment: str = "") -> None:
        """Open a file anew."""
        self.requests.clear()
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=f"{file.as_uri()}{'#' if fragment else ''}{fragment}")
        while self.value("document.readyState + location.protocol") != "completefile:":
            time.sleep(0.05)

    def reload(self) -> None:
        """Load the page again and wait until it is there."""
        before = self._loads
        self.call("Page.reload")
        while self._loads == before:
            self.call("Page.getFrameTree")

    def value(self, expression: str) -> Any:
        """Return what an expression is on the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def choose(self, control: str, label: str) -> None:
        """Choose an option by the text that it begins with, as a person does."""
        self.value(
            f"(() => {{ const s = document.getElementById({json.dumps(control)});"
            f"s.value = [...s.options].find(o => o.text.startsWith({json.dumps(label)})).value;"
            "s.dispatchEvent(new Event('change')); })()"
        )

    def type(self, control: str, text: str) -> None:
        """Write into a field."""
        self.value(
            f"(() => {{ const i = document.getElementById({json.dumps(control)});"
            f"i.value = {json.dumps(text)}; i.dispatchEvent(new Event('input')); }})()"
        )

    def shown(self, selector: str) -> list[str]:
        """Return the texts of elements that can be seen."""
        return self.value(
            f"[...document.querySelectorAll({json.dumps(selector)})]"
            ".filter(e => e.checkVisibility()).map(e => e.innerText)"
        )

    def as_printed(self) -> None:
        """Show the page as it is on paper."""
        self.call("Emulation.setEmulatedMedia", media="print")

    def as_wide_as(self, pixels: int, height: int = 900) -> None:
        """Show the page in a window of a width."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=pixels, height=height, deviceScaleFactor=1, mobile=pixels < 600,
        )  # fmt: skip

    def pdf(self) -> bytes:
        """Print the page."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])


Seen = TypeVar("Seen", bound=Page)


@contextmanager
def browser(folder: Path, kind: type[Seen] = Page) -> Iterator[Seen]:
    """Start a browser that keeps what it keeps in a folder, with one page of a kind."""
    assert PROGRAM is not None
    started = subprocess.Popen(
        [PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--remote-debugging-port=0",
         f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        port, path = _where(folder / PORT_FILE)
        with connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as socket:
            yield kind(socket, _attached(socket))
    finally:
        started.terminate()
        started.wait(PATIENCE_S)


def _where(file: Path) -> tuple[str, str]:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if file.is_file() and len(lines := file.read_text().split()) == 2:
            return lines[0], lines[1]
        time.sleep(0.05)
    raise AssertionError("the browser does not listen")


def _attached(socket) -> str:
    """Return the session of the one page."""
    asked = [
        ("Target.createTarget", {"url": "about:blank"}, "targetId"),
        ("Target.attachToTarget", {"flatten": True}, "sessionId"),
    ]
    found: dict[str, str] = {}
    for number, (method, parameters, wanted) in enumerate(asked, start=1_000_000):
        message = {"id": number, "method": method, "params": parameters | found}
        socket.send(json.dumps(message))
        while (told := json.loads(socket.recv(timeout=PATIENCE_S))).get("id") != number:
            pass
        found = {wanted: told["result"][wanted]}
    return found["sessionId"]
