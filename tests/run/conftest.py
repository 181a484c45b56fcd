"""One run of the small world that the tests of this folder compare with."""

from pathlib import Path

import pytest

from tests.run.worlds_run import OVERRIDES, materialize
from tests.worlds.erp import random_rows, write_world


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    write_world(folder, random_rows(), OVERRIDES)
    assert materialize(folder) == 0
    return folder
