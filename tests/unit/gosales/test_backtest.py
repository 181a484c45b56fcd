"""`gosales backtest`: what it refuses, and what it says where there is nothing to replay."""

import pytest

from gosales.cli.main import main
from tests.worlds.erp import row, write_world


def test_so_few_draws_that_no_interval_comes_of_them_are_refused(tmp_path, capsys):
    write_world(tmp_path, [row()])
    config = str(tmp_path / "gosales.yaml")
    with pytest.raises(SystemExit):
        main(["backtest", "--config", config, "--cutoffs", "2024-06-30", "--draws", "1"])
    assert "no interval" in capsys.readouterr().err


def test_lists_that_were_not_made_are_named_with_the_command_that_makes_them(tmp_path, capsys):
    write_world(tmp_path, [row()])
    config = str(tmp_path / "gosales.yaml")
    assert main(["backtest", "--config", config, "--cutoffs", "2023-12-31..2024-06-30"]) == 2
    told = capsys.readouterr().err
    assert "left out: 2024-03-31, whitespace[2024-03-31] is not materialised" in told
    assert f"gosales materialize --cutoffs 2023-12-31..2024-06-30 --config {config}" in told
