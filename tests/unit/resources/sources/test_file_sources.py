"""Excel, Parquet, folders and globs: the same rows in any format, and nothing that is no data."""

import csv
import datetime as dt
import io
import shutil
import sqlite3
import zipfile
from contextlib import closing
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
from gosales_resources.sources.raw import ROW
from gosales_resources.sources.table import read_table
from tests.unit.resources.sources.test_text_source import PACKERS

HEADER = ["id", "note", "amount"]
ROWS = [("001", 'a,\n"b"', "1.50"), ("002", None, "2"), ("x3", "Ünï €", None), ("4", " ", "0")]


def as_csv(path: Path, separator: str = ",") -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows([HEADER, *ROWS])
    path.write_bytes(PACKERS.get(path.suffix, bytes)(out.getvalue().encode()))


def as_parquet(path: Path) -> None:
    pl.DataFrame(ROWS, HEADER, orient="row").write_parquet(path, row_group_size=2)


def as_excel(path: Path, rows=ROWS, header=HEADER, sheet: str = "Data") -> None:
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in [header, *rows]:
        book.active.append(list(row))
    book.save(path)


def as_sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE log (id TEXT, note TEXT, amount TEXT)")
        connection.executemany("INSERT INTO log VALUES (?, ?, ?)", ROWS)


WRITERS = {
    "log.csv.gz": as_csv,
    "log.csv.zst": as_csv,
    "log.TSV": lambda path: as_csv(path, "\t"),
    "log.tsv.zst": lambda path: as_csv(path, "\t"),
    "log.parquet": as_parquet,
    "log.xlsx": as_excel,
    "log.sqlite": as_sqlite,
}


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_rows_are_the_same_frame_in_any_format(tmp_path, name):
    as_csv(tmp_path / "plain.csv")
    plain = read_table(FileSource(path="plain.csv"), tmp_path)
    WRITERS[name](tmp_path / name)
    place = {"path": name}
    if name.endswith("sqlite"):
        place = {"database": {"url": f"sqlite:///{name}", "table": "log"}}
    found = read_table(FileSource.model_validate(place), tmp_path)
    assert found.drop(ROW).sort("id").equals(plain.drop(ROW).sort("id"))


# Excel


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


# Parquet


def test_coded_and_blank_columns_of_parquet_are_text(tmp_path):
    frame = pl.DataFrame({"a": ["x", "y"], "b": [None, None], "c": [True, None]})
    frame = frame.with_columns(pl.col("a").cast(pl.Categorical))
    frame.write_parquet(tmp_path / "log.parquet")
    found = read_table(FileSource(path="log.parquet"), tmp_path)
    assert found.drop(ROW).rows() == [("x", None, "true"), ("y", None, None)]
    assert found.dtypes[:3] == [pl.String] * 3


def test_a_damaged_parquet_file_is_an_error(tmp_path):
    as_parquet(tmp_path / "log.parquet")
    content = (tmp_path / "log.parquet").read_bytes()
    for length in range(0, len(content), 40):
        (tmp_path / "log.parquet").write_bytes(content[:length])
        with pytest.raises(SourceError, match=r"log\.parquet: cannot be read as Parquet"):
            read_table(FileSource(path="log.parquet"), tmp_path)


# Change under the reader


@pytest.mark.parametrize("name", ["log.parquet", "log.xlsx", "log.csv"])
def test_a_file_replaced_under_the_reader_is_an_error(tmp_path, name):
    (WRITERS | {"log.csv": as_csv})[name](tmp_path / name)
    (raw,) = open_inputs(FileSource(path=name), tmp_path)
    blocks = raw.blocks()
    first = next(blocks)
    shutil.copy(tmp_path / name, tmp_path / "new")
    (tmp_path / "new").rename(tmp_path / name)
    with pytest.raises(SourceError, match=r"changed while it was read\. Run again"):
        _ = [*first.read(), *blocks]


# Folders and globs


LITTER = ["~$log.xlsx", ".hidden.csv", "_SUCCESS", "half.csv.partial", "x.csv.tmp", "notes.md"]


