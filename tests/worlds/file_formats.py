"""The same few rows in any format that a source can be in."""

import csv
import io
import sqlite3
from contextlib import closing
from pathlib import Path

import openpyxl
import polars as pl

from tests.worlds.text_files import PACKERS

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
