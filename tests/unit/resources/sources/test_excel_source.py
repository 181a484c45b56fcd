"""Excel: cells as a person would have typed them, and nothing lost in silence."""

import datetime as dt
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from openpyxl.worksheet.formula import ArrayFormula

from gosales_resources.errors import SourceError
from gosales_resources.settings.inputs import FileSource
from gosales_resources.settings.source import LongLog
from gosales_resources.sources import excel
from gosales_resources.sources.cells import read_dates, scaled, text
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW, RawInput
from gosales_resources.sources.table import read_table
from tests.worlds.file_formats import as_excel


def one_column(folder: Path, cells: list, **options) -> pl.Series:
    as_excel(folder / "one.xlsx", [[cell] for cell in cells], ["x"])
    source = FileSource.model_validate({"path": "one.xlsx"} | options)
    return read_table(source, folder)["x"]


def test_numbers_that_are_identifiers_keep_their_digits(tmp_path):
    cells = one_column(tmp_path, [123, 123.0, "00123", 12345678901234, 1.5])
    read = cells.to_frame().select(text("x")).to_series()
    assert read.to_list() == ["123", "123", "00123", "12345678901234", "1.5"]


def test_numbers_that_are_money_read_to_the_cent(tmp_path):
    amounts = [0.1 + 0.2, 1e-7, 1234567.89, -5, Decimal("19.99"), "$1,234.50"]
    cells = one_column(tmp_path, amounts)
    read = cells.to_frame().select(scaled(pl.col("x"), cells.dtype, ".", 2)).to_series()
    assert read.to_list() == [30, 0, 123_456_789, -500, 1_999, 123_450]


def test_numbers_among_text_are_written_with_the_mark_of_the_source(tmp_path):
    as_excel(tmp_path / "one.xlsx", [[1.234], ["1.234,50"]], ["x"])
    columns = {"customer_id": "c", "order_date": "d", "invoice_id": "i", "sku": "s"}
    log = LongLog.model_validate(
        {
            "path": "one.xlsx",
            "layout": "long",
            "decimal": ",",
            "columns": columns | {"revenue": "x"},
        }
    )
    cells = read_table(log, tmp_path)["x"]
    read = cells.to_frame().select(scaled(pl.col("x"), cells.dtype, ",", 3)).to_series()
    assert read.to_list() == [1_234, 1_234_500]


def test_dates_are_dates_and_moments_moments(tmp_path):
    days = [dt.datetime(2024, 6, 30), dt.datetime(2024, 2, 29)]
    assert one_column(tmp_path, days).to_list() == [day.date() for day in days]
    moments = [dt.datetime(2024, 6, 30, 12, 30, 15), dt.datetime(2024, 2, 29)]
    assert one_column(tmp_path, moments).to_list() == moments


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y"])
def test_dates_among_text_are_written_as_the_source_expects_them(tmp_path, form):
    cells = [dt.datetime(2024, 6, 30), dt.date(2024, 6, 5).strftime(form), "#N/A"]
    as_excel(tmp_path / "one.xlsx", [[cell] for cell in cells], ["x"])
    columns = {"customer_id": "c", "order_date": "x", "invoice_id": "i", "sku": "s", "revenue": "r"}
    log = LongLog.model_validate(
        {"path": "one.xlsx", "layout": "long", "date_formats": [form], "columns": columns}
    )
    read = read_dates(read_table(log, tmp_path)["x"], [form])
    expected = [dt.datetime(2024, 6, 30), dt.datetime(2024, 6, 5), None]
    assert read["moment"].to_list() == expected
    assert read["problem"].to_list() == [None, None, "unreadable"]


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#REF!"])
def test_an_error_in_a_cell_is_text_and_not_blank(tmp_path, error):
    book = openpyxl.Workbook()
    book.active.append(["x"])
    book.active.append([1])
    book.active["A3"] = error
    book.active["A3"].data_type = "e"
    book.save(tmp_path / "one.xlsx")
    cells = read_table(FileSource(path="one.xlsx"), tmp_path)["x"]
    assert cells.to_list() == ["1", error]


