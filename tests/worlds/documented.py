"""The commands that README, documents and outputs show, as a person would type them."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
# In a block of its own: indented, or between fences.
BLOCK = re.compile(r"^(?:    )?(?P<command>(?:\S*/)?gosales [^\n]*)$", re.MULTILINE)
INLINE = re.compile(r"`(?P<command>gosales [^`]*)`")
# What says what a command does stands behind it.
REMARK = re.compile(r"\s+#.*$|\s{2,}\S.*$")


def commands_in(text: str) -> list[str]:
    """List commands that stand on a line of their own, without remarks."""
    return [REMARK.sub("", found["command"]).strip() for found in BLOCK.finditer(text)]


def documented_commands() -> list[tuple[str, str]]:
    """List page and command, in the order of the pages."""
    return [
        (page.name, command)
        for page in PAGES
        for command in commands_in(page.read_text(encoding="utf-8"))
    ]


def mentioned_commands() -> list[tuple[str, str]]:
    """List page and command, of those that a sentence names."""
    return [
        (page.name, " ".join(found["command"].split()))
        for page in PAGES
        for found in INLINE.finditer(page.read_text(encoding="utf-8"))
    ]
