"""What is said while a run goes on, and that it reaches the terminal.

During a run Dagster puts a file in the place of standard error, has `tail` copy that to the terminal,
and ends `tail` with the run, whether it has come to the file's end or not: last lines were lost, a
damaged file among them. So what is ours goes to standard error as it was before the run.
"""

import contextlib
import io
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TextIO

import dagster as dg

from gosales_assets.operations.progress import Progress
from gosales_resources import markdown

# What is told below the graph, such as a damaged file that is made anew.
LOG = logging.getLogger("gosales")


@contextlib.contextmanager
def telling(progress: Progress) -> Iterator[dg.LoggerDefinition]:
    """Give a logger for runs, and tell the warnings of the store beside, whatever runs redirect.

    Dagster's own events are not told: they are in the instance and in the UI.

    Parameters
    ----------
    progress
        Told both; it writes to standard error as that is now.
    """
    with _standard_error() as stream:
        warnings = _Told({logging.WARNING: progress.warn})
        LOG.addHandler(warnings)
        progress.stream = stream
        try:
            yield dg.LoggerDefinition(lambda _: _progress_logger(progress))
        finally:
            progress.stream = None
            LOG.removeHandler(warnings)


@contextlib.contextmanager
def _standard_error() -> Iterator[TextIO]:
    """Give standard error as it is now; what replaces its file descriptor later does not move it."""
    try:
        descriptor = os.dup(sys.stderr.fileno())
    except (io.UnsupportedOperation, AttributeError):
        # No file is behind it, and Dagster replaces none.
        yield sys.stderr
        return
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace", buffering=1) as stream:
        yield stream


def _progress_logger(progress: Progress) -> logging.Logger:
    logger = logging.Logger("gosales.progress", logging.INFO)
    handler = _Told({logging.WARNING: progress.warn, logging.INFO: progress.detail})
    handler.addFilter(lambda record: _meta(record).get("dagster_event") is None)
    logger.addHandler(handler)
    return logger


class _Told(logging.Handler):
    """Tells a function what was said, without Dagster's run and step ids in front, in safe signs.

    Of the functions by level it is the highest that a record reaches.
    """

    def __init__(self, tell: Mapping[int, Callable[[str], None]]) -> None:
        super().__init__(min(tell))
        self._tell = sorted(tell.items(), reverse=True)

    def emit(self, record: logging.LogRecord) -> None:
        tell = next(tell for level, tell in self._tell if record.levelno >= level)
        tell(markdown.printable(_meta(record).get("orig_message") or record.getMessage()))


def _meta(record: logging.LogRecord) -> dict[str, Any]:
    return getattr(record, "dagster_meta", {})
