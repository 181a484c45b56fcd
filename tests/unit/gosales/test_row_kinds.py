"""Rows that are no sales, ids that are nobody: asked and pointed out, with the setting to paste."""

import polars as pl
import pytest
import yaml

from gosales.onboarding.answers import answer
from gosales.onboarding.finding import Finding
from gosales.onboarding.id_spellings import weigh_spellings
from gosales.onboarding.profile import profile
from gosales.onboarding.row_kinds import nobody_findings, row_findings, setting_of
from gosales_resources.settings.inputs import Condition
from gosales_resources.settings.source import SignSettings

ROWS = 40
AMOUNTS = [f"{n + 1}.50" for n in range(ROWS)]
COLUMNS = {"customer_id": "Customer", "revenue": "Net"}


def asked(name: str, values: list[str], amounts: list[str] = AMOUNTS, settled: tuple = ()):
    frame = pl.DataFrame({name: [values[n % len(values)] for n in range(ROWS)], "Net": amounts})
    profiles = {column: profile(frame, column) for column in frame.columns}
    return row_findings(frame, profiles, {"revenue": "Net"}, settled)


@pytest.mark.parametrize(
    ("name", "values", "what", "options"),
    [
        ("Order Status", ["Shipped", "Cancelled"], "where", ["Order Status=Cancelled"]),
        ("Status", ["VOID", "paid", "Draft"], "where", ["Status=Draft", "Status=VOID"]),
        ("Belegstatus", ["storniert", "gebucht"], "where", ["Belegstatus=storniert"]),
        ("is_cancelled", ["0", "1"], "where", ["is_cancelled=1"]),
        ("Document Type", ["Invoice", "Credit Memo"], "sign", ["Document Type=Credit Memo"]),
        ("Belegart", ["Rechnung", "Gutschrift"], "sign", ["Belegart=Gutschrift"]),
        ("Type", ["INV", "CM"], "sign", ["Type=CM"]),
        ("Returned", ["No", "Yes"], "sign", ["Returned=Yes"]),
    ],
)
def test_cancelled_rows_and_positive_credit_memos_are_asked_about(name, values, what, options):
    (finding,) = asked(name, values)
    assert (finding.what, finding.blocks, finding.options) == (what, True, options)
    assert setting_of(what, name, [o.split("=")[1] for o in options]) in finding.why
    assert "--keep" in str(answer(finding, "taxonomy.csv"))


@pytest.mark.parametrize(
    ("name", "values"),
    [("Category", ["Void Fill", "Tape"]), ("Payment", ["Credit", "Cash"]),
     ("Payment Type", ["Credit Card", "Cash"]), ("Status", ["Shipped", "In Process"])],
)  # fmt: skip
def test_words_that_are_no_kind_of_row_are_not_asked_about(name, values):
    assert asked(name, values) == []


def test_credit_memos_that_are_negative_already_and_columns_that_were_decided_are_not_asked_about():
    signed = [("-" if n % 2 else "") + amount for n, amount in enumerate(AMOUNTS)]
    assert asked("Type", ["Invoice", "Credit Memo"], signed) == []
    assert asked("Status", ["Shipped", "Void"], settled=("Status",)) == []


def test_the_settings_to_paste_are_legal():
    (condition,) = yaml.safe_load(setting_of("where", "A: b", ["n/a, 'x'"]))["where"]
    assert Condition(**condition).value == "n/a, 'x'"
    sign = yaml.safe_load(setting_of("sign", "Type", ["CM", "no"]))["sign"]
    assert SignSettings(**sign).negative == ["CM", "no"]


@pytest.mark.parametrize("nobody", ["CASH", "Guest", "walk-in customer", "ANONYMOUS", "99999", "0"])
def test_a_word_for_nobody_is_pointed_out_and_blocks_nothing(nobody):
    ids = [nobody if n % 9 == 0 else f"C{n % 20}" for n in range(ROWS)]
    (finding,) = nobody_findings(pl.DataFrame({"Customer": ids}), COLUMNS, [])
    assert (finding.value, finding.blocks) == (nobody, False)
    assert "not_customers: [" in finding.why
    assert nobody_findings(pl.DataFrame({"Customer": ids}), COLUMNS, [nobody]) == []


def test_one_account_with_a_large_share_of_the_lines_is_pointed_out():
    ids = ["C7" if n % 3 == 0 else f"C{n}" for n in range(ROWS)]
    (finding,) = nobody_findings(pl.DataFrame({"Customer": ids}), COLUMNS, [])
    assert finding.value == "C7"
    assert "38% of the lines" in finding.why


@pytest.mark.parametrize(
    ("ids", "certainty", "said"),
    [(["5.01235E+12", "A1"], "guessed", "a spreadsheet"), ([1.0, 2.0], "sure", "read as 1")],
    ids=["exponent", "float"],
)
def test_ids_that_programs_changed_are_told(ids, certainty, said):
    roles = {"sku": Finding("sku", "Item", "sure", "all filled")}
    found = weigh_spellings(roles, pl.DataFrame({"Item": ids * 5}))["sku"]
    assert found.certainty == certainty
    assert said in found.why