def test_blank_rows_and_columns_are_nothing_and_rows_keep_their_number(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for at, row in {3: ["id", "note", None], 5: [1, "a"], 9: [2, ""], 400: [None, None]}.items():
        for column, cell in enumerate(row, start=1):
            sheet.cell(at, column, cell)
    sheet.cell(500, 30).number_format = "0.00"
    book.save(tmp_path / "gaps.xlsx")
    frame = read_table(FileSource(path="gaps.xlsx"), tmp_path)
    assert frame.columns == ["id", "note", ROW]
    assert frame.rows() == [("1", "a", 5), ("2", None, 9)]


def test_a_filled_cell_without_a_header_is_a_misshapen_row(tmp_path):
    as_excel(tmp_path / "stray.xlsx", [(1, "a", 2), (2, "b", 3, "note to self")])
    (raw,) = open_inputs(FileSource(path="stray.xlsx"), tmp_path)
    ((batch,),) = [list(block.read()) for block in raw.blocks()]
    assert batch.frame.height == 1
    ((bad,),) = [batch.misshapen]
    assert (bad.row + raw.first_row, bad.problem) == (3, "column D is filled but has no header")
    assert "note to self" in bad.text


def test_chunks_of_a_sheet_agree_on_types(tmp_path, monkeypatch):
    rows = [(n, dt.datetime(2024, 1, 1 + n % 28), None) for n in range(20)]
    rows[17] = ("x17", dt.datetime(2024, 1, 1, 5), "late")
    as_excel(tmp_path / "long.xlsx", rows)
    whole = read_table(FileSource(path="long.xlsx"), tmp_path)
    monkeypatch.setattr(excel, "CHUNK_ROWS", 3)
    monkeypatch.setattr(excel, "BATCH_ROWS", 7)
    assert read_table(FileSource(path="long.xlsx"), tmp_path).equals(whole)
    assert whole.dtypes[:3] == [pl.String, pl.Datetime("us"), pl.String]
    assert whole["id"].to_list() == [str(row[0]) for row in rows]


def test_the_sheet_is_the_one_named_or_the_first(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Cover"
    book.active.append(["nothing"])
    book.create_sheet("Sales 2024").append(["id"])
    book["Sales 2024"].append([7])
    book.save(tmp_path / "two.xlsx")
    assert open_inputs(FileSource(path="two.xlsx"), tmp_path)[0].header() == ["nothing"]
    named = FileSource(path="two.xlsx", sheet="Sales 2024")
    assert read_table(named, tmp_path)["id"].to_list() == ["7"]
    with pytest.raises(SourceError, match=r"no sheet 'sales 2023'. Did you mean 'Sales 2024'\?"):
        read_table(FileSource(path="two.xlsx", sheet="sales 2023"), tmp_path)
    keys = {
        next(open_inputs(FileSource(path="two.xlsx", sheet=sheet), tmp_path)[0].blocks()).key
        for sheet in ("Cover", "Sales 2024")
    }
    assert len(keys) == 2


def test_formulas_read_as_their_values_and_without_values_are_refused(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["id", "amount"])
    book.active.append(["a", "=1+1"])
    book.active.append(["b", ArrayFormula("B3", "=SUM(1, 2)")])
    book.save(tmp_path / "formulas.xlsx")
    # openpyxl saves formulas and does not compute them: what Excel saves has both.
    with pytest.raises(SourceError, match=r"formulas\.xlsx.*B2.*no value.*Open it in Excel"):
        read_table(FileSource(path="formulas.xlsx"), tmp_path)
    inside = zipfile.ZipFile(tmp_path / "formulas.xlsx")
    with zipfile.ZipFile(tmp_path / "computed.xlsx", "w") as computed:
        for part in inside.namelist():
            content = inside.read(part).replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
            content = content.replace(b"</f><v />", b"</f><v>3</v>").replace(b"<v/>", b"<v>2</v>")
            computed.writestr(part, content)
    assert read_table(FileSource(path="computed.xlsx"), tmp_path)["amount"].to_list() == ["2", "3"]


def test_a_workbook_cut_or_damaged_anywhere_is_an_error_or_every_row(tmp_path):
    rows = [(f"{n:04d}", f"note {n * n}", n / 4) for n in range(300)]
    as_excel(tmp_path / "whole.xlsx", rows)
    whole = read_table(FileSource(path="whole.xlsx"), tmp_path)
    content = (tmp_path / "whole.xlsx").read_bytes()
    bad = FileSource(path="bad.xlsx")
    for length in range(0, len(content), len(content) // 20):
        (tmp_path / "bad.xlsx").write_bytes(content[:length])
        with pytest.raises(SourceError, match=r"bad\.xlsx"):
            read_table(bad, tmp_path)
    refused = 0
    for at in range(0, len(content), len(content) // 150):
        damaged = content[:at] + bytes([content[at] ^ 0x5A]) + content[at + 1 :]
        (tmp_path / "bad.xlsx").write_bytes(damaged)
        try:
            assert read_table(bad, tmp_path).equals(whole)
        except SourceError:
            refused += 1
    assert refused > 100


def test_another_format_of_excel_says_what_to_do(tmp_path):
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(SourceError, match=r"old\.xls: of Excel's formats only \.xlsx is read"):
        open_inputs(FileSource(path="old.xls"), tmp_path)
    (tmp_path / "new.csv").write_text("id\n1\n")
    # Left out of a folder it would be lost in silence.
    with pytest.raises(SourceError, match=r"old\.xls: of Excel's formats only"):
        open_inputs(FileSource(path="."), tmp_path)


def test_a_sheet_without_anything_is_empty(tmp_path):
    openpyxl.Workbook().save(tmp_path / "empty.xlsx")
    with pytest.raises(SourceError, match="is empty: it has no header row"):
        read_table(FileSource(path="empty.xlsx"), tmp_path)


def sheets_of(folder: Path, **sheets: list[list[object]]) -> RawInput:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(folder / "book.xlsx")
    return open_inputs(FileSource(path="book.xlsx"), folder)[0]


def test_an_index_in_front_without_a_name_is_called_by_its_place(tmp_path):
    raw = sheets_of(tmp_path, Data=[[None, "id", "net"], [0, "C1", 5], [1, "C2", 6]])
    frame = pl.concat(batch.frame for block in raw.blocks() for batch in block.read())
    assert (raw.header(), frame["id"].to_list()) == (["(column 1)", "id", "net"], ["C1", "C2"])


def test_blank_columns_in_front_are_passed_over(tmp_path):
    raw = sheets_of(tmp_path, Data=[[None, None, "id"], [None, None, "C1"]])
    assert raw.header() == ["id"]


@pytest.mark.parametrize("cover", [[], [["Report of 2023"]]], ids=["empty", "a title alone"])
def test_a_sheet_without_rows_names_the_others(tmp_path, cover):
    raw = sheets_of(tmp_path, Cover=cover, Lines=[["id"], ["C1"]], Notes=[["n"]])
    with pytest.raises(SourceError, match="other sheets: 'Lines', 'Notes'"):
        read_table(FileSource(path="book.xlsx"), tmp_path)
    assert raw.elsewhere().startswith(" The workbook has other sheets")
