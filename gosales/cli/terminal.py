"""What the commands print: progress apart from results, and tables with one set of defaults.

The one place that prints for eyes: control signs in names and cells are spelt out on the way, and
colours are where a terminal wants them.
"""

import codecs
import contextlib
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Literal, TextIO

import polars as pl

from gosales.cli.program import NAME, quoted
from gosales_resources.markdown import printable, visible

LOOKS: dict[str, Any] = {
    "tbl_rows": -1,
    "tbl_cols": -1,
    "tbl_width_chars": -1,
    "tbl_hide_dataframe_shape": True,
    "tbl_hide_column_data_types": True,
}

# A command that a message names, up to its last option: those with settings, and those without.
COMMAND = re.compile(
    r"(?<![\w./\\-])gosales (?:(?P<takes_settings>(?:materialize|status|verify|ui|list|export|pages|backtest"
    r"|gauntlet|metrics|ablate|show [a-z_]+|(?:config|schema|restatement|alerts|runs) [a-z]+"
    r"|model (?:list|(?:card|aging|rollback|release) [\w-]+))(?![\w-])"
    r"(?: --(?:upstream|all|dry-run)(?![\w-])"
    r"| --(?:select|cutoffs?|divisions?|to|port|kind|top|off|rep)"
    r" (?:\"[^\"]*\"|'[^']*'|[^\s()`;\"']*[^\s()`;.,:\"']))*)"
    r"|demo|source inspect|--version|--help)(?![\w-])"
)
OPTION = " --config "
OWN = re.compile(OPTION)
_PROGRAM: ContextVar[str] = ContextVar("what this program is called here", default=NAME)
_GIVEN: ContextVar[str] = ContextVar("options of settings, as they were given", default="")

Style = Literal["error", "warning", "faint", "strong"]
CODES: Mapping[str, str] = {"error": "31;1", "warning": "33", "faint": "2", "strong": "1"}
# What a terminal or a file in an old encoding has no sign for; dashes, a cross and frames of tables.
PLAIN = str.maketrans(
    {"…": "...", "\u2013": "-", "\u2014": "-", "\u00d7": "x"}
    | dict.fromkeys("─═╌", "-")
    | dict.fromkeys("│║┆", "|")
    | dict.fromkeys("┌┐└┘├┤┬┴┼╞╡╪╔╗╚╝", "+")
)


@contextlib.contextmanager
def under_settings(
    config: Path | None, overrides: Sequence[str] = (), program: str | None = None
) -> Iterator[None]:
    """Print commands so that they run as printed: by this program's name, with the settings given.

    Parameters
    ----------
    config
        What `--config` said; None where it was not given.
    overrides
        What each `--set` said.
    program
        What a shell calls this program by (`program_name`); None for what was said before.
    """
    given = f"{OPTION}{quoted(str(config))}" if config else ""
    given += "".join(f" --set {quoted(one)}" for one in overrides)
    tokens = _GIVEN.set(given), _PROGRAM.set(program or _PROGRAM.get())
    try:
        yield
    finally:
        _GIVEN.reset(tokens[0])
        _PROGRAM.reset(tokens[1])


def print_frame(frame: pl.DataFrame, **looks: Any) -> None:
    """Print a frame without its shape and types; `looks` are options of `polars.Config`.

    Parameters
    ----------
    frame
        All rows and columns are shown unless `looks` say otherwise.
    **looks
        Options of `polars.Config`.
    """
    # A line end in a cell would look like a row of its own.
    lines = frame.with_columns(pl.col(pl.String).map_elements(visible, return_dtype=pl.String))
    with pl.Config(**(LOOKS | looks)):
        _print(str(lines))


def tell(text: str = "", end: str = "\n", style: Style | None = None) -> None:
    """Print a result for eyes."""
    _print(with_settings(text), end=end, style=style)


def say(line: str, style: Style | None = None) -> None:
    """Show progress without mixing it into output that may be piped."""
    _print(with_settings(line), file=sys.stderr, flush=True, style=style)


def with_settings(text: str) -> str:
    """Give each command in a text its program's name and the options of `under_settings`.

    A command that has settings of its own keeps them.

    Examples
    --------
    >>> with under_settings(Path("shop.yaml"), program=".venv/bin/gosales"):
    ...     with_settings("Look: gosales show sales_log --cutoff 2024-03-31.")
    'Look: .venv/bin/gosales show sales_log --cutoff 2024-03-31 --config shop.yaml.'
    """
    given, program = _GIVEN.get(), _PROGRAM.get()

    def completed(command: re.Match[str]) -> str:
        has_own = bool(OWN.match(text, command.end())) or not command["takes_settings"]
        return program + command.group().removeprefix(NAME) + ("" if has_own else given)

    return COMMAND.sub(completed, text)


def styled(text: str, style: Style | None, stream: TextIO) -> str:
    """Return a text that is safe to print in a style, where what it goes to wants colours."""
    return f"\x1b[{CODES[style]}m{text}\x1b[0m" if style and wants_colour(stream) else text


def wants_colour(stream: TextIO) -> bool:
    """Say whether colours may be written: `NO_COLOR`, `FORCE_COLOR`, else a terminal that has them.

    References
    ----------
    https://no-color.org, https://force-color.org
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal(stream)


def is_terminal(stream: TextIO) -> bool:
    """Say whether lines may be rewritten: a terminal, and not one that only appends."""
    # Windows' old console shows escape signs; its new one names itself.
    is_old = os.name == "nt" and not {"WT_SESSION", "TERM"} & set(os.environ)
    return stream.isatty() and os.environ.get("TERM") != "dumb" and not is_old


def encodable(text: str, stream: TextIO) -> str:
    """Return a text in signs that a stream's encoding has; what it has none for is spelt out."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(PLAIN).encode(encoding, "backslashreplace").decode(encoding)
    return text


def hand_over(content: str, stream: TextIO | None = None) -> None:
    """Give text to another program as it is: UTF-8 and line ends untouched; to a terminal, visible."""
    out = stream or sys.stdout
    if out.isatty():
        out.write(encodable(printable(content), out))
        return
    out.flush()
    buffer = getattr(out, "buffer", None)
    if buffer is None:
        out.write(content)
    else:
        buffer.write(codecs.encode(content, "utf-8"))


def _print(text: str, style: Style | None = None, **how: Any) -> None:
    out = how.get("file") or sys.stdout
    print(styled(encodable(printable(text), out), style, out), **how)  # noqa: T201 (here alone)
