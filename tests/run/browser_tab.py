"""A page that its server changes while it is looked at: what a person reads, presses and fills in."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.worlds.browser import Page, browser


class Tab(Page):
    """One tab of a browser, on pages of Streamlit."""

    def visit(self, url: str) -> None:
        self.call("Page.navigate", url=url)

    @property
    def text(self) -> str:
        """What can be read on the page; tables are drawn, and their cells lie beside the drawing."""
        return self.value("document.body ? document.body.innerText : ''") or ""

    @property
    def cells(self) -> list[str]:
        return self.value(
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
        return self.value(
            "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState !== 'notRunning'"
        )

    def click(self, selector: str) -> None:
        """Click the middle of the first element that a selector finds, as a mouse does."""
        place = (
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); if (!e) return null;"
            "e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();"
            "return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        self.click_at(*self.wait(lambda tab: tab.value(place), selector))

    def press(self, words: str) -> None:
        """Click the button, or link, that says this."""
        mark = (
            "document.querySelectorAll('[data-pressed]').forEach(e => delete e.dataset.pressed);"
            "[...document.querySelectorAll('button, a')]"
            f".filter(e => e.innerText.includes({json.dumps(words)}))"
            ".slice(0, 1).map(e => e.dataset.pressed = 1).length"
        )
        self.wait(lambda tab: tab.value(mark), f"a button '{words}'")
        self.click("[data-pressed]")

    def fill(self, label: str, text: str) -> None:
        """Type into the field that is called so."""
        self.click(f'input[aria-label="{label}"]')
        self.enter(text)

    def click_at(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def enter(self, text: str, end: str = "Enter") -> None:
        """Type a text where the cursor is, then a key."""
        self.call("Input.insertText", text=text)
        code = {"Enter": 13, "Tab": 9, "Escape": 27}[end]
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=end, code=end,
                windowsVirtualKeyCode=code, text="\r" if end == "Enter" else "",
            )  # fmt: skip


@contextmanager
def tab_of_browser(folder: Path, width: int = 1280, height: int = 900) -> Iterator[Tab]:
    """Start a browser with a new profile in a folder; downloads come there."""
    with browser(folder / "profile", Tab) as tab:
        tab.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
        tab.as_wide_as(width, height)
        yield tab
