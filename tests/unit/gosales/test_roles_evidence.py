"""What a column is taken for: whole words of its name, and values that agree or refuse."""

import polars as pl
import pytest

from gosales.onboarding.amounts import settle_amount
from gosales.onboarding.profile import profile
from gosales.onboarding.roles import LONG_ROLES, assign_roles
from gosales.onboarding.words import MEASURES, name_points, tokens

ROWS = 60
PRICES = [10.5, 99.9, 25.25, 40.0]
ORDER = [n // 2 for n in range(ROWS)]
LOG = pl.DataFrame(
    {
        "Order No": [f"SO - {1000 + n}" for n in ORDER],
        "Order Date": [f"2024-{n % 12 + 1:02d}-{n % 28 + 1:02d}" for n in ORDER],
        "Customer No": [f"C{n % 7:03d}" for n in ORDER],
        "Item No": [f"A{n % 4}" for n in range(ROWS)],
        "Quantity": [str(n % 9 + 1) for n in range(ROWS)],
    }
)


def settled(frame: pl.DataFrame, **given: str):
    profiles = {name: profile(frame, name) for name in frame.columns}
    return settle_amount(assign_roles(frame, profiles, LONG_ROLES, given), frame, profiles)


def with_column(name: str, values: list) -> pl.DataFrame:
    return LOG.with_columns(pl.Series(name, [str(value) for value in values]))


@pytest.mark.parametrize(
    "header",
    ["_SalesTeamID", "Sales Org", "SalesTeam", "Sales Rep Code", "Revenue Code", "Gross Margin %",
     "GP%", "DB %", "Marge %", "Umsatz in %", "Margin Rate", "Profit Ratio", "Profit Center",
     "Sales Target", "Sales LY", "Average Sales", "Revenue per unit", "Equipo de ventas",
     "Tasa de margen", "UnitsInStock", "Quantity per unit", "Sales Channel", "Order Quantity ID",
     "Sales Person Key", "Total Sales Pct", "Qty UOM"],
)  # fmt: skip
def test_a_measure_word_inside_another_name_is_no_measure(header):
    assert not any(name_points(header, role) for role in MEASURES)


@pytest.mark.parametrize(
    ("header", "role", "points"),
    [("Net Sales (USD)", "revenue", 2), ("Total Revenue", "revenue", 3), ("Qty (pcs)", "quantity", 2),
     ("Net Sales excl. VAT", "revenue", 3), ("Gross Income", "gross_profit", 3),
     ("Nota Fiscal", "invoice_id", 3), ("Quantidade", "quantity", 3), ("Produto", "sku", 1),
     ("Código do Cliente", "customer_id", 3), ("Numero fattura", "invoice_id", 3),
     ("Klantnummer", "customer_id", 3), ("Order #", "invoice_id", 3), ("TotalPrice", "revenue", 1),
     ("Number of units", "quantity", 3)],
)  # fmt: skip
def test_a_name_with_plain_words_around_it_is_still_one(header, role, points):
    assert name_points(header, role) == points


@pytest.mark.parametrize(
    "header", ["Invoice Status", "Order Priority", "Invoice Total", "InvoiceCurrency", "Item Count"]
)
def test_what_an_order_has_is_not_its_number(header):
    assert name_points(header, "invoice_id") + name_points(header, "sku") == 0


def test_camel_case_is_read_as_words():
    assert tokens("IDCustomer") == ("id", "customer")


def test_an_order_number_with_blanks_in_it_is_an_invoice():
    assert settled(LOG)["invoice_id"].value == "Order No"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([4.76] * ROWS, "one value in all rows"),
        ([n % 28 + 1 for n in range(ROWS)], "without a gap: codes"),
        ([(n % 10) / 10 for n in range(ROWS)], "shares, not amounts"),
        ([328.25 + n % 5 for n in ORDER], "one value over all lines of an order in 30 of 30"),
        (["tbd" if n % 5 == 0 else n + 0.5 for n in range(ROWS)], "'tbd' does not"),
    ],
    ids=["constant", "team number", "fraction", "order total", "not all numbers"],
)
def test_values_that_are_no_amounts_of_lines_leave_the_revenue_undecided(values, reason):
    found = settled(with_column("Net Amount", values))["revenue"]
    assert (found.value, found.blocks, found.options) == (None, True, [])
    assert reason in found.why


