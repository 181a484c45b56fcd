"""What the command line loads before it knows what is asked."""

import subprocess
import sys

import pytest

HEAVY = {"sklearn", "lightgbm", "matplotlib", "scipy.stats", "implicit", "xlsxwriter"}


def test_commands_do_not_load_what_only_a_run_needs():
    code = "import sys, gosales.cli.main; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY & set(told.stdout.split()) == set()


@pytest.mark.slow
def test_the_graph_loads_them():
    code = "import sys, gosales_assets.definitions; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(told.stdout.split()) >= HEAVY
