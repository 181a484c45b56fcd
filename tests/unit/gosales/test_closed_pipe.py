"""Output that nobody reads any more ends a command in quiet."""

import subprocess
import sys

from tests.worlds.erp import row, write_world


def test_a_reader_that_has_gone_is_no_traceback(tmp_path):
    write_world(tmp_path, [row()])
    command = [sys.executable, "-m", "gosales", "config", "show"]
    command += ["--config", str(tmp_path / "gosales.yaml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as done:
        assert done.stdout is not None
        assert done.stderr is not None
        done.stdout.close()
        told = done.stderr.read().decode()
    assert (done.returncode, told) == (141, "")
