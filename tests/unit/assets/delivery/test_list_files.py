"""Files of the list but the workbook, each read back by another way than it was written."""

import csv
import io
import json
import re

import polars as pl
import pytest
from pydantic import ValidationError

from gosales_assets.delivery.columns import check_columns, shown_columns
from gosales_assets.delivery.crm import write_crm_files
from gosales_assets.delivery.exports import build_exports
from gosales_assets.delivery.exports_card import CARD, describe_exports
from gosales_assets.delivery.listed import Listed
from gosales_assets.delivery.programs import with_external_id, write_jsonl, write_list_parquet
from gosales_assets.delivery.spreadsheet import spreadsheet_safe
from gosales_assets.delivery.spreadsheet_csv import write_spreadsheet_csv
from gosales_assets.delivery.surfacing import surfaced_rows
from gosales_checks.contracts.contract import conform, judge
from gosales_checks.contracts.crm import SURFACING_LOG
from gosales_checks.contracts.delivery import LIST_EXPORTS, SURFACED
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.errors import DamagedError, ScopeError
from gosales_resources.settings.crm_kinds import CRM_KINDS
from gosales_resources.settings.delivery import CrmSettings, DeliverySettings
from tests.worlds.lists import BASE_RATE, HOSTILE, TERMS, list_of

KINDS = ["workbook", "csv", "crm", "parquet", "jsonl"]
ALL = DeliverySettings(kinds=KINDS)
NAMED = list_of(*({"customer_id": text, "customer_name": text} for text in HOSTILE))
COLUMNS = shown_columns(["customer_id", "customer_name", "p_icp", "ev", "cutoff"], "EUR", 6)


def as_csv(content: bytes, separator: str = ",") -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, delimiter=separator))


def imported(content: bytes) -> list[dict[str, str]]:
    """Read a file for import as an importer does: it knows no byte order mark."""
    return list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))


def test_a_csv_has_titles_rounded_figures_and_dates():
    (row,) = as_csv(write_spreadsheet_csv(list_of({}), COLUMNS, "comma", 0))
    assert row == {
        "Customer id": "0001",
        "Customer": "Name",
        "Chance within 6 months (%)": "12.3",
        "Expected value (EUR)": "152",
        "As of": "2024-06-30",
    }


def test_european_spreadsheets_get_semicolons_and_decimal_commas():
    (row,) = as_csv(write_spreadsheet_csv(list_of({}), COLUMNS, "semicolon", 2), ";")
    found = row["Chance within 6 months (%)"], row["Expected value (EUR)"]
    assert found == ("12,3", "152,41")


@pytest.mark.parametrize(("style", "separator"), [("comma", ","), ("semicolon", ";")])
def test_no_cell_of_a_csv_is_run_and_each_is_there(style, separator):
    rows = as_csv(write_spreadsheet_csv(NAMED, COLUMNS, style, 0), separator)
    for text, row in zip(HOSTILE, rows, strict=True):
        assert row["Customer"] == row["Customer id"]
        assert row["Customer"] in (text, f"'{text}")
        # As a spreadsheet does, which passes over blanks.
        assert not re.match(r"[=+\-@＝＋－＠]", row["Customer"].strip())


def test_signs_of_formulas_are_guarded_and_other_text_is_left():
    table = pl.DataFrame({"=a": ["=1", " -1", "\x01x", "＠b", "a=1", None], "n": [-1.5] * 6})
    safe = spreadsheet_safe(table)
    assert safe["'=a"].to_list() == ["'=1", "' -1", "'\x01x", "'＠b", "a=1", None]
    assert safe["n"].to_list() == [-1.5] * 6


def test_a_column_that_the_list_has_not_is_told_with_the_nearest():
    with pytest.raises(ScopeError, match="'custmer_name': Did you mean 'customer_name'"):
        check_columns(["rank", "custmer_name"])


@pytest.mark.parametrize("kind", CRM_KINDS)
def test_files_for_import_are_read_back_unchanged_by_the_rules_of_their_kind(kind):
    settings = CrmSettings(
        kind=kind, columns={"customer_id": "Ref", "is_selected": "Sel", "cutoff": "On"}
    )
    ((content, rows),) = write_crm_files(NAMED, settings).values()
    found = imported(content)
    assert rows == len(HOSTILE)
    assert [row["Ref"] for row in found] == HOSTILE
    assert {row["Sel"] for row in found} == {CRM_KINDS[kind].yes_no[0]}
    assert {row["On"] for row in found} == {"2024-06-30"}
    head = content.partition(b"On")[2]
    assert head.startswith(CRM_KINDS[kind].line_end.encode())


