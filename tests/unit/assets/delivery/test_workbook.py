"""The workbook, read by another library: every value as meant, nothing that runs, the same bytes twice."""

import datetime as dt
import io
import time
import zipfile

import openpyxl
import pytest

from gosales_assets.delivery.columns import shown_columns
from gosales_assets.delivery.listed import Listed
from gosales_assets.delivery.sheet_names import SheetNames
from gosales_assets.delivery.workbook import ABOUT, LIST, write_workbook
from gosales_checks.contracts.contract import judge
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.settings.delivery import DeliverySettings
from tests.worlds.lists import BASE_RATE, DAY, HOSTILE, ROW, TERMS, list_of, listed

SETTINGS = DeliverySettings()


def opened(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def cells(content: bytes, sheet: str = LIST) -> list[dict[str, openpyxl.cell.Cell]]:
    """Read the rows of a sheet: title -> cell."""
    head, *rows = opened(content)[sheet].iter_rows()
    titles = [str(cell.value) for cell in head]
    return [dict(zip(titles, row, strict=True)) for row in rows]


def test_lists_of_these_tests_keep_the_contract():
    assert judge(WHITESPACE, list_of({}, BASE_RATE, {"is_selected": False})).violations == {}


def test_each_value_is_read_back_rounded_and_in_its_type():
    (row,) = cells(write_workbook(listed({"customer_id": "0012"}), SETTINGS))
    wanted = {
        "Rank": (1, "0"),
        "Customer id": ("0012", "@"),
        "Chance within 6 months": (0.123, "0.0%"),
        "Value if bought (EUR)": (1235, "#,##0"),
        "Expected value (EUR)": (152, "#,##0"),
        "Why": (ROW["nba_reason"], "@"),
        "Industry": (None, "General"),
    }
    assert {n: (row[n].value, row[n].number_format) for n in wanted} == wanted


def test_a_date_is_a_date_and_a_flag_a_word():
    columns = shown_columns(["cutoff", "is_selected", "score"], "EUR", 6)
    (row,) = cells(write_workbook(listed({}), SETTINGS, columns))
    assert row["As of"].value == dt.datetime(2024, 6, 30)
    assert row["As of"].number_format == "yyyy-mm-dd"
    assert (row["Selected"].value, row["Score"].value) == ("yes", 0.5)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_a_text_whatever_it_looks_like(text):
    hostile = dict.fromkeys(["customer_id", "customer_name", "nba_reason", "region"], text)
    content = write_workbook(listed(hostile), SETTINGS)
    (row,) = cells(content)
    for title in ("Customer id", "Customer", "Why", "Region"):
        # What this library gives for `_xHHHH_`, which is how the format spells signs it cannot hold.
        assert openpyxl.utils.escape.unescape(row[title].value) == text
        assert (row[title].data_type, row[title].hyperlink) == ("s", None)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            xml = parts.read(name)
            assert b"<f>" not in xml
            assert b"<hyperlink" not in xml


def test_a_text_longer_than_a_cell_is_cut_and_says_so():
    (row,) = cells(write_workbook(listed({"customer_name": "🙂" * 20_000}), SETTINGS))
    assert row["Customer"].value.endswith("... (20,000 characters)")
    assert len(row["Customer"].value.encode("utf-16-le")) <= 2 * 32_767


def test_each_rep_has_a_sheet_of_their_rows_in_the_order_of_the_list():
    reps = ["Ben", "Ann", None, "Ben", " "]
    content = write_workbook(listed(*({"rep": rep} for rep in reps)), SETTINGS)
    assert opened(content).sheetnames == [LIST, ABOUT, "Ann", "Ben", "No rep"]
    ranks = {s: [row["Rank"].value for row in cells(content, s)] for s in ("Ann", "Ben", "No rep")}
    assert ranks == {"Ann": [2], "Ben": [1, 4], "No rep": [3, 5]}


def test_reps_whose_names_collide_as_sheets_each_have_their_own():
    long = "Alexandra Featherstonehaugh of the North"
    reps = ["ann", "Ann", "History", "List", "a/b", "a:b", f"{long} 1", f"{long} 2", "No rep", None,
            "'", "🙂" * 20, "علي", "[]*?\\", "\u202eevil", "ANN (2)"]  # fmt: skip
    content = write_workbook(listed(*({"rep": rep} for rep in reps)), SETTINGS)
    names = opened(content).sheetnames[2:]
    assert len({name.casefold() for name in names} | {"history", "list"}) == len(reps) + 2
    assert all(len(name.encode("utf-16-le")) <= 62 for name in names)
    assert not any(set(name) & set("[]:*?/\\\u202e") or name.strip("'") != name for name in names)
    # Every row is on exactly one of them.
    ranks = [row["Rank"].value for name in names for row in cells(content, name)]
    assert sorted(ranks) == list(range(1, len(reps) + 1))


def test_names_of_sheets_stay_apart_however_many_are_alike():
    names = SheetNames()
    found = [names.name("x" * 40, "No rep") for _ in range(120)]
    assert len(set(found)) == 120
    assert max(map(len, found)) == 31


def test_rows_beyond_the_cap_are_told_not_written():
    settings = DeliverySettings(rows_per_sheet=2)
    content = write_workbook(listed(*[{}] * 5), settings)
    for sheet in (LIST, "Ann"):
        rows = cells(content, sheet)
        assert [row["Rank"].value for row in rows[:2]] == [1, 2]
        assert [row["Rank"].value for row in rows[2:]] == [
            "... and 3 more rows: they are in the CSV, in the same order."
        ]
    assert "A sheet has 2 rows at most; all are in the CSV." in about(content)


def about(content: bytes) -> list[str]:
    return [str(row[0].value) for row in opened(content)[ABOUT].iter_rows() if row[0].value]


def test_what_cannot_be_ranked_is_told_below_and_is_no_row():
    content = write_workbook(listed({}, BASE_RATE, BASE_RATE, {}), SETTINGS)
    assert [row["Rank"].value for row in cells(content)] == [1, 2]
    assert "  Services: 2 customers at the base rate of 12.0 %, not ranked" in about(content)


def test_every_column_that_is_shown_is_explained_in_the_words_of_the_contract():
    every = DeliverySettings(columns=list(WHITESPACE.schema.columns()))
    content = write_workbook(listed({}), every)
    told = {a.value: b.value for a, b in opened(content)[ABOUT].iter_rows(max_col=2)}
    titles = [cell.value for cell in next(opened(content)[LIST].iter_rows())]
    assert len(set(titles)) == len(WHITESPACE.schema.columns())
    assert [told[title] for title in titles] == [
        column.description for column in WHITESPACE.schema.columns().values()
    ]


def test_header_is_frozen_and_filters_the_rows_alone():
    sheet = opened(write_workbook(listed({}, {}), SETTINGS))[LIST]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:P3"


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "Nobody is on the list"),
        ([BASE_RATE], "Nothing can be ranked"),
        ([{"is_selected": False}], "None of the 1 ranked rows is selected"),
    ],
    ids=["nobody", "base rates", "no seat"],
)
def test_an_empty_workbook_opens_and_says_why(rows, why):
    content = write_workbook(Listed.of(list_of(*rows), TERMS, "selected"), SETTINGS)
    (row,) = cells(content)
    assert str(row["Rank"].value).startswith(why)
    assert opened(content).sheetnames == [LIST, ABOUT]


def test_equal_lists_give_equal_bytes_whatever_the_order_of_rows(monkeypatch):
    table = list_of(*({"rep": rep, "customer_name": t} for rep, t in zip("AB" * 20, HOSTILE)))  # noqa: B905
    first = write_workbook(Listed.of(table, TERMS, "selected"), SETTINGS)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    again = write_workbook(
        Listed.of(table.sample(fraction=1, shuffle=True, seed=3), TERMS, "selected"), SETTINGS
    )
    monkeypatch.undo()
    time.tzset()
    assert first == again
    assert opened(first).properties.created == dt.datetime.combine(DAY, dt.time())
