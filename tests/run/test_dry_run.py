"""What a dry run counts is what the run makes, and both say what they leave out."""

import re

import pytest

from tests.run.worlds_run import OVERRIDES, materialize
from tests.worlds.erp import random_rows, row, write_world

COUNTS = re.compile(r"(\d+) asset partitions( at most)? in (\d+) runs")


def counted(capsys, folder, *more: str, cutoffs: str) -> list[tuple[str, ...]]:
    """Return the numbers that the dry run and the run print."""
    found = []
    for last in (["--dry-run"], []):
        capsys.readouterr()
        assert materialize(folder, *more, *last, cutoffs=cutoffs) == 0
        told = capsys.readouterr()
        found.append(COUNTS.search(told.out + told.err).groups())
    return found


@pytest.mark.slow
def test_a_dry_run_counts_what_the_run_makes_first_again_and_after_rows_have_arrived(
    tmp_path, capsys
):
    asked = ("--select", "fact_transactions", "--upstream")
    # Up to the quarter's end: a later row would say of an earlier end that the log went on.
    sold = [row(f"{n:03d}", "2023-03-31") for n in range(4)]
    write_world(tmp_path, sold)
    dry, made = counted(capsys, tmp_path, *asked, cutoffs="2023-03-31..2023-06-30")
    assert dry == made == ("12", None, "2")
    dry, made = counted(capsys, tmp_path, *asked, cutoffs="2023-03-31..2023-06-30")
    assert dry == made == ("0", None, "0")
    write_world(tmp_path, [*sold, row("new", "2023-05-05")])
    dry, made = counted(capsys, tmp_path, *asked, cutoffs="2023-03-31..2023-06-30")
    assert dry == ("6", " at most", "2")
    assert made == ("6", None, "2")


@pytest.mark.slow
def test_some_divisions_are_made_from_nothing_and_the_list_is_said_to_be_left_out(tmp_path, capsys):
    write_world(tmp_path, random_rows(60), OVERRIDES)
    asked = ("--divisions", "simulation")
    dry, made = counted(capsys, tmp_path, *asked, cutoffs="2024-06-30")
    assert dry == made
    assert materialize(tmp_path, *asked, cutoffs="2024-06-30") == 0
    told = capsys.readouterr().err
    assert "not made: whitespace, list_metrics" in told
    config = tmp_path / "gosales.yaml"
    command = f"gosales materialize --cutoffs 2024-06-30 --config {config} (without --divisions"
    assert command in told
