"""Movement through whole runs: the list before is looked at as it lies there, and never made anew."""

import datetime as dt
import shutil

import polars as pl
import pytest

from gosales_checks.contracts.movement import CAUSES
from tests.run.worlds_run import materialize, stored

BEFORE, LAST = "2024-03-31", "2024-06-30"


def table(folder, name: str, cutoff: str = LAST) -> pl.DataFrame:
    root = folder / "gosales_home" / "store" / name / f"cutoff={cutoff}"
    return pl.concat([pl.read_parquet(p) for p in sorted(root.rglob("*.parquet"))])


def causes_of(moved: pl.DataFrame) -> dict[str, int]:
    return {cause: int(moved[f"{cause}_ranks"].abs().sum()) for cause in CAUSES}


def test_rows_of_the_second_list_say_why_they_moved(finished):
    moved = table(finished, "list_movement")
    compared = moved.filter(status="compared")
    assert compared.height > 20
    ranks = table(finished, "whitespace").select("customer_id", "division", "rank")
    with_ranks = compared.join(ranks, on=["customer_id", "division"])
    assert (with_ranks["rank"] == with_ranks["rank_now"]).all()
    found = causes_of(moved)
    assert found["data"] > 0
    assert found["order"] == found["restatement"] == found["unexplained"] == 0
    assert set(compared["split"]) == {"apart"}
    assert set(table(finished, "list_stability")["top"]) >= {"25", "100", "10 %"}


def test_the_first_list_has_no_earlier_one(finished):
    assert set(table(finished, "list_movement", BEFORE)["status"]) == {"no_earlier_list"}
    assert table(finished, "list_stability", BEFORE).is_empty()
    assert table(finished, "score_changes", BEFORE).is_empty()


@pytest.mark.slow
def test_the_list_before_is_the_newest_that_is_stored_however_long_ago(finished, tmp_path):
    folder = tmp_path / "w"
    shutil.copytree(finished, folder)
    between, newest = "2024-09-30", "2024-12-31"
    assert materialize(folder, cutoffs=newest) == 0
    moved = table(folder, "list_movement", newest)
    assert moved["previous_cutoff"].unique().to_list() == [dt.date.fromisoformat(LAST)]
    assert moved.filter(status="compared").height > 20
    assert causes_of(moved)["unexplained"] == 0
    # A list that is made between them later is the one before: what was told of the other is stale.
    assert materialize(folder, cutoffs=between) == 0
    assert materialize(folder, "--select", "list_movement", "--rebuild", cutoffs=newest) == 1
    assert materialize(folder, cutoffs=newest) == 0
    moved = table(folder, "list_movement", newest)
    assert moved["previous_cutoff"].unique().to_list() == [dt.date.fromisoformat(between)]


@pytest.mark.slow
def test_a_list_in_another_order_is_held_against_the_old_one_as_it_was(finished, tmp_path):
    folder = tmp_path / "w"
    shutil.copytree(finished, folder)
    before = stored(folder, "whitespace", "list_metrics", "scores")
    assert materialize(folder, "--set", "whitespace.order=value", cutoffs=LAST) == 0
    after = stored(folder, "whitespace", "list_metrics", "scores")
    assert {path for path in after if before[path] != after[path]} == {
        f"{name}/cutoff={LAST}/part-0.parquet" for name in ("whitespace", "list_metrics")
    }
    found = causes_of(table(folder, "list_movement"))
    assert found["order"] > 0
    assert found["unexplained"] == 0
