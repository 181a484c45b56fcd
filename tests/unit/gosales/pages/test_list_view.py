"""The list as a table: filters, orders, figures, what a score is made of."""

import polars as pl
import pytest

from gosales.pages.views.list_rows import (
    BASE_RATE,
    BETWEEN,
    ORDERS,
    Filters,
    choose,
    columns_of,
    figures,
    legal_values,
    ordered,
    since_last,
)
from gosales.pages.views.row_reasons import drivers_of, parts_of
from gosales_assets.delivery.columns import as_text, rounded, shown_columns
from gosales_assets.delivery.listed import NO_REP
from tests.worlds.lists import BASE_RATE as BELOW
from tests.worlds.lists import list_of


def moved(*rows: dict, **columns: list) -> pl.DataFrame:
    """Make a list with what `list_movement` says of it."""
    table = list_of(*rows)
    nothing = {"moved": pl.String, "ranks_up": pl.Int64, "selection": pl.String}
    return table.with_columns(
        pl.Series(name, columns.get(name, [None] * len(rows)), kind)
        for name, kind in nothing.items()
    )


ROWS = moved(
    {"customer_name": "Zeta", "rep": "Ann", "ev": 10.0, "grade": "A", "region": "North"},
    {"customer_name": "Alpha", "rep": " Bob", "ev": 30.0, "grade": "B", "is_selected": False},
    {"customer_name": None, "rep": None, "ev": 20.0, "nba_reason": "bought a 3D printer"},
    BELOW | {"customer_name": "Below", "rep": "Ann"},
    ranks_up=[1, 7, None, None],
)


def chosen(**filters) -> list[int]:
    return choose(ROWS.lazy(), Filters(**filters)).collect()["place"].to_list()


@pytest.mark.parametrize(
    ("filters", "places"),
    [({}, [1, 2, 3]), ({"rep": "Ann"}, [1]), ({"rep": "Bob"}, [2]), ({"rep": NO_REP}, [3]),
     ({"region": "North"}, [1, 2, 3]), ({"grades": ("B",)}, [2]), ({"selected": True}, [1, 3]),
     ({"divisions": ("services",)}, []), ({"status": BASE_RATE}, [4]), ({"status": None}, [1, 2, 3, 4]),
     ({"text": "ALPHA"}, [2]), ({"text": "printer"}, [3]), ({"text": "0001"}, [1]),
     ({"text": ".*"}, []), ({"text": "["}, []),
     ({"text": "a\\n\x00-&~# (?x)"}, []), ({"text": "BOUGHT A 3d"}, [3])],
    ids=str,
)  # fmt: skip
def test_a_filter_keeps_the_rows_it_names(filters, places):
    assert chosen(**filters) == places


@pytest.mark.parametrize(
    ("order", "places"),
    [("Rank", [1, 2, 3]), ("Expected value", [2, 3, 1]), ("Risen most", [2, 1, 3]),
     ("Customer", [2, 1, 3]), ("Wallet", [1, 2, 3])],
)  # fmt: skip
def test_an_order_puts_the_most_first_and_the_unknown_last(order, places):
    rows = choose(ROWS.lazy(), Filters())
    assert ordered(rows, order).collect()["place"].to_list() == places


def test_every_order_can_be_sorted_by():
    for order in ORDERS:
        assert ordered(ROWS.lazy(), order).collect().height == 4


def test_figures_are_those_of_the_command():
    columns = [c for c in columns_of(ROWS, "EUR", 6, of_all=True) if c.look != "text"]
    told = figures(ROWS.lazy(), columns, 0).collect()
    plain = rounded(ROWS, columns, 0)
    for column in columns:
        for ours, theirs in zip(told[column.name], plain[column.name], strict=True):
            shown = None if ours is None else ours / 100 if column.look == "percent" else ours
            assert as_text(shown, column, 0) == as_text(theirs, column, 0)


def test_an_interval_is_told_and_who_has_no_name_is_called_by_the_id():
    told = figures(ROWS.lazy(), columns_of(ROWS, "EUR", 6, of_all=True), 0).collect()
    assert told["customer_name"].to_list() == ["Zeta", "Alpha", "0003", "Below"]
    assert told[BETWEEN].to_list() == ["10.0 to 20.0 %"] * 3 + [None]


def test_columns_that_no_row_has_are_left_out_and_one_seller_needs_no_rep():
    every = [column.name for column in columns_of(ROWS, "EUR", 6, of_all=True)]
    assert "wallet" not in every
    assert {"rep", "region"} <= set(every)
    assert "rep" not in [column.name for column in columns_of(ROWS, "EUR", 6, of_all=False)]


def test_legal_values_are_sorted_and_without_blanks():
    assert legal_values(moved({"rep": " b"}, {"rep": "a"}, {"rep": " "}, {"rep": None}), "rep") == [
        "a",
        "b",
    ]


def test_the_parts_of_a_score_sum_to_it():
    row = ROWS.row(0, named=True) | {"ev_part": 0.2, "cooldown_factor": 0.75, "score": 0.525}
    parts = parts_of(row)
    assert parts.sums_to == pytest.approx(parts.score)
    assert parts.rows["signal"][0] == "Chance"


def test_drivers_are_told_in_words_with_their_values():
    catalog = pl.DataFrame(
        {"feature": ["a", "b"], "description": ["Orders", "Industry"], "unit": ["count", None]}
    )
    told = drivers_of("a +0.42; no driver; c -0.5", {"a": 3, "c": None}, catalog, "EUR")
    assert told.rows() == [("Orders", "3", 0.42), ("c", "not known", -0.5)]
    assert drivers_of("b=Aero +0.1", {"b": "Aero"}, catalog, "EUR").rows() == [
        ("Industry: Aero", "Aero", 0.1)
    ]
    assert drivers_of(None, None, None, "EUR").is_empty()


def test_money_behind_a_chance_is_in_the_home_currency():
    catalog = pl.DataFrame(
        {"feature": ["a"], "description": ["Net value"], "unit": ["home currency"]}
    )
    assert drivers_of("a +0.4", {"a": 7000.0}, catalog, "EUR")["value"].to_list() == ["7,000 EUR"]


def test_a_customers_name_never_becomes_a_driver():
    assert drivers_of("<img src=x onerror=alert(1)>", {}, None, "EUR").is_empty()


def test_what_came_and_went_is_of_the_viewers_rows_alone():
    movement = pl.LazyFrame(
        {"customer_id": ["0001", "0002", "gone", "other"], "division": ["scanning"] * 4,
         "selection": ["entered", "stayed", "left", "left"], "moved": ["a", "b", "c", "d"],
         "rank_then": [9, 2, 3, 4], "rank_now": [1, 2, None, None]}
    )  # fmt: skip
    before = moved({"customer_id": "gone", "customer_name": "Gone"})
    found = since_last(ROWS.lazy(), before.lazy(), movement)
    assert found["entered"]["customer_name"].to_list() == ["Zeta"]
    assert found["left"].select("customer_name", "rank", "moved").rows() == [("Gone", 3, "c")]
    assert since_last(ROWS.lazy(), None, movement)["left"].is_empty()


def test_the_files_titles_explain_the_columns():
    told = {c.name: c.told for c in columns_of(ROWS, "EUR", 6, of_all=True)}
    for column in shown_columns(["p_icp", "ev"], "EUR", 6):
        assert told[column.name] == column.told
