"""Headless Chromium as people have it, driven by its own protocol: no package but `websockets`."""

import base64
import contextlib
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PORT_FILE = "DevToolsActivePort"


def program() -> str | None:
    """Return where Chromium is; None where there is none."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class Tab:
    """One tab of a browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self.send("Page.enable")
        self.send("Runtime.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol; return its result."""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            told = json.loads(self._socket.recv(timeout=120))
            if told.get("id") == number:
                if "error" in told:
                    raise AssertionError(f"{method}: {told['error']}")
                return told["result"]

    def open(self, url: str) -> None:
        self.send("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """Evaluate JavaScript; return its value."""
        told = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in told:
            raise AssertionError(told["exceptionDetails"])
        return told["result"].get("value")

    @property
    def text(self) -> str:
        """What can be read on the page; tables are drawn, and their cells lie beside the drawing."""
        return self.run("document.body ? document.body.innerText : ''") or ""

    @property
    def cells(self) -> list[str]:
        return self.run(
            "[...document.querySelectorAll('canvas [role=gridcell]')].map(c => c.textContent)"
        )

    def wait(self, condition: Any, what: str, seconds: float = 120) -> Any:
        """Wait for what a function of the tab returns to be true; return it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := condition(self):
                return found
            time.sleep(0.3)
        raise AssertionError(f"not within {seconds} s: {what}; the page: {self.text[:2000]}")

    def wait_for(self, text: str) -> None:
        """Wait for a text, and for the page to be done."""
        self.wait(lambda tab: text in tab.text and not tab.is_busy, f"'{text}'")

    @property
    def is_busy(self) -> bool:
        return self.run(
            "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState !== 'notRunning'"
        )

    def click(self, selector: str) -> None:
        """Click the middle of the first element that a selector finds, as a mouse does."""
        place = (
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); if (!e) return null;"
            "e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();"
            "return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        self.click_at(*self.wait(lambda tab: tab.run(place), selector))

    def press(self, words: str) -> None:
        """Click the button, or link, that says this."""
        mark = (
            "document.querySelectorAll('[data-pressed]').forEach(e => delete e.dataset.pressed);"
            "[...document.querySelectorAll('button, a')]"
            f".filter(e => e.innerText.includes({json.dumps(words)}))"
            ".slice(0, 1).map(e => e.dataset.pressed = 1).length"
        )
        self.wait(lambda tab: tab.run(mark), f"a button '{words}'")
        self.click("[data-pressed]")

    def fill(self, label: str, text: str) -> None:
        """Type into the field that is called so."""
        self.click(f'input[aria-label="{label}"]')
        self.type(text)

    def click_at(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text: str, end: str = "Enter") -> None:
        """Type a text where the cursor is, then a key."""
        self.send("Input.insertText", text=text)
        code = {"Enter": 13, "Tab": 9, "Escape": 27}[end]
        for kind in ("keyDown", "keyUp"):
            self.send(
                "Input.dispatchKeyEvent", type=kind, key=end, code=end,
                windowsVirtualKeyCode=code, text="\r" if end == "Enter" else "",
            )  # fmt: skip

    def size(self, width: int, height: int) -> None:
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height,
            deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def picture(self, file: Path) -> None:
        told = self.send("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(told["data"]))


@contextlib.contextmanager
def browser(folder: Path, width: int = 1280, height: int = 900) -> Iterator[Tab]:
    """Start Chromium with a new profile in a folder; downloads come there."""
    profile = folder / "profile"
    command = [
        program() or "", "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
        f"--user-data-dir={profile}", "--no-first-run", "--lang=en-US", "about:blank",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while not (profile / PORT_FILE).exists() and time.monotonic() < end:
            time.sleep(0.2)
        port, path = (profile / PORT_FILE).read_text().split()
        with connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as root:
            whole = Tab.__new__(Tab)
            whole._socket, whole._ids = root, itertools.count(1)
            whole.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
            target = whole.send("Target.createTarget", url="about:blank")["targetId"]
            with connect(f"ws://127.0.0.1:{port}/devtools/page/{target}", max_size=None) as socket:
                tab = Tab(socket)
                tab.size(width, height)
                yield tab
    finally:
        process.terminate()
        process.wait(30)