def test_a_column_whose_values_are_amounts_is_taken_before_one_whose_are_not():
    lines = [PRICES[n % 4] * (n % 9 + 1) for n in range(ROWS)]
    log = with_column("Order Total", [328.25 + n % 5 for n in ORDER]).with_columns(
        pl.Series("Line Total", lines), pl.Series("Gross Margin %", [4.76] * ROWS)
    )
    found = settled(log)
    assert (found["revenue"].value, found["revenue"].certainty) == ("Line Total", "sure")
    assert "gross_profit" not in found


@pytest.mark.parametrize("percents", [[40, 35, 52, 60], [12.5, 20, 17.5, 30]], ids=str)
def test_a_margin_in_percent_is_no_profit(percents):
    lines = [PRICES[n % 4] * (1 + n * n) for n in range(ROWS)]
    log = with_column("Margin", [percents[n * 7 % 4] for n in range(ROWS)])
    found = settled(log.with_columns(pl.Series("Net Amount", lines)))
    assert "gross_profit" not in found


def test_unit_price_times_quantity_is_proposed_where_no_line_has_an_amount():
    found = settled(with_column("Unit Price", [PRICES[n % 4] for n in range(ROWS)]))
    assert (found["unit_price"].value, found["unit_price"].certainty) == ("Unit Price", "guessed")
    assert "no column is the amount of a line" in found["unit_price"].why
    assert "revenue" not in found


def test_a_price_that_grows_with_the_quantity_is_the_line_s():
    log = with_column("Price", [PRICES[n % 4] * (n % 9 + 1) for n in range(ROWS)])
    found = settled(log)["revenue"]
    assert (found.value, found.certainty) == ("Price", "guessed")


@pytest.mark.parametrize(
    ("values", "unit"), [([0, 0.05, 0.1], "fraction"), ([0, 5, 10], "percent")], ids=str
)
def test_a_discount_is_found_beside_a_unit_price_with_its_unit(values, unit):
    log = with_column("Unit Price", [PRICES[n % 4] for n in range(ROWS)])
    found = settled(
        log.with_columns(pl.Series("Discount", [str(values[n % 3]) for n in range(ROWS)]))
    )
    assert unit in found["discount"].why


def test_an_order_total_beside_a_unit_price_is_asked_for_with_a_command_to_paste():
    log = with_column("Order Total", [328.25 + n % 5 for n in ORDER])
    log = log.with_columns(pl.Series("Unit Price", [PRICES[n % 4] for n in range(ROWS)]))
    assert settled(log)["revenue"].options == ["unit_price=Unit Price"]


@pytest.mark.parametrize(
    ("is_blank", "reason"),
    [(lambda n: n % 7 == 0, "blank in 9 of 60 rows"), (lambda n: n % 6 > 0, "fill it down")],
    ids=["some", "filled once per group"],
)
def test_a_customer_with_blanks_is_refused_with_its_reason_and_not_suggested(is_blank, reason):
    ids = [None if is_blank(n) else f"C{n // 6}" for n in range(ROWS)]
    found = settled(LOG.with_columns(pl.Series("Customer No", ids)))["customer_id"]
    assert (found.value, found.options) == (None, [])
    assert "Customer No is named like one, but" in found.why
    assert reason in found.why


def test_suggestions_pass_the_evidence_of_the_role_and_messages_end_in_words():
    plain = LOG.rename({"Order No": "Ref", "Item No": "Thing"})
    found = settled(plain)
    assert (found["invoice_id"].options, found["invoice_id"].value) == (["Ref"], None)
    assert not any(f.why.endswith(";") for f in found.values())


def test_no_column_is_suggested_where_none_passes():
    found = settled(LOG.drop("Item No").with_columns(pl.Series("Mode", ["Air", "Sea"] * 30)))
    assert found["sku"].options in ([], ["Mode"])
    assert "Quantity" not in found["sku"].options
