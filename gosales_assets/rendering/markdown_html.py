"""The Markdown that GoSales writes, as markup: headings, bullets, tables, bold, code.

Of that alone: what `gosales_resources.markdown` escaped is text again, and is escaped for HTML.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from gosales_assets.rendering.markup import Markup, join, tag
from gosales_assets.rendering.page_blocks import bullets, table
from gosales_resources.markdown import plain

_BOLD = re.compile(r"(?<!\\)\*\*(.+?)(?<!\\)\*\*")
_CELLS = re.compile(r"(?<!\\)\|")
# Below the page's own.
DEEPEST = 6


def markdown_html(markdown: str, heading_level: int) -> Markup:
    r"""Return our own Markdown as markup.

    Parameters
    ----------
    markdown
        As a stored table has it.
    heading_level
        What its first level of headings becomes.

    Examples
    --------
    >>> markdown_html("# A\n\n**so \\* <b>**\n\n- one", 4)
    '<h4>A</h4><p><strong>so * &lt;b&gt;</strong></p><ul><li>one</li></ul>'
    """
    lines = [line.rstrip() for line in markdown.splitlines()]
    return join(*_blocks(lines, heading_level))


def inline(markdown: str) -> Markup:
    """Return a line of it: bold parts, all else as text."""
    parts = _BOLD.split(markdown)
    return join(
        *(tag("strong", plain(part)) if at % 2 else plain(part) for at, part in enumerate(parts))
    )


def _blocks(lines: Sequence[str], heading_level: int) -> Iterator[Markup]:
    title = "Table"
    for kind, group in groupby(lines, _kind):
        found = list(group)
        if kind == "heading":
            for line in found:
                signs, _, title = line.partition(" ")
                level = min(heading_level + len(signs) - 1, DEEPEST)
                yield tag(f"h{level}", inline(title))
        elif kind == "bullet":
            yield bullets([inline(line[2:]) for line in found])
        elif kind == "table":
            head, _, *body = ([inline(c.strip()) for c in _cells(line)] for line in found)
            yield table(plain(title), head, body, is_titled=True)
        elif kind == "text":
            yield tag("p", inline(" ".join(found)))


def _kind(line: str) -> str:
    if not line:
        return "blank"
    if re.match(r"#{1,6} ", line):
        return "heading"
    if line.startswith("- "):
        return "bullet"
    return "table" if line.startswith("|") else "text"


def _cells(line: str) -> list[str]:
    return _CELLS.split(line.strip())[1:-1]
