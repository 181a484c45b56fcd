"""Purchase history: sums of an increment's lines, lines taken back among them."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from gosales_assets.star import facts as cutting
from gosales_assets.star.history import build_purchase_history
from gosales_checks.contracts.contract import conform, judge_table
from gosales_checks.contracts.star import PURCHASE_HISTORY, FactTransactions

PLAIN = {
    "transaction_id": "t",
    "customer_id": "c",
    "order_date": dt.date(2024, 5, 1),
    "visible_cutoff": dt.date(2024, 6, 30),
    "invoice_id": "i",
    "sku": "Sim",
    "division": "simulation",
    "quantity": Decimal(1),
    "revenue": Decimal(100),
    "gross_profit": Decimal(40),
    "is_return": False,
    "is_reversal": False,
    "rep": "Ann",
    "branch": "West",
    "source_file": "f",
}


def history(*lines: dict) -> pl.DataFrame:
    schema = {name: column.dtype for name, column in FactTransactions.columns().items()}
    facts = pl.DataFrame([PLAIN | line for line in lines], schema=schema, orient="row")
    table = conform(PURCHASE_HISTORY, build_purchase_history(facts.lazy(), "gross_profit"))
    assert judge_table(PURCHASE_HISTORY, table).violations == {}
    return table.collect()


BACK = {"is_reversal": True, "quantity": Decimal(-1), "gross_profit": Decimal(-40)}
RETURN = {"is_return": True, "quantity": Decimal(-1), "gross_profit": Decimal(-30)}
RETURN_BACK = {"is_reversal": True, "quantity": Decimal(1), "gross_profit": Decimal(30)}


@pytest.mark.parametrize(
    ("lines", "line_count", "return_count", "value", "returned"),
    [
        ([{}, {}], 2, 0, 8000, None),
        ([{}, BACK], 0, 0, 0, None),
        ([{}, RETURN], 2, 1, 1000, -3000),
        ([RETURN, RETURN_BACK], 0, 0, 0, 0),
        ([RETURN_BACK], -1, -1, 3000, 3000),
    ],
    ids=["sales", "a sale taken back", "a return", "a return taken back", "in a later increment"],
)
def test_a_line_taken_back_is_deducted_from_what_it_was(
    lines, line_count, return_count, value, returned
):
    row = history(*lines).row(0, named=True)
    found = [row[n] for n in ("line_count", "return_count", "value_cents", "returned_cents")]
    assert found == [line_count, return_count, value, returned]


def test_a_line_restated_under_another_rep_leaves_the_old_one():
    found = history(BACK, {"rep": "Bob"}).select("rep", "line_count").rows()
    assert found == [("Ann", -1), ("Bob", 1)]


def test_a_line_without_a_rep_has_an_empty_one():
    assert history({"rep": None, "branch": None}).select("rep", "branch").row(0) == ("", "")


def test_margin_counts_the_lines_that_have_both_amounts():
    row = history({}, {"revenue": None}, {"gross_profit": None}).row(0, named=True)
    assert (row["revenue_cents"], row["gross_profit_cents"]) == (20_000, 8_000)
    assert (row["margin_revenue_cents"], row["margin_profit_cents"]) == (10_000, 4_000)


def some_facts() -> pl.LazyFrame:
    columns = FactTransactions.columns()
    lines = [
        PLAIN | {"customer_id": f"c{n * 7 % 11}", "transaction_id": f"t{n:02d}", "division": d}
        for n, d in enumerate(["simulation", "scanning", "pdm"] * 10)
    ]
    schema = {name: column.dtype for name, column in columns.items()}
    return pl.DataFrame(lines, schema=schema, orient="row").lazy()


def test_parts_of_a_history_are_the_whole(monkeypatch):
    whole = build_purchase_history(some_facts(), "revenue").collect()
    monkeypatch.setattr(cutting, "HELD_LINES", 4)
    parts = pl.collect_all(cutting.purchase_history_in_parts(some_facts(), "revenue"))
    assert len(parts) > 5
    assert pl.concat(parts).equals(whole)


@pytest.mark.parametrize("held", [1, 4, 100])
def test_parts_of_divisions_are_all_lines_in_their_order(monkeypatch, held):
    monkeypatch.setattr(cutting, "HELD_LINES", held)
    lines, found = cutting.hold_short_increment(some_facts()), []
    for division in ("simulation", "scanning", "pdm", "hardware"):
        parts = pl.collect_all(cutting.lines_of_division(lines, division))
        assert len(parts) == -(-30 // held)
        found.append(pl.concat(parts))
        assert set(found[-1]["division"]) <= {division}
        assert found[-1]["transaction_id"].is_sorted()
    assert pl.concat(found).sort("transaction_id").equals(some_facts().collect())