def test_figures_for_import_are_plain_decimals():
    table = list_of({"p_icp": 1e-7, "ev": 12345678901.5}, {"p_icp": 0.12345, "ev": None})
    settings = CrmSettings(columns={"p_icp": "p", "ev": "money"})
    ((content, _),) = write_crm_files(table, settings).values()
    figures = [(row["p"], row["money"]) for row in imported(content)]
    assert figures == [("0.0000", "12345678901.50"), ("0.1235", "")]
    percent = settings.model_copy(update={"percentages": True})
    ((content, _),) = write_crm_files(table, percent).values()
    assert [row["p"] for row in imported(content)] == ["0.00", "12.35"]


def ids(table: pl.DataFrame) -> dict[tuple[str, str], str]:
    columns = {"customer_id": "c", "division": "d", "rank": "r"}
    files = write_crm_files(table, CrmSettings(columns=columns))
    rows = [row for content, _ in files.values() for row in imported(content)]
    return {(row["c"], row["d"]): row["gosales_id"] for row in rows}


def test_a_second_import_updates_what_the_first_made():
    first = ids(NAMED)
    later = NAMED.with_columns(
        pl.lit("Other").alias("customer_name"),
        pl.col("rank").reverse(),
        pl.col("cutoff") + pl.duration(days=92),
    )
    assert ids(later.sort("rank")) == first
    assert len(set(first.values())) == len(HOSTILE)
    # Another division of the same customer is another record.
    other = ids(NAMED.with_columns(pl.lit("services").alias("division")))
    assert not set(other.values()) & set(first.values())


def test_files_for_import_are_cut_by_rows_and_none_is_lost():
    files = write_crm_files(NAMED, CrmSettings(object="Lead", rows_per_file=10))
    assert list(files) == ["crm-lead-1.csv", "crm-lead-2.csv", "crm-lead-3.csv"]
    parts = [imported(content) for content, _ in files.values()]
    assert [len(part) for part in parts] == [count for _, count in files.values()] == [10, 10, 8]
    assert [row["customer_id"] for part in parts for row in part] == HOSTILE


def test_files_for_import_are_cut_by_bytes_too():
    long = list_of(*[{"customer_name": "é" * 2_000_000}] * 5)
    files = write_crm_files(long, CrmSettings(kind="dynamics", columns={"customer_name": "name"}))
    assert [count for _, count in files.values()] == [1, 1, 1, 1, 1]
    assert max(len(content) for content, _ in files.values()) <= CRM_KINDS["dynamics"].size


def test_nothing_to_import_is_one_file_of_field_names():
    ((content, rows),) = write_crm_files(list_of(), CrmSettings()).values()
    assert (imported(content), rows) == ([], 0)
    assert content.startswith(b"gosales_id,customer_id,")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"kind": "salesforce", "object": "Opportunity", "columns": {"customer_name": "name"}},
         "needs Name, StageName, CloseDate"),
        ({"columns": {"customer_id": "a", "rep": "a"}}, "filled twice: a"),
        ({"columns": {"customer_id": "=cmd"}}, "pattern"),
        ({"object": "../x"}, "pattern"),
        ({"kind": "salesforce", "rows_per_file": 50_001}, "takes 50000 rows"),
    ],
    ids=["required", "twice", "formula", "path", "rows"],
)  # fmt: skip
def test_settings_that_no_importer_takes_are_refused(given, told):
    with pytest.raises(ValidationError, match=told):
        CrmSettings(**given)


def test_fields_that_a_new_record_needs_may_be_constant():
    settings = CrmSettings(
        kind="salesforce",
        object="Opportunity",
        columns={"customer_name": "Name", "customer_id": "Account.Erp_Id__c"},
        constants={"StageName": "Prospecting", "CloseDate": "2024-12-31"},
    )
    ((content, _),) = write_crm_files(list_of({}), settings).values()
    (row,) = imported(content)
    assert (row["StageName"], row["CloseDate"]) == ("Prospecting", "2024-12-31")


