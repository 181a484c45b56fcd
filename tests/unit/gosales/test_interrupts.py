"""Ctrl-C and SIGTERM: one sentence, the exit code a shell knows, never a traceback."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.worlds.erp import random_rows, write_world

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")
BY = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
# The command line with one command, which says that it has begun.
WAITING = """
import sys, time
from gosales.cli import main
def wait(options):
    print("begun", flush=True)
    {how}
class Waits:
    def parse_args(self, arguments):
        import argparse
        return argparse.Namespace(command=wait)
main.build_parser = lambda program: Waits()
main.run([])
"""
# As Dagster does while a step runs: a handler of its own for both.
AS_DAGSTER = """
    from dagster._core.errors import DagsterExecutionInterruptedError, raise_execution_interrupts
    try:
        with raise_execution_interrupts():
            time.sleep(60)
    except DagsterExecutionInterruptedError:
        raise KeyboardInterrupt
"""
# What is raised in a finaliser, or in the callback of a weak reference, goes nowhere.
IN_A_FINALISER = """
    class Left:
        def __del__(self):
            time.sleep(60)
    left = Left()
    del left
    time.sleep(60)
"""
# As libraries make classes: `python -m` remembers such an interrupt beyond its handling.
IN_TEXT = 'exec("import time; time.sleep(60)")'


def ended(process: subprocess.Popen, by: signal.Signals) -> tuple[int, str, str]:
    process.send_signal(by)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def started(*arguments: str) -> subprocess.Popen:
    command = [sys.executable, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(("by", "code"), BY)
def test_while_all_is_loaded_it_ends_at_once(by, code):
    # Loading is told by the interpreter; the first of ours has set the handlers.
    with started("-v", "-m", "gosales", "--version") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("import 'gosales.cli.terminal'") or "polars" in line:
                break
        told = ended(process, by)
    own = [line for line in told[2].splitlines() if not line.startswith(("#", "import "))]
    assert told[0] == code
    assert own[-1:] == ["interrupted before anything was done."]
    assert "Traceback" not in told[2]


@pytest.mark.parametrize(("by", "code"), BY)
@pytest.mark.parametrize(
    "how",
    [
        pytest.param("time.sleep(60)", id="between runs", marks=pytest.mark.slow),
        pytest.param(AS_DAGSTER, id="in a step"),
        pytest.param(IN_A_FINALISER, id="in a finaliser"),
        pytest.param(IN_TEXT, id="in a text", marks=pytest.mark.slow),
    ],
)
def test_while_a_command_works_it_says_what_is_kept(tmp_path, monkeypatch, by, code, how):
    (tmp_path / "waits.py").write_text(WAITING.format(how=how))
    monkeypatch.chdir(tmp_path)
    with started("-m", "waits") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        # Into the wait that follows; sooner is another of the cases, and as good.
        time.sleep(0.5)
        told = ended(process, by)
    sentence = "interrupted: finished partitions are kept; run the same command again to go on.\n"
    assert told == (code, "", sentence)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [2.0, 4.0, 6.0, 9.0])
def test_a_run_that_is_interrupted_anywhere_ends_in_one_sentence(tmp_path, seconds):
    write_world(tmp_path, random_rows())
    config = str(tmp_path / "gosales.yaml")
    command = ["-m", "gosales", "materialize", "--cutoffs", "2024-06-30", "--config", config]
    with started(*command) as process:
        time.sleep(seconds)
        code, out, err = ended(process, signal.SIGINT)
    assert (code, out) == (130, "")
    assert "Traceback" not in err
    assert err.count("interrupted") == 1
    assert err.endswith((".\n",))
