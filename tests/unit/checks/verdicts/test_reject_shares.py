"""Shares of rejects: what warns, what stops, and what keeps nothing at all."""

import polars as pl
import pytest

from gosales_checks.verdicts.reject_shares import (
    RejectShare,
    commonest_reasons,
    count_rejects,
    judge_rejects,
)
from gosales_resources.settings.contracts import ContractSettings

BOUNDS = ContractSettings()


def share(loaded: int, rejected: int, kept: float = 0, lost: float = 0) -> RejectShare:
    return RejectShare(loaded, rejected, loaded, kept, lost)


def judged(one: RejectShare, *others: RejectShare, bounds=BOUNDS):
    return judge_rejects(one, [one, *others], "gross_profit", bounds)


def outcome(one: RejectShare, *others: RejectShare, bounds=BOUNDS) -> str:
    found = judged(one, *others, bounds=bounds)
    return "passes" if not found.findings else "warns" if found.is_tolerated else "stops"


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (share(95, 5), "passes"),
        (share(94, 6), "warns"),
        (share(50, 50), "warns"),
        (share(49, 51), "stops"),
        (share(99, 1, kept=94, lost=6), "warns"),
        (share(99, 1, kept=40, lost=60), "stops"),
        (share(0, 0), "passes"),
    ],
    ids=["few", "some", "half", "most", "some money", "most money", "no rows"],
)
def test_a_share_of_rows_or_of_money_warns_above_one_bound_and_stops_above_another(one, expected):
    assert outcome(one) == expected


def test_an_increment_of_a_few_rows_warns_beside_a_sound_log_and_does_not_stop_it():
    assert outcome(share(1, 2), share(900, 3)) == "warns"


def test_a_log_is_judged_as_a_whole_in_each_of_its_increments():
    assert outcome(share(100, 0), share(10, 500)) == "stops"
    (finding,) = judged(share(100, 0), share(10, 500)).findings
    assert finding.startswith("all increments: 500 of 610 rows (82.0%)")


@pytest.mark.parametrize("rows", [1, 120])
def test_a_load_that_keeps_nothing_fails_whatever_the_bounds_are(rows):
    loose = ContractSettings(rejects_warn_frac=1, rejects_block_frac=1)
    assert outcome(share(0, rows), bounds=loose) == "stops"
    assert any("nothing is kept" in one for one in judged(share(0, rows), bounds=loose).findings)


def test_lines_that_are_all_in_quarantine_are_nothing_kept():
    assert outcome(RejectShare(loaded=20, stored=0)) == "stops"


def test_an_increment_without_rows_beside_others_is_nobodys_fault():
    assert outcome(share(0, 0), share(10, 0)) == "passes"


def test_bounds_that_contradict_each_other_are_refused():
    with pytest.raises(ValueError, match="rejects_warn_frac"):
        ContractSettings(rejects_warn_frac=0.6, rejects_block_frac=0.5)


def test_money_is_counted_without_signs_and_unreadable_amounts_are_told():
    ledger = pl.LazyFrame({"rows_loaded": [3, 0], "rows_rejected": [1, 2]})
    lines = pl.LazyFrame(
        {"is_reversal": [False, False, False, True], "revenue_source": [50.0, -30.0, None, -50.0]}
    )
    rejects = pl.LazyFrame(
        {"revenue_source": [-20.0, 0.0, None], "reason": ["rate is missing"] * 3}
    )
    found = count_rejects(ledger, lines, rejects, "revenue")
    assert found == RejectShare(3, 3, 3, 80.0, 20.0, 2)
    assert found.of_money == 0.2
    assert "2 of them have no readable amount" in found.describe("revenue")


def test_the_amount_of_a_total_row_is_no_rejected_money():
    ledger = pl.LazyFrame({"rows_loaded": [222], "rows_rejected": [2]})
    lines = pl.LazyFrame({"is_reversal": [False], "revenue_source": [9_455.1]})
    why = ["Invoice Date is blank", "Invoice No is blank; Invoice Date is blank"]
    rejects = pl.LazyFrame({"revenue_source": [5_147.9, 10_328.0], "reason": why})
    found = count_rejects(ledger, lines, rejects, "revenue")
    assert (found.of_money, found.nameless) == (0.0, 2)
    told = found.describe("revenue")
    assert "2 of them are blank in Invoice Date, Invoice No: a total row looks so" in told
    assert "source.sales_log.where" in told
    assert (found + found).blank == found.blank * 2
    assert (found + found).describe("revenue").count("Invoice Date") == 1
    assert outcome(found) == "passes"


def test_reasons_are_counted_by_kind_each_finding_of_a_row_apart():
    reasons = ["SKU 'a' is not in the taxonomy", "SKU 'b' is not in the taxonomy; Date is blank"]
    found = commonest_reasons(pl.LazyFrame({"reason": [*reasons, "Date is blank", "Rate"]}), 2)
    assert [(r["kind"], r["count"]) for r in found] == [
        ("Date is blank", 2),
        ("SKU '...' is not in the taxonomy", 2),
    ]
    assert found[1]["example"] == reasons[0]
