"""Commands on a terminal of their own: colours, and that variables take them away."""

import os
import subprocess
import sys

import pytest

pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX'")
RED = "\x1b[31;1merror: Unknown command"


def on_terminal(*arguments: str, **variables: str) -> tuple[int, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    main, sub = pty.openpty()
    command = [sys.executable, "-m", "gosales", *arguments]
    done = subprocess.Popen(command, stdin=sub, stdout=sub, stderr=sub, env=kept | variables)
    os.close(sub)
    told = b""
    while True:
        try:
            if not (more := os.read(main, 4096)):
                break
        except OSError:  # Linux' end of a terminal
            break
        told += more
    os.close(main)
    return done.wait(60), told.decode()


def test_an_error_is_red_on_a_terminal():
    code, told = on_terminal("materialise", TERM="xterm")
    assert code == 2
    assert told.startswith(RED)


@pytest.mark.slow
@pytest.mark.parametrize("variables", [{"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}])
def test_variables_take_colours_away(variables):
    code, told = on_terminal("materialise", **variables)
    assert code == 2
    assert told.startswith("error: Unknown command")
    assert "\x1b" not in told
