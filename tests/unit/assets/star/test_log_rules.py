"""What the settings say of rows: left out, a return, a copy, nothing, a revenue by its price."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosales_assets.labels.raw_log import read_plain_lines
from gosales_assets.star.prices import line_revenue
from gosales_resources.errors import SettingsError, SourceError
from gosales_resources.sources.raw import FILE, ROW
from tests.worlds.long_log import COLUMNS, FIRST, HEADER, ledger_of, read_long, write_long
from tests.worlds.staged_log import lines_of, read_anew, read_log, rejects_of

STATUS = f"{HEADER},Status"
ROWS = [f"{FIRST},Shipped", "R2,C2,2023-01-06,A2,2,5.50,Cancelled", "R3,C3,2023-01-07,B1,1,7,"]
PRICED = {k: v for k, v in COLUMNS.items() if k != "revenue"} | {"unit_price": "Price"}


def kept(log) -> list[str]:
    return lines_of(log)["invoice_id"].to_list()


def where(column: str, op: str, value: object) -> dict:
    return {"where": [{"column": column, "op": op, "value": value}]}


@pytest.mark.parametrize(
    ("condition", "invoices"),
    [
        (where("Status", "!=", "Cancelled"), ["R1", "R3"]),
        (where("Status", "not in", ["Cancelled", "Refunded"]), ["R1", "R3"]),
        (where("Status", "=", "Shipped"), ["R1"]),
        (where("Status", "in", ["Shipped", "Cancelled"]), ["R1", "R2"]),
        (where("Net", "<", 7), ["R2"]),
        (where("Net", ">=", 7.0), ["R1", "R3"]),
        (where("Date", ">", dt.date(2023, 1, 5)), ["R2", "R3"]),
        (where("Status", "<", "D"), ["R2", "R3"]),
    ],
    ids=["!=", "not in", "=", "in", "number <", "number >=", "day >", "blank has no order"],
)
def test_rows_are_taken_by_what_a_column_says_and_the_others_counted(tmp_path, condition, invoices):
    log = read_long(tmp_path, *ROWS, header=STATUS, **condition)
    ledger = ledger_of(log)
    assert kept(log) == invoices
    assert (ledger["rows_in"], ledger["rows_left_out"]) == (3, 3 - len(invoices))
    assert ledger["revenue_in"] - ledger["revenue_left_out"] == lines_of(log)["revenue"].sum()


def test_a_cell_that_cannot_be_compared_stays_and_is_told(tmp_path):
    rows = [FIRST, "R2,C2,2023-01-06,A2,many,5.50"]
    made, told = write_long(tmp_path, "\n".join([HEADER, *rows]), **where("Qty", ">", 5)), []
    (tmp_path / "staging").mkdir()
    log = read_log(made, tmp_path / "staging", told)
    assert ledger_of(log)["rows_left_out"] == 1
    assert rejects_of(log)["reason"].to_list() == ["Qty is not a number: 'many'"]
    assert any("1 rows stay that source.sales_log.where cannot compare" in line for line in told)


def test_a_condition_on_a_column_that_is_not_there_offers_the_nearest(tmp_path):
    with pytest.raises(SourceError, match=r"where 1: no column .Statu.\. Did you mean .Status."):
        read_long(tmp_path, *ROWS, header=STATUS, **where("Statu", "=", "x"))


@pytest.mark.parametrize(("ids", "invoices"), [(["C2"], ["R1"]), (["", "C1"], ["R2"])])
def test_ids_of_no_customer_are_counted_and_in_no_fact(tmp_path, ids, invoices):
    rows = [FIRST, "R2,C2,2023-01-06,A2,2,5.50", "R3,,2023-01-07,B1,1,7", "R4,C2,no day,B1,1,7"]
    log = read_long(tmp_path, *rows, not_customers=ids)
    assert [i for i in kept(log) if i in ("R1", "R2")] == invoices
    assert ledger_of(log)["rows_left_out"] == 2


def test_amounts_of_returns_turn_negative_by_a_columns_value(tmp_path):
    rows = ["R1,C1,2023-01-05,A1,1,10.00,Invoice", "R2,C1,2023-01-06,A1,2,20, credit memo",
            "R3,C1,2023-01-07,A1,-1,-10,Credit Memo"]  # fmt: skip
    sign = {"column": "Status", "negative": ["Credit Memo"]}
    log = read_long(tmp_path, *rows, header=STATUS, sign=sign)
    assert lines_of(log).select("quantity", "revenue", "is_return").rows() == [
        (1, 10, False), (-2, -20, True), (-1, -10, True)]  # fmt: skip
    assert ledger_of(log)["revenue_in"] == -20


@pytest.mark.parametrize(("how", "count"), [("drop", 1), ("keep", 3), ("number", 2)])
def test_a_row_of_another_file_is_the_same_line(tmp_path, how, count):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.csv").write_text(f"{HEADER}\n{FIRST}\n{FIRST}\n")
    made = write_long(tmp_path, f"{HEADER}\n{FIRST}\n", "files/b.csv", duplicates=how)
    log = made.source.sales_log.model_copy(update={"path": "files"})
    source = made.source.model_copy(update={"sales_log": log})
    log = read_anew(made.model_copy(update={"source": source}), tmp_path)
    assert (lines_of(log).height, lines_of(log)["transaction_id"].n_unique()) == (count, count)
    assert ledger_of(log)["rows_duplicate"] == 3 - count


@pytest.mark.parametrize("word", ["NULL", "n/a", " (blank) ", "NaN", "#N/A"])
def test_words_for_nothing_are_no_customers_and_no_amounts(tmp_path, word):
    rows = [FIRST, f"R2,{word},2023-01-06,A2,2,5.50", f"R3,C3,2023-01-07,A2,2,{word}"]
    log = read_long(tmp_path, *rows)
    reasons = rejects_of(log)["reason"].to_list()
    # A failed formula is no nothing: what it should be is lost.
    assert reasons == ["Customer is blank"] + ["Net is not a number: '#N/A'"] * (word == "#N/A")
    assert kept(log) == ["R1"] + ["R3"] * (word != "#N/A")


def test_codes_that_look_like_nothing_stay(tmp_path):
    rows = [f"R{n},{code},2023-01-05,A1,1,1" for n, code in enumerate(("NA", "None", "-", "0"))]
    assert lines_of(read_long(tmp_path, *rows))["customer_id"].to_list() == ["-", "0", "NA", "None"]


@pytest.mark.parametrize(
    ("unit", "cell", "revenue"),
    [
        ("fraction", "0.15", "-28.34"),
        ("fraction", "15%", "-28.34"),
        ("percent", "15", "-28.34"),
        ("percent", "", "-33.34"),
        ("amount", "3.34", "-30.00"),
    ],
)
def test_revenue_is_price_by_quantity_less_the_discount(tmp_path, unit, cell, revenue):
    header, row = "Invoice,Customer,Date,Item,Qty,Price,Off", f"R1,C1,2023-01-05,A1,-2,16.67,{cell}"
    columns = PRICED | {"discount": "Off"}
    log = read_long(tmp_path, row, header=header, columns=columns, discount_unit=unit)
    assert lines_of(log)["revenue"].to_list() == [Decimal(revenue)]
    assert ledger_of(log)["revenue_in"] == Decimal(revenue)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("2,16.67,15", "Off is below nothing or above all: '15'"),
        ("2,16.67,-0.1", "Off is below nothing or above all: '-0.1'"),
        ("2,16.67,few", "Off is not a number: 'few'"),
        (",16.67,0.1", "Price has no quantity: '16.67'"),
        ("9000000000000,9000000000,0", "Qty is not a number: '9000000000000'"),
        ("1000000000,1000000000,0", "Price x quantity is no amount: '1000000000'"),
    ],
)
def test_a_line_whose_price_makes_no_revenue_is_a_reject(tmp_path, cells, reason):
    header = "Invoice,Customer,Date,Item,Qty,Price,Off"
    rows = [f"R1,C1,2023-01-05,A1,{cells}"]
    log = read_long(tmp_path, *rows, header=header, columns=PRICED | {"discount": "Off"})
    assert reason in rejects_of(log)["reason"].item()
    assert ledger_of(log)["rows_rejected"] == 1


@pytest.mark.parametrize(
    "columns",
    [
        COLUMNS | {"unit_price": "Price"},
        {k: v for k, v in PRICED.items() if k != "quantity"},
        COLUMNS | {"discount": "Off"},
    ],
    ids=["two revenues", "no quantity", "discount of a revenue"],
)
def test_a_price_is_mapped_only_where_it_makes_the_revenue(tmp_path, columns):
    with pytest.raises(SettingsError, match=r"unit_price|quantity"):
        write_long(tmp_path, f"{HEADER}\n{FIRST}\n", columns=columns)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-(10**9), 10**9), st.integers(-(10**6), 10**6), st.integers(0, 10**6))
    )
)
def test_revenue_is_exact_to_the_cent_as_decimals_are(factors):
    names = ["unit_price_read", "quantity_milli_read", "discount_read"]
    frame = pl.DataFrame(factors, dict.fromkeys(names, pl.Int64), orient="row")
    exact = [Decimal(p) * q * (10**6 - d) / 10**13 for p, q, d in factors]
    read = frame.select(line_revenue("fraction")).to_series().to_list()
    assert read == [int(cents.quantize(Decimal(1), "ROUND_HALF_EVEN")) for cents in exact]


ZONED = "R1,C1,2023-01-06 21:15 -0500,A1,1,10.00"


@pytest.mark.parametrize(("zone", "day"), [(None, 6), ("UTC", 7), ("America/Denver", 6)])
def test_an_order_is_of_the_day_of_its_own_zone_or_of_the_named_one(tmp_path, zone, day):
    log = read_long(tmp_path, ZONED, date_formats=["%Y-%m-%d %H:%M %z"], time_zone=zone)
    assert lines_of(log)["order_date"].to_list() == [dt.date(2023, 1, day)]


RULED = [
    {"where": [{"column": "Status", "op": "not in", "value": ["Cancelled"]}]},
    {"where": [{"column": "Net", "op": ">", "value": 6}]},
    {"not_customers": ["C2", ""]},
    {"sign": {"column": "Status", "negative": ["cancelled"]}},
    {"duplicates": "number"},
    {"duplicates": "keep"},
    {"columns": PRICED | {"unit_price": "Net", "discount": "Off"}, "discount_unit": "percent"},
]
MESS = [
    *(f"{row},5" for row in ROWS), f"{ROWS[1]},5", "R4,NULL,2023-01-08,A1,1,8,Shipped,",
    "R5,C5,2023-01-09,1.0,1,n/a,Shipped,0", "R6,C6,2023-01-10,B1,-3,1'000.125,Shipped,7.5,,",
    "R7,C7,2023-01-11,B1,x,1,Cancelled,2", "R8,C8,2023-01-12,B1,2,1,Shipped,120", "R9,C9,no,B1,2,1,,",
]  # fmt: skip


@pytest.mark.parametrize("rules", RULED, ids=lambda rules: str(next(iter(rules))))
def test_the_audits_plain_reading_knows_the_same_rules(tmp_path, rules):
    text = "\n".join([f"{STATUS},Off", *MESS])
    made = write_long(tmp_path, text, **rules)
    log = read_anew(made, tmp_path)
    plain = sorted(
        (line.customer_id, line.sku, line.cents) for line in read_plain_lines(made, bool)
    )
    lines = lines_of(log).with_columns(cents=(pl.col("revenue").fill_null(0) * 100).cast(pl.Int64))
    assert sorted(lines.select("customer_id", "sku", "cents").rows()) == plain
    assert ledger_of(log)["rows_in"] == len(MESS)


OUR_NAMES = (
    "row",
    "row_id",
    "sku",
    "at",
    "raw",
    "variable",
    "value",
    "day",
    "fault",
    "revenue",
    "literal",
    "len",
)


@pytest.mark.parametrize("name", OUR_NAMES)
def test_a_column_may_be_called_as_one_of_ours(tmp_path, name):
    rows = [f"{FIRST},x", "R2,C2,2023-01-06,A2,2,many,y"]
    log = read_long(tmp_path, *rows, header=f"{HEADER},{name}")
    assert kept(log) == ["R1"]
    assert f'"{name}","value":"y"' in rejects_of(log)["raw"].item().replace(" ", "")


@pytest.mark.parametrize("name", [ROW, FILE])
def test_a_name_that_readers_add_is_refused_in_a_file(tmp_path, name):
    with pytest.raises(SourceError, match=f"'{name}' is a name of GoSales' own"):
        read_long(tmp_path, f"{FIRST},x", header=f"{HEADER},{name}")


@pytest.mark.parametrize("encoding", ["utf8", "cp1252", "mac_roman"])
def test_a_log_in_utf8_that_is_read_as_another_encoding_is_told(tmp_path, encoding):
    rows = [FIRST, "R2,Größe,2023-01-06,A2,1,5.50"]
    made, told = write_long(tmp_path, "\n".join([HEADER, *rows]), encoding=encoding), []
    (tmp_path / "staging").mkdir()
    read_log(made, tmp_path / "staging", told)
    said = [line for line in told if "look wrong in encoding" in line]
    assert len(said) == (encoding != "utf8")
    assert all("set it to utf8" in line and "source.sales_log.encoding" in line for line in said)
