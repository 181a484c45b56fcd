"""Progress of runs on a terminal: one line, rewritten in place; elsewhere a line for each run."""

import argparse
import contextlib
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from typing import TextIO

from gosales.cli.list_table import cut
from gosales.cli.terminal import Style, encodable, is_terminal, styled, with_settings
from gosales_assets.operations.batches import Batch, describe
from gosales_assets.operations.progress import Progress
from gosales_resources.markdown import printable

TICK_SECONDS = 1.0
# Assets that a line names; the others are counted.
NAMED = 2


class TerminalProgress(Progress):
    """Tells a run by its number, of how many, and the time that has gone."""

    def __init__(
        self, *, verbose: bool = False, quiet: bool = False, lines: int | None = None
    ) -> None:
        """Tell as much as is asked for.

        Parameters
        ----------
        verbose
            What each run makes, and what its assets say.
        quiet
            Warnings alone.
        lines
            Of a plan, where lines cannot be rewritten: as many at most, evenly over its runs.
        """
        super().__init__(self._line)
        self.verbose, self.quiet = verbose, quiet
        self._lines = lines
        self._began = time.monotonic()
        self._shown = ""
        self._lock = threading.RLock()

    @classmethod
    def asked_by(cls, options: argparse.Namespace, lines: int | None = None) -> "TerminalProgress":
        """Return what `-v` and `-q` ask for."""
        return cls(verbose=options.verbose, quiet=options.quiet, lines=lines)

    def __enter__(self) -> "TerminalProgress":
        return self

    def __exit__(self, *_: object) -> None:
        self._show("")

    @contextlib.contextmanager
    def run(self, number: int, total: int, batch: Batch) -> Iterator[None]:
        """Tell a run while it goes on (a terminal) or when it has ended."""
        head = f"[{number:>{len(str(total))}}/{total}] "
        what = describe(batch) if self.verbose else headline(batch)
        began = time.monotonic()
        with self._ticking(head + what, began):
            yield
        if not self._rewrites and self._is_due(number, total):
            took = f"{time.monotonic() - began:.1f} s"
            self._line(f"{head}{what}: {took}, {said_time(time.monotonic() - self._began)} in all")

    def detail(self, line: str) -> None:
        """Tell what an asset says, where that is asked for."""
        if self.verbose:
            self._write(f"      {line}")

    def warn(self, line: str) -> None:
        """Tell it, whatever was asked for."""
        self._write(line, "warning")

    def _is_due(self, number: int, total: int) -> bool:
        if self._lines is None or self.verbose:
            return True
        share = self._lines / total
        return int(number * share) > int((number - 1) * share)

    @property
    def _out(self) -> TextIO:
        return self.stream or sys.stderr

    @property
    def _rewrites(self) -> bool:
        return is_terminal(self._out) and not self.verbose and not self.quiet

    def _line(self, line: str) -> None:
        if self._rewrites:
            self._show(line)
        elif not self.quiet:
            self._write(line)

    def _write(self, line: str, style: Style | None = None) -> None:
        """Write a line that stays, above the one that is rewritten."""
        with self._lock:
            again = self._shown
            self._show("")
            text = encodable(printable(with_settings(line)), self._out)
            self._out.write(styled(text, style, self._out) + "\n")
            self._out.flush()
            self._show(again)

    def _show(self, line: str) -> None:
        """Put a line in the place of the last one; an empty one clears it."""
        with self._lock:
            room = shutil.get_terminal_size().columns - 1
            text = encodable(cut(printable(line).replace("\n", " "), room), self._out)
            if text or self._shown:
                gone = " " * max(0, len(self._shown) - len(text))
                self._out.write(f"\r{text}{gone}" + ("" if text else "\r"))
                self._out.flush()
            self._shown = text

    @contextlib.contextmanager
    def _ticking(self, line: str, began: float) -> Iterator[None]:
        """Rewrite a line with the time until the block ends."""
        if not self._rewrites:
            yield
            return
        ended = threading.Event()

        def tick() -> None:
            while True:
                now = time.monotonic()
                took = f"{said_time(now - began)}, {said_time(now - self._began)} in all"
                self._show(f"{line}: {took}")
                if ended.wait(TICK_SECONDS):
                    return

        ticker = threading.Thread(target=tick, daemon=True)
        ticker.start()
        try:
            yield
        finally:
            ended.set()
            ticker.join()
            self._show("")


def headline(batch: Batch) -> str:
    """Say what a run makes in few words."""
    first, more = batch.assets[:NAMED], len(batch.assets) - NAMED
    names = ", ".join(first) + (f" and {more} more" if more > 0 else "")
    return describe(Batch((names,), batch.cutoffs, batch.divisions))


def said_time(seconds: float) -> str:
    """Return a duration as people say it.

    Examples
    --------
    >>> said_time(4.2), said_time(75), said_time(3700)
    ('4 s', '1 min 15 s', '1 h 01 min')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {left:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
