"""The challenger through whole runs: learnt from lists that are stored, and from no other."""

import polars as pl
import pytest

from tests.run.worlds_run import OVERRIDES, materialize
from tests.worlds.erp import random_rows, write_world

pytestmark = pytest.mark.slow

EARLIER, LAST = "2023-12-31", "2024-06-30"


def table(folder, name: str) -> pl.DataFrame:
    root = folder / "gosales_home" / "store" / name
    return pl.read_parquet(root / f"cutoff={LAST}" / "part-0.parquet")


def test_an_earlier_list_that_is_made_later_teaches_the_next_one(tmp_path, capsys):
    write_world(tmp_path, random_rows(700), OVERRIDES)
    assert materialize(tmp_path, cutoffs=LAST) == 0
    assert set(table(tmp_path, "list_challenger")["status"]) == {"no_earlier_list"}
    before = table(tmp_path, "whitespace")
    assert before["score_challenger"].null_count() == before.height
    assert materialize(tmp_path, cutoffs=EARLIER) == 0
    assert materialize(tmp_path, cutoffs=LAST) == 0
    assert "Data version mismatch" not in capsys.readouterr().err, (
        "of Dagster, of its own earlier one"
    )
    learnt = table(tmp_path, "list_challenger")
    assert set(learnt["status"]) == {"learnt"}
    assert set(learnt["first_cutoff"].cast(pl.String)) == {EARLIER}
    assert set(learnt["last_window_end"].cast(pl.String)) == {LAST}
    after = table(tmp_path, "whitespace")
    ranked = pl.col("rank").is_not_null()
    assert after.filter(pl.col("score_challenger").is_not_null() != ranked).is_empty()
    # It is never the order.
    kept = pl.exclude("score_challenger", "challenger_status")
    assert after.select(kept).equals(before.select(kept))
    assert "challenger" in set(table(tmp_path, "list_validation")["order"])
    capsys.readouterr()
    assert materialize(tmp_path, cutoffs=LAST) == 0
    assert "0 asset partitions" in capsys.readouterr().err
