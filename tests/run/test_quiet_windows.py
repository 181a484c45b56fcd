"""Nothing sold around a window's end: whether it is over is told by the rows after it."""

import polars as pl
import pytest

from tests.run.worlds_run import materialize
from tests.worlds.erp import SETTINGS, row, write_world

# Nothing is said of how complete the log is.
UNDECLARED = {k: v for k, v in SETTINGS["source"]["sales_log"].items() if k != "complete_through"}
QUIET = {"source": SETTINGS["source"] | {"sales_log": UNDECLARED}}
FIRST, MIDDLE, LAST = "2023-03-31", "2023-06-30", "2023-09-30"


@pytest.mark.parametrize(
    ("later", "censored"),
    [
        ([], [True, True, True]),
        pytest.param(["2023-10-02"], [False, True, True], marks=pytest.mark.slow),
        (["2024-11-05"], [False, False, False]),
        pytest.param(["2025-02-01"], [False, False, False], marks=pytest.mark.slow),
    ],
    ids=["the log ends", "goes on at once", "after four quiet quarters", "after the calendar"],
)
def test_a_quiet_window_is_censored_only_where_the_log_ends(tmp_path, later, censored):
    days = ["2023-02-01", "2023-05-05", *later]
    write_world(tmp_path, [row(f"{n}", day) for n, day in enumerate(days)], QUIET)
    command = ["--select", "cutoff_metadata", "--upstream"]
    assert materialize(tmp_path, *command, cutoffs=f"{FIRST}..{LAST}") == 0
    root = tmp_path / "gosales_home" / "store" / "cutoff_metadata"
    found = [
        pl.read_parquet(root / f"cutoff={day}" / "part-0.parquet")["is_censored"].item()
        for day in (FIRST, MIDDLE, LAST)
    ]
    assert found == censored
