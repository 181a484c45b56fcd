"""What does not hold is one table in the reader's words: divisions by their own names, what to do."""

import datetime as dt

import pytest

from gosales.cli.findings import SHOWN_CHECKS, print_findings
from gosales_assets.operations.failed_checks import FailedCheck
from gosales_resources.partitions.keys import PartitionKey

FIRST, LAST = dt.date(2024, 3, 31), dt.date(2024, 6, 30)


def failed(
    check: str, asset: str, *key, is_error: bool = False, finding: str = "3 rows"
) -> FailedCheck:
    return FailedCheck(check, asset, PartitionKey(*key), is_error, finding)


@pytest.fixture
def lines(platform, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")

    def printed(*found: FailedCheck, **how) -> list[str]:
        capsys.readouterr()
        print_findings(platform, found, **how)
        return capsys.readouterr().err.splitlines()

    return printed


def test_a_check_is_one_row_however_many_partitions_it_fails_in(lines):
    found = [
        failed("lift_above_floor", "forward_validation", c, "simulation") for c in (FIRST, LAST)
    ]
    head, rule, row, command = lines(*found)
    assert head.split("  ")[0] == "Does not hold"
    assert set(rule) == {"─", " "}
    assert row.startswith("lift above floor")
    assert "  Simulation, 2 cutoffs  " in row
    assert row.endswith("call from other divisions first")
    assert (
        command == "rows: gosales show forward_validation --cutoff 2024-06-30 --division simulation"
    )


def test_rows_are_shown_by_a_command_of_the_last_partition(lines):
    (*_, command) = lines(failed("log_is_fresh", "sales_ledger", LAST))
    assert command == "rows: gosales show sales_ledger --cutoff 2024-06-30"
    (*_, command) = lines(failed("x_holds", "labels", LAST, "simulation"))
    assert command == "rows: gosales show labels --cutoff 2024-06-30 --division simulation"


def test_what_stops_comes_first_and_says_so(lines):
    warns = failed("log_is_fresh", "sales_ledger", LAST)
    stops = failed("labels_keeps_contract", "labels", LAST, "simulation", is_error=True)
    told = lines(warns, stops)
    assert told[2].startswith("labels keeps contract")
    assert "(stops)" in "".join(told[2:4])


def test_a_long_finding_is_broken_and_in_brief_cut_to_a_line(lines):
    one = failed("x_holds", "labels", LAST, "simulation", finding="so many words " * 8)
    whole, brief = lines(one), lines(one, with_commands=False)
    assert " ".join(" ".join(whole).split()).count("so many") == 8
    assert len(brief) == 3
    assert "…" in brief[2]
    assert max(map(len, [*whole, *brief])) <= 120


def test_more_checks_than_fit_are_counted(lines):
    found = [failed(f"check_{n}", "labels", LAST, "simulation") for n in range(SHOWN_CHECKS + 3)]
    assert "and 3 more checks; all of them: gosales ui" in lines(*found)


def test_names_from_data_do_not_drive_the_terminal(lines):
    told = lines(failed("x", "labels", LAST, "simulation", finding="\x1b[2Jred\nline"))
    assert "\x1b" not in "".join(told)