def test_programs_get_all_columns_as_they_are_and_the_external_id():
    rows = Listed.of(NAMED, TERMS, "selected").rows
    named = with_external_id(rows)
    parquet = pl.read_parquet(io.BytesIO(write_list_parquet(named)))
    assert parquet.drop("external_id").equals(rows)
    lines = [json.loads(line) for line in write_jsonl(named).decode().splitlines()]
    assert [line["customer_id"] for line in lines] == HOSTILE
    assert {(line["cutoff"], line["p_icp"]) for line in lines} == {("2024-06-30", 0.12345)}
    wanted = {
        (text, "scanning"): line["external_id"] for text, line in zip(HOSTILE, lines, strict=True)
    }
    assert ids(rows) == wanted


def test_exports_are_what_their_card_says_and_keep_the_contract():
    files = build_exports(list_of({}, BASE_RATE, {"is_selected": False}).lazy(), TERMS, ALL)
    table = describe_exports(files)
    assert judge(LIST_EXPORTS, table).violations == {}
    assert dict(table.select("file", "row_count").iter_rows()) == {
        "list.xlsx": 1, "list.csv": 1, "list.jsonl": 1, "list.parquet": 1, "crm-gosales_list-1.csv": 1,
    }  # fmt: skip
    ranked = build_exports(list_of({}, BASE_RATE, {"is_selected": False}).lazy(), TERMS,
                           ALL.model_copy(update={"rows": "ranked"}))  # fmt: skip
    assert set(describe_exports(ranked)["row_count"]) == {2}


@pytest.mark.parametrize("rows", [0, 1, 40])
def test_equal_lists_give_equal_files_in_any_order_of_rows(rows):
    table = list_of(*[{"rep": str(at % 3)} for at in range(rows)])
    shuffled = table.sample(fraction=1, shuffle=True, seed=1)
    files = build_exports(table.lazy(), TERMS, ALL)
    assert files == build_exports(shuffled.lazy(), TERMS, ALL)
    assert judge(LIST_EXPORTS, describe_exports(files)).violations == {}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda files: files | {"list.csv": b"other"}, "list.csv"),
        (lambda files: files | {"more.csv": b""}, "more.csv"),
        (lambda files: {n: c for n, c in files.items() if n != "list.xlsx"}, "list.xlsx"),
        (lambda files: files | {CARD: b"{}"}, CARD),
        (lambda files: {n: c for n, c in files.items() if n != CARD}, CARD),
        (lambda files: files | {CARD: files[CARD].replace(b'"version": 1', b'"version": 9')}, "9"),
    ],
    ids=["changed", "added", "missing", "no card", "card gone", "of another version"],
)
def test_files_that_are_not_what_was_made_are_told(change, named):
    files = build_exports(list_of({}).lazy(), TERMS, DeliverySettings())
    with pytest.raises(DamagedError, match=named):
        describe_exports(change(files))


def test_what_is_surfaced_is_what_is_selected_in_the_words_of_the_surfacing_log():
    table = list_of({}, BASE_RATE, {"is_selected": False}, {"rep": None})
    found = conform(SURFACED, surfaced_rows(table.lazy())).collect()
    assert judge(SURFACED, found).violations == {}
    assert found.select("customer_id", "rank", "seat").rows() == [("0001", 1, 1), ("0004", 3, 2)]
    shared = {"customer_id", "division"}
    log, ours = SURFACING_LOG.schema.columns(), SURFACED.schema.columns()
    assert shared <= set(log)
    assert all(log[name].dtype == ours[name].dtype for name in shared)


def test_every_column_of_the_contract_can_be_shown_in_every_file():
    every = DeliverySettings(
        kinds=KINDS,
        columns=list(WHITESPACE.schema.columns()),
        crm=CrmSettings(columns={name: f"f_{name}" for name in WHITESPACE.schema.columns()}),
    )
    files = build_exports(list_of({}, {"als_norm": 0.0}).lazy(), TERMS, every)
    assert len(as_csv(files["list.csv"])[0]) == len(WHITESPACE.schema.columns())
    assert len(imported(files["crm-gosales_list-1.csv"])) == 2
