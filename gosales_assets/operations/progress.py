"""What is told while runs go on: each run, what its assets say, what is damaged.

Here is the plain form, lines told to a function; the command line has one that knows terminals.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

from gosales_assets.operations.batches import Batch, describe


class Progress:
    """Tells a line for each run, as it begins."""

    stream: TextIO | None = None
    """Standard error as it was before a run redirected it; None outside of runs."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    @classmethod
    def of(cls, report: "Callable[[str], None] | Progress") -> "Progress":
        """Return what is told as it is, or a function as the plain form."""
        return report if isinstance(report, Progress) else cls(report)

    def __call__(self, line: str) -> None:
        """Tell what goes on between runs."""
        self._tell(line)

    @contextlib.contextmanager
    def run(self, number: int, total: int, batch: Batch) -> Iterator[None]:
        """Tell that a run begins, and ends with the block."""
        self(f"[{number}/{total}] {describe(batch)}")
        yield

    def detail(self, line: str) -> None:
        """Tell what an asset says while it is made: nothing, here."""

    def warn(self, line: str) -> None:
        """Tell what a person should know whatever else is told, inside of runs too."""
        out = self.stream or sys.stderr
        out.write(f"{line}\n")
        out.flush()
