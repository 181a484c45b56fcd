"""`gosales ablate`: what it refuses before it makes anything."""

import pytest

from gosales.cli.main import main
from tests.worlds.erp import row, write_world


@pytest.mark.parametrize(
    ("off", "told"),
    [
        ("encoder", "features.off leaves it out already"),
        (",", "No family is named"),
        ("basket", "scores[2024-06-30|"),
    ],
    ids=["off already", "nothing", "no scores to hold against"],
)
def test_what_cannot_be_compared_is_told_before_anything_is_made(tmp_path, capsys, off, told):
    write_world(tmp_path, [row()])
    config = str(tmp_path / "gosales.yaml")
    assert main(["ablate", "--config", config, "--off", off, "--cutoffs", "2024-06-30"]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "gosales_home" / "ablations").exists()
