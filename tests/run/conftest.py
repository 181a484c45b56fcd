"""One run of the small world that the tests of this folder compare with."""

from pathlib import Path

import pytest
from filelock import FileLock

from tests.run.worlds_run import OVERRIDES, materialize
from tests.worlds.erp import random_rows, write_world


@pytest.fixture(scope="session")
def finished(tmp_path_factory, worker_id) -> Path:
    # The workers of one session share it: whoever comes first makes it.
    alone = worker_id == "master"
    base = tmp_path_factory.getbasetemp()
    folder = (base if alone else base.parent) / "finished"
    done = folder.with_suffix(".done")
    with FileLock(folder.with_suffix(".lock")):
        if not done.exists():
            write_world(folder, random_rows(), OVERRIDES)
            assert materialize(folder) == 0
            done.touch()
    return folder
