"""One account: divisions, assets, orders by month, what lists said of it."""

import datetime as dt

import polars as pl

from gosales.pages.views.account import (
    division_rows,
    find_accounts,
    month_rows,
    offered_rows,
    owned_rows,
)
from gosales_assets.whitespace.rank import with_callers
from tests.worlds.lists import list_of

DAY, NAMES = dt.date(2024, 6, 30), {"cad": "CAD & more", "pdm": "PDM"}
CUSTOMERS = pl.LazyFrame(
    {"customer_id": ["001", "002", "010"], "customer_name": ["Beta (x", "alpha", None],
     "rep": ["Ann", "Bob", None]}
)  # fmt: skip


def found(text: str) -> list[str]:
    return find_accounts(CUSTOMERS, text)["customer_id"].to_list()


def test_an_account_is_found_by_a_part_of_the_name_or_the_beginning_of_the_id():
    assert (found(""), found("ALPH"), found("00"), found("(x"), found("10")) == (
        ["001", "002", "010"], ["002"], ["001", "002"], ["001"], [],
    )  # fmt: skip


def test_the_owner_of_a_book_comes_before_the_register():
    books = pl.LazyFrame(
        {"customer_id": ["001", "001", "002"], "rep": ["Dan", "Cy", "Eve"],
         "is_active": [True, True, False]}
    )  # fmt: skip
    assert with_callers(CUSTOMERS, books).collect()["rep"].to_list() == ["Cy", "Bob", None]
    assert with_callers(CUSTOMERS, None).collect()["rep"].to_list() == ["Ann", "Bob", None]


def test_every_division_says_how_the_account_stands_there():
    signals = pl.LazyFrame(
        {"customer_id": ["1"] * 3 + ["2"], "division": ["cad", "pdm", "new", "cad"],
         "p_icp": [0.2, 0.5, 0.1, 0.9], "p_low": [0.1, 0.4, None, 0.8],
         "p_high": [0.3, 0.6, None, 1.0], "conditional_value": [1.0] * 4, "ev": [0.2, 0.5, 0.1, 0.9],
         "wallet": [None] * 4, "is_eligible": [True, False, True, True],
         "ineligible_reason": [None, "open_deal", None, None]},
        schema_overrides={"wallet": pl.Float64},
    )  # fmt: skip
    rows = list_of(
        {"customer_id": "1", "division": "cad"},
        {"customer_id": "1", "division": "new", "rank": None, "is_selected": False},
    )
    told = division_rows(signals, rows.lazy(), NAMES, "1")
    assert told.select("division", "rank", "standing").rows() == [
        ("PDM", None, "not on the list: open deal"), ("CAD & more", 1, "to be called"),
        ("new", None, "at the base rate, not ranked"),
    ]  # fmt: skip


def test_what_runs_out_next_comes_first_with_the_days_that_are_left():
    assets = pl.LazyFrame(
        {"customer_id": ["1", "1", "2"], "item": ["b", "a", "c"], "division": ["cad", "pdm", "cad"],
         "quantity": [1.0, 2.0, 3.0], "purchase_date": [DAY] * 3, "is_on_subscription": [True] * 3,
         "expiration_date": [dt.date(2024, 7, 10), dt.date(2024, 6, 20), DAY]}
    )  # fmt: skip
    told = owned_rows(assets, "1", DAY, NAMES)
    assert told.select("item", "division", "days_left").rows() == [
        ("a", "PDM", -10),
        ("b", "CAD & more", 10),
    ]


def test_orders_of_a_month_sum_to_the_cent():
    history = pl.LazyFrame(
        {"customer_id": ["1", "1", "1", "2"], "division": ["cad"] * 4,
         "order_date": [dt.date(2024, 1, 1), dt.date(2024, 1, 31), dt.date(2024, 2, 1), DAY],
         "value_cents": [1001, -1, 5, 7], "invoice_id": ["a", "a", "b", "c"]}
    )  # fmt: skip
    assert month_rows(history, "1", NAMES).select("month", "value", "orders").rows() == [
        (dt.date(2024, 1, 1), 10.0, 1),
        (dt.date(2024, 2, 1), 0.05, 1),
    ]


def test_what_came_of_an_offer_is_told_by_the_list_before_it():
    surfaced = pl.LazyFrame(
        {"customer_id": ["1", "1", "2"], "division": ["cad"] * 3, "rank": [4, 2, 1],
         "cutoff": [dt.date(2024, 3, 31), DAY, DAY], "rep": ["Ann", "Ann", "Bob"]}
    )  # fmt: skip
    outcomes = pl.LazyFrame(
        {"customer_id": ["1"] * 3, "division": ["cad", "cad", "pdm"],
         "outcome_date": [dt.date(2024, 4, 2), dt.date(2024, 7, 3), DAY],
         "outcome": ["called", "won", "won"]}
    )  # fmt: skip
    told = offered_rows(surfaced, outcomes, "1", NAMES)
    assert told.select("cutoff", "rank", "outcome").rows() == [
        (DAY, 2, "won 2024-07-03"),
        (dt.date(2024, 3, 31), 4, "called 2024-04-02"),
    ]
    assert offered_rows(surfaced, None, "1", NAMES)["outcome"].null_count() == 2
