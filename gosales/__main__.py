"""The `gosales` command, also as `python -m gosales`.

Loading the program takes a second in which an interrupt must be none of Python's business.
"""

import sys

from gosales.cli.interrupts import BEFORE, end_at_once


def enter() -> None:
    """Load the program, then run it."""
    end_at_once(BEFORE)
    from gosales.cli.main import run  # noqa: PLC0415 (a second of loading)

    run()


if __name__ == "__main__":
    sys.exit(enter())
