"""A process is known as gone when it has ended without saying so, and not before."""

import subprocess
import sys
import time

import pytest

from gosales_resources.errors import StorageError
from gosales_resources.instance.alive import alive, forget, is_gone

HOLD = """
import sys, time
from pathlib import Path
from gosales_resources.instance.alive import alive
with alive(Path(sys.argv[1]), "run"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_who_is_killed_is_gone_and_who_works_is_not(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "held\n"
        assert not is_gone(tmp_path, "run")
    finally:
        process.kill()
        process.communicate()
    end = time.monotonic() + 30
    while not is_gone(tmp_path, "run") and time.monotonic() < end:
        time.sleep(0.05)
    assert is_gone(tmp_path, "run")
    forget(tmp_path, "run")
    assert not is_gone(tmp_path, "run")


def test_who_ends_properly_leaves_nothing_and_is_not_gone(tmp_path):
    with alive(tmp_path, "run"):
        assert not is_gone(tmp_path, "run")
    assert not is_gone(tmp_path, "run")
    assert list((tmp_path / "alive").iterdir()) == []


def test_what_was_never_known_is_not_judged(tmp_path):
    assert not is_gone(tmp_path, "of somebody else")
    assert not (tmp_path / "alive").exists()


def test_where_nothing_can_be_written_it_is_said(tmp_path):
    (tmp_path / "alive").write_text("a file where the folder goes")
    with pytest.raises(StorageError, match=r"cannot write .*run\.lock"), alive(tmp_path, "run"):
        pass
