"""Text from data on its way to a page or a terminal: the one place where it is made harmless.

Names, ids, column names, file names and findings are whatever a file holds. In Markdown they would
become pictures from elsewhere, links and rows of their own; on a terminal they would move the cursor.
Everything that is shown as Markdown goes through `escape` or what is built on it, everything that is
printed through `visible`.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

# An error message fits; a cell that was pasted from a document does not.
LONGEST = 600
# Dagster's pages show Markdown below 1,000 characters in place; longer text is behind a link.
IN_PLACE = 999
# Joiners are letters' own in Persian, Indic scripts and emoji.
JOINERS = "\u200c\u200d"
INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
# What GitHub's Markdown makes a link of by itself. A backslash does not stop it, a code span does.
_WORD = r"[^\s|`\\*\[\]<>()&~!]*"
_LINKED = re.compile(rf"{_WORD}(?:://|www\.|@){_WORD}", re.IGNORECASE)
_SIGNS = re.compile(r"[\\`*\[\]<>&|~]|(?<=\])\(|(?<!\w)_+|_+(?!\w)")
_LEADING = re.compile(r"^(?:([-+#=:])|(\d+)([.)]))")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])|`([^`\\|\s]*)`")
_BLANKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")


def visible(value: object, longest: int | None = None) -> str:
    r"""Return text in one line, its control and direction signs spelt out.

    Parameters
    ----------
    value
        Anything; None gives an empty text.
    longest
        Characters after which it is cut, and said to be.

    Examples
    --------
    >>> visible("two\nlines \x1b[31mred"), visible("abcdef", 4)
    ('two lines \\x1b[31mred', 'abcd… (6 characters)')
    """
    text = "" if value is None else str(value)
    if longest is not None and len(text) > longest:
        text = f"{text[:longest]}… ({len(text):,} characters)"
    return printable(_BLANKS.sub(" ", text))


def printable(text: str) -> str:
    r"""Return text with its control and direction signs spelt out; lines and tabs stay.

    Examples
    --------
    >>> printable("a\n\u202eb")
    'a\n\\u202eb'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelt(sign) if _is_invisible(sign) else sign for sign in text)


def _is_invisible(sign: str) -> bool:
    return sign not in "\n\t" + JOINERS and unicodedata.category(sign) in INVISIBLE


def _spelt(sign: str) -> str:
    code = ord(sign)
    return (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )


def escape(value: object, longest: int = LONGEST) -> str:
    r"""Return text as Markdown that shows it as it is: no link, picture, HTML, emphasis or cell.

    Parameters
    ----------
    value
        Anything; None gives an empty text.
    longest
        Characters after which it is cut, and said to be.

    Examples
    --------
    >>> print(escape("a|b ![x](http://e.com/p.png) dim_customer"))
    a\|b !\[x\]\(`http://e.com/p.png`) dim_customer
    """
    text = visible(value, longest)
    parts, end = [], 0
    for linked in _LINKED.finditer(text):
        parts += [_SIGNS.sub(_with_backslashes, text[end : linked.start()]), f"`{linked[0]}`"]
        end = linked.end()
    return "".join([*parts, _SIGNS.sub(_with_backslashes, text[end:])])


def _with_backslashes(found: re.Match[str]) -> str:
    return "".join(f"\\{sign}" for sign in found[0])


def plain(markdown: str) -> str:
    r"""Return the text that `escape` was given, as far as it was visible: for a terminal.

    Examples
    --------
    >>> plain(escape("a|b at www.e.com [1]"))
    'a|b at www.e.com [1]'
    """
    return _ESCAPED.sub(lambda found: found[1] or found[2] or "", markdown)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    r"""Return a Markdown table; every cell is escaped.

    Examples
    --------
    >>> print(table(["id", "n"], [["x|y", 3], [None, 4]]))
    | id | n |
    |---|---|
    | x\|y | 3 |
    |  | 4 |
    """
    lines = [head, *rows]
    text = [f"| {' | '.join(map(escape, line))} |" for line in lines]
    return "\n".join([text[0], "|" + "---|" * len(head), *text[1:]])


def table_in_place(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    r"""Return a table of the first rows, as many as Dagster's pages show without a click.

    Examples
    --------
    >>> print(table_in_place(["n"], [["a"], ["b"]]))
    | n |
    |---|
    | a |
    | b |
    >>> len(table_in_place(["n"], [["a" * 500]] * 3)) <= IN_PLACE
    True
    """
    for count in range(len(rows), 0, -1):
        if len(text := table(head, rows[:count])) <= IN_PLACE:
            return text
    return table(head, rows[:0])


def bullets(lines: Iterable[object]) -> str:
    r"""Return a Markdown list; every line is escaped, and `none` stands for an empty one.

    Examples
    --------
    >>> print(bullets(["# one", "two"]))
    - \# one
    - two
    """
    return "\n".join(f"- {paragraph(line)}" for line in lines) or "none"


def paragraph(value: object) -> str:
    r"""Return text as a paragraph of its own: as `escape`, and no heading, list or rule.

    Examples
    --------
    >>> paragraph("1. [2024]")
    '1\\. \\[2024\\]'
    """
    return _LEADING.sub(_leading, escape(value).strip())


def _leading(found: re.Match[str]) -> str:
    return f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}"
