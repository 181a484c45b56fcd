"""YAML that keeps comments: scalars quoted so that any text loads as itself, comments on one line.

PyYAML writes no comments and a settings file without its reasons is half a proposal; so the lines
are put together here, with PyYAML quoting what needs it.
"""

import re
import textwrap
from collections.abc import Sequence

import yaml

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ ./%-]*[A-Za-z0-9_]|[A-Za-z]")
WIDTH = 96


def scalar(value: str | int | None) -> str:
    """Write a scalar that loads as exactly that value.

    Examples
    --------
    >>> scalar("Kd-Nr"), scalar("no"), scalar("a: b"), scalar(None), scalar(3)
    ('Kd-Nr', '"no"', '"a: b"', 'null', '3')
    """
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    if PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    # Escapes everything beyond ASCII letters that a file might lose; never broken over lines.
    return yaml.safe_dump(
        value, default_style='"', allow_unicode=value.isprintable(), width=1 << 30
    ).rstrip("\n")


def sequence(values: Sequence[str]) -> str:
    """Write a list on one line."""
    return f"[{', '.join(_in_flow(value) for value in values)}]"


def mapping(pairs: dict[str, str]) -> str:
    """Write a mapping on one line."""
    return f"{{{', '.join(f'{_in_flow(k)}: {_in_flow(v)}' for k, v in pairs.items())}}}"


def comment(words: str, indent: int = 0) -> list[str]:
    """Write a comment, whatever the text has in it, in lines that fit."""
    safe = "".join(c if c.isprintable() else repr(c)[1:-1] for c in words)
    lead = " " * indent + "# "
    lines = textwrap.wrap(safe, WIDTH - len(lead), break_long_words=False, break_on_hyphens=False)
    return [lead + line for line in lines]


def entry(key: str, written: str, indent: int = 0) -> str:
    """Write one key with its value as it is already written."""
    return f"{' ' * indent}{scalar(key)}: {written}".rstrip()


def block(values: Sequence[str], indent: int) -> list[str]:
    """Write a list, one value a line."""
    return [f"{' ' * indent}- {scalar(value)}" for value in values]


def _in_flow(value: str) -> str:
    return scalar(value)
