"""What a page makes of Markdown, by another parser than ours: what can be clicked, loaded or forged."""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# GitHub's Markdown makes links of these in plain text, after parsing; not in code.
AUTOLINKED = re.compile(r"://|www\.|@[\w-]+\.", re.IGNORECASE)
OURS = {"heading_open", "heading_close", "strong_open", "strong_close", "softbreak"}

HOSTILE = {
    "picture": "![x](http://evil.example/p.png)",
    "picture by reference": "![x][1]\n\n[1]: http://evil.example/p.png",
    "tag": "<img src=http://evil.example/p.png onerror=alert(1)>",
    "link": "[click](javascript:alert(1))",
    "angle link": "<http://evil.example>",
    "bare link": "pay at http://evil.example/now or www.evil.example, ask a@evil.example",
    "cell": "a | b",
    "escaped cell": "a \\| b",
    "rows": "a\n| 2024-06-30 | cad | forged | 1 |\n",
    "end of table": "a\n\n# Forged heading\n\nAll checks passed.",
    "code": "``` `a``b ```",
    "open code": "` a | b",
    "emphasis": "**bold** _it_ __bo__ ~~gone~~",
    "entity": "&lt;b&gt; &#124; &amp;",
    "terminal": "\x1b[2J\x1b]0;title\x07\x9b31m",
    "direction": "abc\u202edcba\u2066x",
    "line ends": "a\r\nb\u2028c\x85d\x0be",
    "math": "$\\frac{$",
    "long": "word " * 5_000,
}


def tokens(markdown: str) -> list[Token]:
    return [t for token in PARSER.parse(markdown) for t in [token, *(token.children or [])]]


def harms(markdown: str) -> list[str]:
    """List what a page would load, link or run, and signs that are not seen."""
    found = [
        t.type
        for t in tokens(markdown)
        if t.type in ("image", "link_open", "html_inline", "html_block")
    ]
    found += [
        t.content for t in tokens(markdown) if t.type == "text" and AUTOLINKED.search(t.content)
    ]
    return found + re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", markdown)


def cells(markdown: str) -> list[list[str]]:
    """Return the rows of the one table that a text is, its head first."""
    rows: list[list[str]] = []
    parsed = PARSER.parse(markdown)
    assert parsed[0].type == "table_open", markdown
    assert [t.type for t in parsed].count("table_open") == 1
    assert parsed[-1].type == "table_close", "something comes after the table"
    for token in parsed:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(text_of(token))
    return rows


def text_of(token: Token) -> str:
    children = token.children or []
    assert {t.type for t in children} <= {"text", "text_special", "code_inline"}, children
    return "".join(t.content for t in children)
