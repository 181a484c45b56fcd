"""The blocks of docs/deployment.md that are marked to be run, by name."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "deployment.md"
MARKED = re.compile(
    r"<!-- run: (?P<name>[\w-]+) -->\n+```(?:sh|yaml|ini)\n(?P<text>.*?)```", re.DOTALL
)


def all_blocks() -> dict[str, str]:
    """Return name -> text of each marked block."""
    text = PAGE.read_text(encoding="utf-8")
    found = [(m["name"], m["text"]) for m in MARKED.finditer(text)]
    assert len(found) == text.count("<!-- run: ") == len(dict(found))
    return dict(found)


def blocks_of(*names: str) -> list[str]:
    """Return the texts of marked blocks."""
    every = all_blocks()
    return [every[name] for name in names]
