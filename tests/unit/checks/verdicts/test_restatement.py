"""What restates the past of a log in silence, and what only looks like it."""

import datetime as dt
import json

import polars as pl
import pytest

from gosales_checks.verdicts import restatement
from gosales_checks.verdicts.restatement import (
    Increment,
    compare_increment,
    corrected,
    moved_lines,
    record_accepted,
)
from gosales_resources.errors import SettingsError

THROUGH = dt.date(2024, 9, 30)
PLAIN = {
    "customer_name": "Acme", "order_date": dt.date(2024, 5, 1), "recorded_at": None,
    "invoice_id": "I", "sku": "A", "quantity": 1, "revenue": 100, "gross_profit": 40,
    "is_reversal": False, "rep": "Ann", "branch": None, "region": None, "zip": None,
    "currency": "USD", "revenue_source": 100, "gross_profit_source": 40, "division": "one",
    "source_file": "a.csv",
}  # fmt: skip
REJECT = {
    "reject_id": "r", "line": "", "line_count": 1, "quantity": 1, "revenue_source": 100,
    "gross_profit_source": 40,
}  # fmt: skip


def line(customer: str = "c", **cells) -> dict:
    return {"customer_id": customer} | PLAIN | cells


def increment(*lines: dict, rejects=()) -> Increment:
    types = {
        "recorded_at": pl.Datetime("us"),
        **dict.fromkeys(("branch", "region", "zip"), pl.String),
    }
    kept = pl.LazyFrame(list(lines) or [line()], schema_overrides=types)
    files = pl.DataFrame(
        {"source_file": [one["source_file"] for one in lines]}, {"source_file": pl.String}
    )
    ledger = files.group_by("source_file").agg(rows_in=pl.len())
    lost = pl.LazyFrame([REJECT | one for one in rejects] or [REJECT])
    return Increment(kept if lines else kept.clear(), lost if rejects else lost.clear(), ledger)


THEN = increment(line("a"), line("b", sku="B", invoice_id="J"), line("c"))


def changed(*lines: dict, then: Increment = THEN, **more):
    return compare_increment(then, increment(*lines), THROUGH, **more)


A, B, C = line("a"), line("b", sku="B", invoice_id="J"), line("c")


@pytest.mark.parametrize(
    ("lines", "lost", "gained"),
    [
        ([A, B], 1, 0),
        ([A, B, C, line("d")], 0, 1),
        ([A, B, C, C], 0, 1),
        ([A, B, line("d")], 1, 1),
        ([A, line("b", sku="B", invoice_id="J", revenue=90), line("c", revenue=110)], 2, 2),
        ([A, B, line("c", revenue=101)], 1, 1),
        ([A, B, line("c", rep="Bob")], 1, 1),
        ([A, B, line("c", order_date=dt.date(2024, 5, 2))], 1, 1),
        ([], 3, 0),
    ],
    ids=["lost", "late", "doubled", "equal counts", "cancelling", "rate", "rep", "day", "all"],
)  # fmt: skip
def test_lines_that_are_lost_changed_or_late_are_counted(lines, lost, gained):
    found = changed(*lines)
    assert (found.lost, found.gained) == (lost, gained)


@pytest.mark.parametrize(
    "lines",
    [
        [A, B, C],
        [C, A, B],
        [one | {"source_file": "renamed.csv"} for one in (A, B, C)],
        [one | {"division": "two"} for one in (A, B, C)],
        [A, B, C, line("d", order_date=THROUGH)],
        [A, B, C, line("d", recorded_at=dt.datetime(2024, 10, 5))],
    ],
    ids=["same", "order", "file", "taxonomy", "last day", "recorded since"],
)
def test_what_lies_elsewhere_has_arrived_or_is_named_otherwise_restates_nothing(lines):
    assert changed(*lines) is None


def test_the_division_of_a_routed_sku_is_the_source_s_own_word():
    moved = [A | {"division": "two"}, B, C]
    assert changed(*moved) is None
    assert changed(*moved, routed=["A"]).lost == 1
    assert moved_lines(THEN, increment(*moved)) == 1


def test_a_finding_has_both_states_and_the_files_that_are_gone():
    told = changed(A, C).told
    assert "3 -> 2 rows, lines 3 -> 2, quantity 3 -> 2, revenue 300 -> 200" in told
    then = increment(A, B, C | {"source_file": "b.csv"})
    assert "files gone: b.csv" in changed(A, B, then=then).told
    assert "lines and sums alike" in changed(A, B, line("d")).told


def test_a_sku_that_the_taxonomy_forgot_or_learnt_turns_lines_into_rejects_and_back():
    forgotten = increment(A, C, rejects=[{"line": "B"}])
    assert compare_increment(THEN, forgotten, THROUGH) is None
    assert compare_increment(forgotten, THEN, THROUGH) is None
    doubled = increment(A, C, rejects=[{"line": "B"}, {"line": "B"}])
    assert compare_increment(THEN, doubled, THROUGH).gained == 1
    gone = increment(C, rejects=[{"line": "B"}])
    assert compare_increment(THEN, gone, THROUGH).lost == 1


def test_as_many_lines_as_corrections_mended_are_declared_and_no_more():
    then, now = increment(A, rejects=[{}, {"reject_id": "s"}]), increment(A)
    assert corrected([then], [now], ["r"]) == 1
    assert corrected([then], [now], []) == 0
    assert corrected([then], [increment(A, rejects=[{}])], ["r"]) == 0
    assert changed(A, B, then=then, corrected_lines=1) is None
    assert changed(A, B, C, then=then, corrected_lines=1).gained == 2
    assert changed(B, then=then, corrected_lines=1).lost == 1


def test_a_long_increment_is_compared_part_by_part_alike(monkeypatch):
    then = increment(*(line(f"{n}") for n in range(60)))
    now = [line(f"{n}", revenue=100 + (n % 7 == 0)) for n in range(5, 60)]
    whole = changed(*now, then=then)
    monkeypatch.setattr(restatement, "HELD_LINES", 10)
    assert changed(*now, then=then) == whole
    assert (whole.lost, whole.gained) == (5 + 8, 8)


def test_what_was_accepted_is_recorded_beside_what_was_before(tmp_path):
    path, moment = tmp_path / "accepted.json", dt.datetime(2024, 10, 1, tzinfo=dt.UTC)
    for told in ("first", "second"):
        record_accepted(path, {("sales_log", THROUGH): told}, moment)
    accepted = json.loads(path.read_text(encoding="utf-8"))["accepted"]
    assert [one["change"] for one in accepted] == ["first", "second"]
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(SettingsError, match="version control"):
        record_accepted(path, {("sales_log", THROUGH): "third"}, moment)
