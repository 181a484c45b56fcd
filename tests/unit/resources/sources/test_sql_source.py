"""What a SQL table reads as, in SQLite and PostgreSQL: exact values, in a fixed order, as blocks."""

import datetime as dt
import uuid
from decimal import Decimal

import polars as pl

from gosales_resources.sources.cells import scaled, to_decimal
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.table import read_table
from tests.worlds.databases import number_table

UGLY = ["001", 'say "hi",\nleave', "  x ", "Müller; DROP TABLE t --", "😀", "=1+1"]


def test_text_comes_as_it_is(database):
    database.run("CREATE TABLE t (a VARCHAR(99), b VARCHAR(99))")
    rows = [{"a": cell, "b": UGLY[-n]} for n, cell in enumerate(UGLY)] + [{"a": None, "b": ""}]
    database.run("INSERT INTO t VALUES (:a, :b)", rows=rows)
    found = sorted(database.frame("t").rows(), key=str)
    assert found == sorted((tuple(r.values()) for r in rows), key=str)


def test_money_and_identifiers_keep_every_digit(postgresql_database):
    amounts = [Decimal("12345678901234.56"), Decimal("-0.01"), Decimal("0.1"), None]
    postgresql_database.run(
        "CREATE TABLE t (id NUMERIC(20,0), n BIGINT, amount NUMERIC(16,2), f DOUBLE PRECISION)"
    )
    postgresql_database.run(
        "INSERT INTO t VALUES (:id, :n, :amount, :f)",
        rows=[
            {"id": 12345678901234567890 + n, "n": 2**62 + n, "amount": amount, "f": 123.0}
            for n, amount in enumerate(amounts)
        ],
    )
    frame = postgresql_database.frame("t")
    assert frame["id"].to_list() == [str(12345678901234567890 + n) for n in range(4)]
    assert frame["n"].to_list() == [2**62 + n for n in range(4)]
    assert frame["f"].to_list() == ["123"] * 4
    read = to_decimal(scaled(pl.col("amount"), frame.schema["amount"], ".", 2), 2)
    assert frame.select(read).to_series().to_list() == amounts


def test_dates_and_moments_stay_what_they_are(postgresql_database):
    postgresql_database.run(
        "CREATE TABLE t (d DATE, m TIMESTAMP, z TIMESTAMPTZ, b BOOLEAN, u UUID, j JSON, x BYTEA)",
        "INSERT INTO t VALUES ('2024-06-30', '2024-06-30 23:59:59.5', '2024-06-30 23:30:00-06', "
        "true, '12345678-1234-5678-1234-567812345678', '{\"a\": 1}', '\\x00ff')",
    )
    columns = ["d", "m", "z", "b", "u", "x"]
    frame = postgresql_database.frame("t", columns=columns, time_zone="America/Denver")
    assert frame.row(0) == (
        dt.date(2024, 6, 30),
        dt.datetime(2024, 6, 30, 23, 59, 59, 500_000),
        dt.datetime(2024, 6, 30, 23, 30),
        "true",
        str(uuid.UUID("12345678-1234-5678-1234-567812345678")),
        "00ff",
    )
    utc = postgresql_database.frame("t", columns=["z"])
    assert utc["z"].to_list() == [dt.datetime(2024, 7, 1, 5, 30)]


def test_an_untyped_database_gives_numbers_as_digits(sqlite):
    sqlite.run("CREATE TABLE t (id NUMERIC, amount DECIMAL(10,2), day DATE)")
    rows = [
        {"id": 7, "amount": 1234.5, "day": "2024-06-30"},
        {"id": "007", "amount": 1e16, "day": 5},
    ]
    sqlite.run("INSERT INTO t VALUES (:id, :amount, :day)", rows=rows)
    assert sorted(sqlite.frame("t")["amount"]) == ["10000000000000000", "1234.5"]
    assert sorted(sqlite.frame("t")["day"]) == ["2024-06-30", "5"]


def test_views_and_schemas_are_found(postgresql_database):
    postgresql_database.run(
        'CREATE TABLE gosales_test_erp."Order Lines" (id INTEGER, "select" TEXT)',
        "INSERT INTO gosales_test_erp.\"Order Lines\" VALUES (1, 'a'), (2, 'b')",
        'CREATE VIEW gosales_test_erp.second AS SELECT * FROM gosales_test_erp."Order Lines" WHERE id = 2',
        'CREATE MATERIALIZED VIEW gosales_test_erp.kept AS SELECT * FROM gosales_test_erp."Order Lines"',
    )
    assert postgresql_database.frame("gosales_test_erp.Order Lines").rows() == [(1, "a"), (2, "b")]
    assert postgresql_database.frame("gosales_test_erp.second").rows() == [(2, "b")]
    assert postgresql_database.frame("gosales_test_erp.kept", columns=["select"]).rows() == [
        ("a",),
        ("b",),
    ]


def test_an_empty_table_has_a_header_and_no_blocks(database):
    database.run("CREATE TABLE t (a INTEGER, b VARCHAR(5))")
    (raw,) = open_inputs(database.source("t"), database.base)
    assert (raw.header(), list(raw.blocks()), raw.name, raw.first_row) == (["a", "b"], [], "t", 1)


def test_rows_come_in_the_order_of_the_key_in_runs(database, small_blocks):
    number_table(database)
    heights = [[b.frame.height for b in block.read()] for block in database.blocks("numbers")]
    assert heights == [[40], [40], [20]]
    assert database.frame("numbers")["id"].to_list() == list(range(100))


def test_without_a_key_rows_come_in_the_order_of_all_columns(database):
    database.run("CREATE TABLE t (a INTEGER, b INTEGER)")
    rows = [{"a": n % 3, "b": (n * 7) % 10} for n in range(30)]
    database.run("INSERT INTO t VALUES (:a, :b)", rows=rows)
    assert database.frame("t").rows() == sorted((r["a"], r["b"]) for r in rows)


def test_equal_rows_have_equal_keys_and_a_change_changes_its_block_alone(database, small_blocks):
    number_table(database)
    before = [block.key for block in database.blocks("numbers")]
    assert before == [block.key for block in database.blocks("numbers")]
    assert len(set(before)) == 3
    database.run("UPDATE numbers SET note = 'other' WHERE id = 50")
    after = [block.key for block in database.blocks("numbers")]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]


def test_blank_and_empty_text_are_different_content(database):
    database.run("CREATE TABLE t (a VARCHAR(5))", "INSERT INTO t VALUES ('')")
    (empty,) = database.blocks("t")
    database.run("UPDATE t SET a = NULL")
    (blank,) = database.blocks("t")
    assert empty.key != blank.key


def test_a_customers_table_of_a_database_is_read_whole(database):
    number_table(database, 5)
    frame = read_table(database.source("numbers"), database.base)
    assert frame.rows() == [(n, f"note {n}", n + 1) for n in range(5)]
