"""Files of any format, folders and globs: the same rows, and nothing that is no data."""

import contextlib
import datetime as dt
import shutil
import sqlite3
from pathlib import Path

import polars as pl
import pytest

from gosales_resources.errors import SourceError
from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW
from gosales_resources.sources.table import read_table
from tests.worlds.file_formats import ROWS, WRITERS, as_csv, as_excel, as_parquet


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


@pytest.mark.parametrize("name", ["sales.db", "sales.sqlite", "sales.SQLITE3"])
def test_a_path_to_a_database_says_what_to_write_and_names_its_tables(tmp_path, name):
    with contextlib.closing(sqlite3.connect(tmp_path / name)) as database:
        database.execute("CREATE TABLE lines (id TEXT)")
        database.commit()
    with pytest.raises(SourceError) as error:
        open_inputs(FileSource(path=name), tmp_path)
    told = str(error.value)
    assert f"database: {{url: 'sqlite:///{name}', table: ...}}" in told
    assert "Its tables: 'lines'." in told


def test_parquet_columns_of_any_type_are_read_as_text(tmp_path):
    odd = {
        "bytes": [b"abc", b"\xff\x00", None], "list": [[1, 2], [], None],
        "time": [dt.time(1, 2), None, None], "span": [dt.timedelta(days=1), None, None],
        "record": [{"a": 1}, {"a": None}, None],
    }  # fmt: skip
    pl.DataFrame(odd).write_parquet(tmp_path / "odd.parquet")
    frame = read_table(FileSource(path="odd.parquet"), tmp_path).drop(ROW)
    assert set(frame.dtypes) == {pl.String}
    assert frame.row(0) == ("abc", "[1, 2]", "01:02:00", "1 day, 0:00:00", '{"a": 1}')