def litter(folder: Path) -> None:
    for name in LITTER:
        (folder / name).write_text("not data")


def test_a_folder_of_mixed_formats_is_read_in_the_order_of_names(tmp_path):
    folder = tmp_path / "logs"
    (folder / "deeper").mkdir(parents=True)
    litter(folder)
    as_excel(folder / "b.xlsx")
    as_parquet(folder / "c.parquet")
    as_csv(folder / "a.csv.zst")
    as_csv(folder / "deeper" / "d.csv")
    names = [raw.name for raw in open_inputs(FileSource(path="logs"), tmp_path)]
    assert names == ["logs/a.csv.zst", "logs/b.xlsx", "logs/c.parquet"]
    frame = read_table(FileSource(path="logs"), tmp_path)
    # Each file counts its own rows.
    assert frame["id"].to_list() == [row[0] for row in ROWS] * 3
    assert frame[ROW].to_list() == [2, 3, 4, 5, 2, 3, 4, 5, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("logs/*", ["logs/a.csv", "logs/b.csv"]),
        ("logs/**/*.csv", ["logs/2023/c.csv", "logs/a.csv", "logs/b.csv"]),
        ("l*/20*/*.csv", ["logs/2023/c.csv"]),
        ("logs/[b-z].csv", ["logs/b.csv"]),
    ],
)
def test_a_glob_finds_files_also_in_folders_within_folders(tmp_path, pattern, expected):
    base = tmp_path / "a [1]"
    for name in ("2023/c.csv", "a.csv", "b.csv", ".trash/e.csv", "_temporary/f.csv"):
        (base / "logs" / name).parent.mkdir(parents=True, exist_ok=True)
        as_csv(base / "logs" / name)
    for name in set(LITTER) - {"notes.md"}:
        (base / "logs" / name).write_text("not data")
    assert [raw.name for raw in open_inputs(FileSource(path=pattern), base)] == expected


def test_columns_may_stand_in_any_order_and_must_all_be_there(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.csv").write_text("id,note\n1,x\n")
    (folder / "b.csv").write_text("note,id\ny,2\n")
    frame = read_table(FileSource(path="logs"), tmp_path)
    assert frame.select("id", "note").rows() == [("1", "x"), ("2", "y")]
    (folder / "c.csv").write_text("note\nz\n")
    with pytest.raises(SourceError, match=r"1 of 3 files lack.*\n  logs/c\.csv lacks 'id'"):
        read_table(FileSource(path="logs"), tmp_path)


def test_typed_and_text_files_of_one_table_meet_as_text(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    pl.DataFrame({"id": [1], "d": [dt.date(2024, 6, 30)]}).write_parquet(folder / "a.parquet")
    (folder / "b.csv").write_text("id,d\n02,2024-07-01\n")
    frame = read_table(FileSource(path="logs"), tmp_path).drop(ROW)
    assert frame.rows() == [("1", "2024-06-30"), ("02", "2024-07-01")]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("logs/lgo.csv", r"does not exist. Did you mean 'log.csv'\?"),
        ("nowhere/*.csv", "No file matches"),
        ("empty", r"has no file ending in \.csv"),
        ("logs/data", "does not tell the format"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(tmp_path, path, message):
    (tmp_path / "logs").mkdir()
    (tmp_path / "empty").mkdir()
    as_csv(tmp_path / "logs" / "log.csv")
    as_csv(tmp_path / "logs" / "data")
    with pytest.raises(SourceError, match=message):
        open_inputs(FileSource(path=path), tmp_path)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"path": "a.csv", "database": {"url": "sqlite:///a.db", "table": "t"}},
        {"path": "a.csv", "separator": "\n"},
        {"path": "a.csv", "separator": "¬"},
    ],
    ids=["neither", "both", "line end", "not ascii"],
)
def test_a_source_has_one_place_and_a_plain_separator(settings):
    with pytest.raises(ValueError, match=r"path or a database|ASCII"):
        FileSource.model_validate(settings)
