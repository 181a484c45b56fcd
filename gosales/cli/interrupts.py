"""Ctrl-C and SIGTERM: one sentence and an exit code, never a traceback.

No part of the program is imported here: an interrupt may come while all that is loaded.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from types import FrameType

INTERRUPTED, TERMINATED = 130, 143
SIGNALS = (signal.SIGINT, signal.SIGTERM)
# What the handlers raise: ours, and that of Dagster while a step runs.
RAISED = ("KeyboardInterrupt", "DagsterExecutionInterruptedError")
AGAIN_SECONDS = 0.05
BEFORE = b"interrupted before anything was done.\n"


def end_at_once(said: bytes = b"") -> None:
    """Let a signal end the process where it stands: nothing has begun, or all is done."""

    def end(number: int, _: FrameType | None) -> None:
        os.write(2, said)
        os._exit(128 + number)

    for one in SIGNALS:
        signal.signal(one, end)


class Interrupts:
    """Which signal it was that raised `KeyboardInterrupt`."""

    def __init__(self) -> None:
        self._numbers = b""

    @contextlib.contextmanager
    def raised(self) -> Iterator[None]:
        """Raise `KeyboardInterrupt` on both signals, and remember which one came.

        While a step runs Dagster has handlers of its own for both, which do not say which; the
        interpreter writes the number into a socket whoever handles it.
        """
        # Sockets, for Windows' sake.
        read, write = socket.socketpair()
        with read, write:
            for end in (read, write):
                end.setblocking(False)
            before = signal.set_wakeup_fd(write.fileno(), warn_on_full_buffer=False)
            for one in SIGNALS:
                signal.signal(one, self._raise)
            try:
                with _raised_again():
                    yield
            finally:
                end_at_once()
                signal.set_wakeup_fd(before)
                with contextlib.suppress(BlockingIOError):
                    self._numbers += read.recv(64)

    def _raise(self, number: int, _: FrameType | None) -> None:
        self._numbers += bytes([number])
        raise KeyboardInterrupt

    @property
    def code(self) -> int:
        """The exit code of the first signal that came.

        After an interrupt inside of `exec` of a text, as libraries make classes, `python -m` would end
        with the signal whatever code it is given, unless another text has run since.
        """
        exec("")  # noqa: S102 (nothing)
        is_end = self._numbers[:1] == bytes([signal.SIGTERM])
        return TERMINATED if is_end else INTERRUPTED


@contextlib.contextmanager
def _raised_again() -> Iterator[None]:
    """Send an interrupt once more where the interpreter has dropped it.

    What is raised in a finaliser or in the callback of a weak reference goes nowhere: a run would go on
    to its end as if nobody had pressed Ctrl-C.
    """
    before = sys.unraisablehook

    def hook(dropped: "sys.UnraisableHookArgs") -> None:
        if dropped.exc_type.__name__ in RAISED:
            again = threading.Timer(AGAIN_SECONDS, send_interrupt)
            again.daemon = True
            again.start()
        else:
            before(dropped)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def send_interrupt() -> None:
    """Send this process what Ctrl-C sends it, from any thread."""
    if sys.platform == "win32":
        signal.raise_signal(signal.SIGINT)
    else:
        # To the process: its main thread may be waiting.
        os.kill(os.getpid(), signal.SIGINT)
