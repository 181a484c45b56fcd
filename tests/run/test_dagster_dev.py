"""`dagster dev` in the folder of the settings opens the graph with the history that commands left."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.run.served_ui import answers, ask, free_port, wait_for
from tests.run.worlds_run import materialize
from tests.worlds.erp import random_rows, write_world

MADE = """
query Made($asset: AssetKeyInput!) {
  assetNodeOrError(assetKey: $asset) {
    ... on AssetNode { assetMaterializations { partition } }
  }
}"""


@pytest.mark.slow
def test_dagster_dev_shows_what_a_command_has_made(tmp_path):
    write_world(tmp_path, random_rows(5))
    assert materialize(tmp_path, "--staging-only", cutoffs="2023-06-30") == 0
    port = free_port()
    # Nothing but the files in the folder tells it which graph and history.
    told = ("GOSALES_CONFIG", "DAGSTER_HOME", "DAGSTER_EVENT_BATCH_SIZE")
    bare = {name: value for name, value in os.environ.items() if name not in told}
    with (tmp_path / "dev.log").open("w") as log:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("dagster"), "dev", "--host", "127.0.0.1", "--port", str(port)],
            cwd=tmp_path, env=bare, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            wait_for(lambda: answers(port), 240)
            node = ask(port, MADE, {"asset": {"path": ["sales_log"]}})["assetNodeOrError"]
            assert [one["partition"] for one in node["assetMaterializations"]] == ["2023-06-30"]
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                # How Dagster ends is not what is tested: on a busy machine it has hung.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(60)
