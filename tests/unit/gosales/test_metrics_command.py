"""`gosales metrics`: what it says where nothing was validated, and its picture."""

import datetime as dt

import polars as pl

from gosales.cli.main import main
from gosales_assets.rendering.plots import plot_over_time
from tests.worlds.erp import row, write_world


def test_what_was_not_validated_is_named_with_the_command_that_makes_it(tmp_path, capsys):
    write_world(tmp_path, [row()])
    config = str(tmp_path / "gosales.yaml")
    assert main(["metrics", "--config", config, "--cutoffs", "2023-12-31..2024-06-30"]) == 2
    told = capsys.readouterr().err
    assert "left out: 2024-03-31, not materialised" in told
    assert "gosales materialize --select forward_validation,drift --upstream" in told


def test_the_picture_is_the_same_for_the_same_figures_without_some_of_them():
    days = [dt.date(2024, 3, 31), dt.date(2024, 6, 30)]
    rows = [
        {"cutoff": day, "division": d, "auc": auc, "lift_10": 2.0, "cal_mae": None, "prior_shift": 0.1}
        for day in days
        for d, auc in (("a_$x", 0.7), ("b", None))
    ]  # fmt: skip
    metrics = pl.DataFrame(rows, schema_overrides={"cal_mae": pl.Float64})
    assert plot_over_time(metrics, "t") == plot_over_time(metrics.reverse(), "t")
