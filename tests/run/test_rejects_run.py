"""A log that is mostly rejected does not end as success, and the end of a run says what was."""

import pytest

from tests.run.worlds_run import materialize
from tests.worlds.erp import row, write_world

DAY = "2023-03-31"
SOUND = [row(f"{n:03d}", "2023-02-01") for n in range(20)]
BAD = [row(f"{n:03d}", "2023-02-01", Currency="CHF") for n in range(100, 180)]


def load(folder, rows, **settings) -> int:
    write_world(folder, rows, settings)
    return materialize(folder, "--staging-only", cutoffs=DAY)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["strict", "fail_soft"])
@pytest.mark.parametrize("rows", [BAD, [*SOUND, *BAD]], ids=["all", "most"])
def test_a_log_that_is_rejected_for_the_most_part_fails_in_either_mode(
    tmp_path, rows, mode, capsys
):
    assert load(tmp_path, rows, mode=mode) == 1
    told = capsys.readouterr().err
    assert f"80 of {len(rows)} rows ({80 / len(rows):.1%})" in told
    assert "80 x" in told
    assert "Traceback" not in told
    assert "Stack Trace" not in told


def test_a_few_rejects_warn_and_a_sound_log_says_that_nothing_is_rejected(tmp_path, capsys):
    assert load(tmp_path / "few", [*SOUND, *BAD[:2]]) == 0
    told = capsys.readouterr().err
    assert "rejects within bounds" in told
    assert "sales log: 2 of 22 rows (9.1%) and 9.1% of the gross profit" in told
    assert load(tmp_path / "sound", SOUND) == 0
    assert "sales log: 0 of 20 rows rejected." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "the sales log has no rows"),
        ([row("001", "2031-01-01")], "none of its 1 rows was known by 2024-12-31"),
    ],
    ids=["header alone", "after the calendar"],
)
def test_a_log_of_which_no_row_counts_fails_in_its_own_words(tmp_path, rows, told, capsys):
    assert load(tmp_path, rows) == 1
    assert told in capsys.readouterr().err


def test_an_empty_file_fails_in_its_own_words(tmp_path, capsys):
    write_world(tmp_path, SOUND)
    (tmp_path / "sales_log.csv").write_bytes(b"")
    assert materialize(tmp_path, "--staging-only", cutoffs=DAY) == 1
    assert "is empty: it has no header row" in capsys.readouterr().err
