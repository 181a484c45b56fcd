"""`gosales materialize --cutoffs due` takes the newest cutoff whose data is in."""

from gosales.cli.main import main
from tests.worlds.erp import row, write_world


def test_the_newest_due_cutoff_is_taken(tmp_path, capsys):
    write_world(tmp_path, [row()])
    config = str(tmp_path / "gosales.yaml")
    call = ["materialize", "--config", config, "--cutoffs", "due", "--select", "dim_date"]
    assert main([*call, "--dry-run"]) == 0
    # The calendar of this world ends years ago.
    assert "dim_date: 2024-12-31\n" in capsys.readouterr().out
