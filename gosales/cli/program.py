"""What this program is called where it runs: so that a command which is printed runs as printed."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

NAME = "gosales"


def program_name() -> str:
    """Return what a shell in this folder calls this very program by.

    `gosales` where that is found on the PATH and is this one; else the way to the script that was
    installed beside the interpreter, from this folder where it is below it; else the interpreter with
    `-m gosales`.
    """
    python = Path(sys.executable)
    script = python.with_name(f"{NAME}.exe" if os.name == "nt" else NAME)
    if not script.is_file():
        return f"{quoted(_from_here(python))} -m {NAME}"
    found = shutil.which(NAME)
    # Not resolved: the interpreter of an environment is a link to another one's.
    if found and os.path.abspath(found) == os.path.abspath(script):
        return NAME
    return quoted(_from_here(script))


def _from_here(path: Path) -> str:
    here = Path.cwd()
    # A name alone is looked for on the PATH, and not here.
    is_below = path.is_relative_to(here) and path.parent != here
    return str(path.relative_to(here) if is_below else path)


def quoted(argument: str) -> str:
    """Return an argument as this system's shell takes it for one."""
    return subprocess.list2cmdline([argument]) if os.name == "nt" else shlex.quote(argument)
