"""Dagster's daemon as a child of the UI: it ends when its parent does, however that ended.

The parent holds the other end of standard input. A parent that is killed tells nobody, but its end
of the pipe is closed by the system.
"""

import contextlib
import os
import sys
import threading
import time

import click
from dagster._daemon.cli import cli

from gosales.cli.interrupts import send_interrupt

# What it is in the middle of (a backfill's step) may take a moment; then it goes in any case.
GRACE_SECONDS = 20


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    send_interrupt()
    time.sleep(GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    # Interrupted before Dagster looks after interrupts: that is an end like any other.
    # Not by itself, or it says "Aborted!" of an end that was asked for.
    with contextlib.suppress(KeyboardInterrupt, click.Abort):
        threading.Thread(target=_end_with_parent, daemon=True).start()
        cli(["run", *sys.argv[1:]], standalone_mode=False)
