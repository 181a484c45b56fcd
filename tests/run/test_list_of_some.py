"""A list of some divisions, through whole runs: what it needs, and what the slices of it are."""

import polars as pl
import pytest

from gosales_checks.contracts.whitespace import WHITESPACE
from tests.run.worlds_run import OVERRIDES, materialize, stored
from tests.worlds.erp import random_rows, write_world

CUTOFF = "2024-06-30"


def table(folder, name: str) -> pl.DataFrame:
    root = folder / "gosales_home" / "store" / name / f"cutoff={CUTOFF}"
    found = [pl.read_parquet(path) for path in sorted(root.rglob("*.parquet"))]
    return pl.concat(found)


@pytest.fixture(scope="module")
def of_some(tmp_path_factory):
    folder = tmp_path_factory.mktemp("of_some")
    write_world(folder, random_rows(60), OVERRIDES | {"whitespace": {"divisions": ["Simulation"]}})
    assert materialize(folder, "--divisions", "Simulation", cutoffs=CUTOFF) == 0
    return folder


@pytest.mark.slow
def test_its_divisions_alone_are_asked_for_and_make_it(of_some):
    assert set(table(of_some, "whitespace")["division"]) == {"simulation"}
    for name in ("whitespace_signals", "whitespace_slices", "scores"):
        assert all("division=simulation" in path for path in stored(of_some, name)), name
    assert stored(of_some, "list_exports", "surfaced", "list_metrics", "list_validation")


@pytest.mark.slow
def test_signals_of_other_divisions_are_no_part_of_it(of_some, capsys):
    before = stored(of_some, "whitespace", "list_metrics", "list_exports", "list_validation")
    assert materialize(of_some, cutoffs=CUTOFF) == 0
    # Models of all divisions are made now, and the list is what it was.
    assert set(table(of_some, "scores")["division"]) == {"simulation", "solid_works"}
    assert set(table(of_some, "whitespace_signals")["division"]) == {"simulation"}
    after = stored(of_some, "whitespace", "list_metrics", "list_exports", "list_validation")
    lists = ("whitespace/", "list_metrics/", "list_exports/")
    assert {p: h for p, h in after.items() if p.startswith(lists)} == {
        p: h for p, h in before.items() if p.startswith(lists)
    }
    capsys.readouterr()
    assert materialize(of_some, cutoffs=CUTOFF) == 0
    assert "0 asset partitions" in capsys.readouterr().err


@pytest.mark.slow
def test_the_list_of_all_divisions_and_its_slices_agree_to_the_row(finished):
    listed, slices = table(finished, "whitespace"), table(finished, "whitespace_slices")
    columns = list(WHITESPACE.schema.columns())
    assert slices.select(columns).sort("place").equals(listed.select(columns).sort("place"))
