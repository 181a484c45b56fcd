"""What the commands print: progress apart from results, and tables with one set of defaults.

The one place that prints for eyes: control signs in names and cells are spelt out on the way.
"""

import contextlib
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import polars as pl

from gosales_resources.markdown import printable, visible

LOOKS: dict[str, Any] = {
    "tbl_rows": -1,
    "tbl_cols": -1,
    "tbl_width_chars": -1,
    "tbl_hide_dataframe_shape": True,
    "tbl_hide_column_data_types": True,
}

# A command that a message names, up to its last option.
COMMAND = re.compile(
    r"\bgosales (?:materialize|status|verify|ui|list|export|backtest|gauntlet|metrics|show [a-z_]+"
    r"|(?:config|schema|restatement) [a-z]+|model (?:list|card|aging|rollback|release) [\w-]+)(?![\w-])"
    r"(?: --(?:upstream|all)(?![\w-])"
    r"| --(?:select|cutoffs?|divisions?|to|port|kind|top) [^\s()`;]*[^\s()`;.,:])*"
)
OPTION = " --config "
OWN = re.compile(OPTION)
_GIVEN: ContextVar[str] = ContextVar("options of settings, as they were given", default="")


@contextlib.contextmanager
def under_settings(config: Path | None, overrides: Sequence[str] = ()) -> Iterator[None]:
    """Print commands so that they run as printed: with the settings that this one was given.

    Parameters
    ----------
    config
        What `--config` said; None where it was not given.
    overrides
        What each `--set` said.
    """
    given = f"{OPTION}{shlex.quote(str(config))}" if config else ""
    given += "".join(f" --set {shlex.quote(one)}" for one in overrides)
    token = _GIVEN.set(given)
    try:
        yield
    finally:
        _GIVEN.reset(token)


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


def tell(text: str = "", end: str = "\n") -> None:
    """Print a result for eyes."""
    _print(with_settings(text), end=end)


def say(line: str) -> None:
    """Show progress without mixing it into output that may be piped."""
    _print(with_settings(line), file=sys.stderr, flush=True)


def with_settings(text: str) -> str:
    """Give each command in a text the options of `under_settings`, unless it has its own.

    Examples
    --------
    >>> with under_settings(Path("my shop.yaml")):
    ...     with_settings("Look: gosales show sales_log --cutoff 2024-03-31.")
    "Look: gosales show sales_log --cutoff 2024-03-31 --config 'my shop.yaml'."
    """
    given = _GIVEN.get()

    def completed(command: re.Match[str]) -> str:
        has_own = bool(OWN.match(text, command.end()))
        return command.group() + ("" if has_own else given)

    return COMMAND.sub(completed, text) if given else text


def _print(text: str, **how: Any) -> None:
    print(printable(text), **how)  # noqa: T201 (here alone)
