"""SQL sources against real SQLite and PostgreSQL: exact values, one state, nothing half, no secret."""

import datetime as dt
import sqlite3
import subprocess
import sys
import time
import traceback
import uuid
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql, postgresql

from gosales_assets.star.dimensions import build_dim_product
from gosales_assets.star.ingest import ingest
from gosales_resources.errors import SettingsError, SourceError
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.settings.inputs import DatabaseTable, FileSource
from gosales_resources.settings.loading import load_settings
from gosales_resources.sources import sql
from gosales_resources.sources.cells import scaled, to_decimal
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.query import FoundTable, build_statement
from gosales_resources.sources.raw import ROW
from gosales_resources.sources.table import read_table
from tests.worlds.erp import HEADER, SETTINGS, random_rows, write_world

VARIABLE = "TEST_DATABASE_PASSWORD"


@dataclass
class Database:
    """A database that a test may fill."""

    engine: sa.Engine
    url: str
    base: Path
    password_env: str | None = None

    def run(self, *statements: str, rows: list[dict] | None = None) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement), rows or {})

    def source(self, table: str, **options) -> FileSource:
        place = {"url": self.url, "password_env": self.password_env, "table": table}
        return FileSource.model_validate({"database": place | options})

    def blocks(self, table: str, **options):
        (raw,) = open_inputs(self.source(table, **options), self.base)
        return raw.blocks()

    def frame(self, table: str, **options) -> pl.DataFrame:
        batches = [b for block in self.blocks(table, **options) for b in block.read()]
        return pl.concat(batch.frame.drop(ROW) for batch in batches)


@pytest.fixture
def sqlite(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'sales.db'}", poolclass=sa.NullPool)
    return Database(engine, "sqlite:///sales.db", tmp_path)


@pytest.fixture
def postgresql_database(postgres, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, postgres.password)
    # Schemas of its own: a server that was given may hold other things.
    options = {"options": "-csearch_path=gosales_test", "application_name": "gosales_test"}
    engine = sa.create_engine(postgres.engine().url.set(query=options), poolclass=sa.NullPool)
    with engine.begin() as connection:
        for schema in ("gosales_test", "gosales_test_erp"):
            connection.execute(sa.text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
            connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    url = sa.make_url(postgres.url).set(query=options).render_as_string(hide_password=False)
    return Database(engine, url, tmp_path, VARIABLE)


@pytest.fixture(params=["sqlite", "postgresql_database"], ids=["sqlite", "postgres"])
def database(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(sql, "FETCH_ROWS", 10)
    monkeypatch.setattr(sql, "BLOCK_ROWS", 40)


UGLY = ["001", 'say "hi",\nleave', "  x ", "Müller; DROP TABLE t --", "😀", "=1+1"]


def number_table(database: Database, rows: int = 100) -> None:
    database.run("CREATE TABLE numbers (id INTEGER PRIMARY KEY, note VARCHAR(20))")
    database.run(
        "INSERT INTO numbers VALUES (:id, :note)",
        rows=[{"id": n, "note": f"note {n}"} for n in reversed(range(rows))],
    )


# What is read


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


# In which order, and as which blocks


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


# One state of the table, or none


def test_a_table_that_changes_while_it_is_read_is_read_as_it_was(database, small_blocks):
    number_table(database)
    if database.engine.dialect.name == "sqlite":
        # Without it a writer waits for the reader.
        with closing(sqlite3.connect(database.base / "sales.db")) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    blocks = database.blocks("numbers")
    frames = [batch.frame for batch in next(blocks).read()]
    database.run("UPDATE numbers SET note = 'late'", "DELETE FROM numbers WHERE id > 90")
    frames += [batch.frame for block in blocks for batch in block.read()]
    assert pl.concat(frames)["note"].to_list() == [f"note {n}" for n in range(100)]


def test_a_database_that_goes_away_is_an_error_with_the_row_reached(
    postgresql_database, small_blocks
):
    number_table(postgresql_database)
    blocks = postgresql_database.blocks("numbers")
    next(blocks)
    postgresql_database.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND application_name = 'gosales_test'"
    )
    with pytest.raises(SourceError, match=r"^numbers: postgresql .*row 40: .*Nothing of it was"):
        list(blocks)


def test_a_reader_cannot_write(database):
    number_table(database, 1)
    (raw,) = open_inputs(database.source("numbers"), database.base)
    from gosales_resources.sources.database import Progress, connected

    with (
        pytest.raises(SourceError, match=r"read-?only"),
        connected(raw.database, database.base, Progress()) as connection,
    ):
        connection.execute(sa.text("DELETE FROM numbers"))


def test_leaving_early_closes_the_connection(postgresql_database, small_blocks):
    number_table(postgresql_database)
    blocks = postgresql_database.blocks("numbers")
    next(blocks)
    blocks.close()
    others = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gosales_test'"
    until = time.monotonic() + 5
    with postgresql_database.engine.connect() as connection:
        # The server notices a moment later.
        while (count := connection.execute(sa.text(others)).scalar()) > 1:
            connection.rollback()
            assert time.monotonic() < until
    assert count == 1


MEASURE = """
import resource, sys
from pathlib import Path
from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources import sql
from gosales_resources.sources.files import open_inputs
sql.BLOCK_ROWS = 16_384
source = FileSource.model_validate_json(sys.argv[1])
(raw,) = open_inputs(source, Path(sys.argv[2]))
raw.header()
rows, first = 0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for block in raw.blocks():
    rows += sum(batch.row_count for batch in block.read())
print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - first) // 1024)
"""


def test_memory_is_that_of_a_block_and_not_of_the_table(database):
    database.run("CREATE TABLE wide (id INTEGER PRIMARY KEY, note VARCHAR(400))")
    database.run(
        "INSERT INTO wide WITH RECURSIVE n(i) AS "
        "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 262144) "
        f"SELECT i, '{'x' * 300}' || i FROM n"
    )
    arguments = [database.source("wide").model_dump_json(), str(database.base)]
    output = subprocess.run(
        [sys.executable, "-c", MEASURE, *arguments], capture_output=True, text=True, check=True
    ).stdout
    rows, grown_mib = map(int, output.split())
    # 75 MiB of text in blocks of 5 MiB.
    assert rows == 262_144
    assert grown_mib < 50


# Names and values


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        ("numbrs", {}, "'numbrs' does not exist. Did you mean 'numbers'?"),
        ("numbers; DROP TABLE numbers", {}, "does not exist"),
        ("nowhere.numbers", {}, "no schema 'nowhere'"),
        ("numbers", {"columns": ["id", "notes"]}, "no column 'notes'. Did you mean 'note'?"),
        ("numbers", {"where": [{"column": "1=1 --", "op": "=", "value": 1}]}, "no column '1=1 --'"),
    ],
    ids=["table", "injected", "schema", "column", "where"],
)
def test_a_name_that_is_not_in_the_catalogue_is_refused(database, table, options, message):
    number_table(database, 3)
    with pytest.raises(SourceError) as error:
        database.frame(table, **options)
    assert message in str(error.value)
    assert database.frame("numbers").height == 3


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        ("=", "b", ["b"]),
        ("!=", "b", ["a", "it's; --"]),
        ("<", "b", ["a"]),
        (">=", "b", ["b", "it's; --"]),
        ("in", ["a", "it's; --", "z' OR '1'='1"], ["a", "it's; --"]),
        ("=", "z' OR '1'='1", None),
    ],
)
def test_conditions_compare_with_bound_values(database, op, value, expected):
    database.run("CREATE TABLE t (name VARCHAR(20))")
    database.run("INSERT INTO t VALUES (:n)", rows=[{"n": n} for n in ("a", "b", "it's; --")])
    condition = {"column": "name", "op": op, "value": value}
    blocks = list(database.blocks("t", where=[condition]))
    found = [n for block in blocks for batch in block.read() for n in batch.frame["name"]]
    assert found == (expected or [])


def test_conditions_compare_days_numbers_and_moments_by_type(database):
    database.run("CREATE TABLE t (id INTEGER, day DATE, amount NUMERIC(9,2))")
    # As text, which PostgreSQL reads and SQLite keeps.
    rows = [{"i": n, "d": f"2024-06-{n:02d}", "a": n / 4} for n in range(1, 31)]
    cast = "CAST(:d AS DATE)" if database.engine.dialect.name == "postgresql" else ":d"
    database.run(f"INSERT INTO t VALUES (:i, {cast}, :a)", rows=rows)
    where = [
        {"column": "day", "op": ">=", "value": dt.date(2024, 6, 10)},
        {"column": "day", "op": "<", "value": "2024-06-20"},
        {"column": "amount", "op": ">", "value": 3.25},
        {"column": "id", "op": "in", "value": [1, 14, 15, 29]},
    ]
    assert database.frame("t", where=where)["id"].to_list() == [14, 15]


def test_a_value_of_another_type_than_its_column_is_refused(postgresql_database):
    number_table(postgresql_database, 1)
    for column, value in (("id", "abc"), ("note", 5), ("id", True)):
        with pytest.raises(SourceError, match=f"column '{column}' is .*, and {value!r} is not"):
            postgresql_database.frame(
                "numbers", where=[{"column": column, "op": "=", "value": value}]
            )


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        (
            mssql.dialect(),
            "SELECT [dbo].[Order Lines].[id], [dbo].[Order Lines].[a]]b] \n"
            "FROM [dbo].[Order Lines] \n"
            "WHERE [dbo].[Order Lines].[id] >= :param_1 ORDER BY [dbo].[Order Lines].[id]",
        ),
        (
            postgresql.dialect(),
            'SELECT "dbo"."Order Lines"."id", "dbo"."Order Lines"."a]b" \n'
            'FROM "dbo"."Order Lines" \n'
            'WHERE "dbo"."Order Lines"."id" >= %(param_1)s::INTEGER ORDER BY "dbo"."Order Lines"."id"',
        ),
    ],
    ids=["mssql", "postgresql"],
)
def test_names_are_quoted_as_each_dialect_does(dialect, expected):
    # No SQL Server is here: what is held is the statement that it would get.
    types = {"id": sa.Integer(), "a]b": sa.String()}
    wanted = DatabaseTable.model_validate(
        {"url": "mssql://host/db", "table": "dbo.Order Lines"}
        | {"where": [{"column": "id", "op": ">=", "value": 5}]}
    )
    statement = build_statement(FoundTable("Order Lines", "dbo", types, ["id"]), wanted)
    assert "".join(str(statement.compile(dialect=dialect)).split()) == "".join(expected.split())


# Secrets


def settings_with(folder: Path, database: dict) -> Path:
    import yaml

    log = {k: v for k, v in SETTINGS["source"]["sales_log"].items() if k != "path"}
    source = SETTINGS["source"] | {"sales_log": log | {"database": database}}
    path = folder / "gosales.yaml"
    path.write_text(yaml.safe_dump(SETTINGS | {"source": source}))
    return path


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:tops3cret@host/db",
        "postgresql://ann@host/db?password=tops3cret",
        "mssql+pyodbc:///?odbc_connect=PWD%3Dtops3cret",
        "mssql://ann@host/db?driver=x&AccessToken=tops3cret",
        "postgresql//ann:tops3cret@host",
    ],
)
def test_a_password_in_the_settings_is_refused_and_not_repeated(tmp_path, url):
    with pytest.raises(SettingsError, match=r"database\.url") as error:
        load_settings(settings_with(tmp_path, {"url": url, "table": "t"}))
    assert "tops3cret" not in "".join(traceback.format_exception(error.value))


def test_a_wrong_password_is_not_shown(postgresql_database, monkeypatch):
    monkeypatch.setenv(VARIABLE, "tops3cret")
    with pytest.raises(SourceError, match="password authentication failed") as error:
        postgresql_database.frame("t")
    assert "tops3cret" not in "".join(traceback.format_exception(error.value))
    assert "tops3cret" not in repr(open_inputs(postgresql_database.source("t"), Path()))


def test_a_missing_password_names_its_variable(postgresql_database, monkeypatch):
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(SourceError, match=f"{VARIABLE} is not set"):
        postgresql_database.frame("t")


@pytest.mark.parametrize(
    ("database", "message"),
    [
        ({"url": "mysql://host/db", "table": "t"}, "'mysql' is not supported"),
        ({"url": "sqlite:///a.db", "table": "t", "password_env": "GOSALES_PW"}, "rename it"),
        ({"url": "sqlite:///a.db", "table": "t", "time_zone": "Mars"}, "no IANA time zone"),
        ({"url": "sqlite:///a.db", "table": "t", "password": "x"}, "unknown key"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path, database, message):
    with pytest.raises(SettingsError, match=message):
        load_settings(settings_with(tmp_path, database))


def test_a_server_that_is_not_there_and_a_file_that_is_not_there_are_named(tmp_path):
    with pytest.raises(SourceError, match="t: postgresql database failed"):
        Database(None, "postgresql://a@127.0.0.1:1/db", tmp_path).frame("t")
    (tmp_path / "sales.db").write_bytes(b"")
    with pytest.raises(SourceError, match=r"Did you mean 'sales\.db'"):
        Database(None, "sqlite:///sale.db", tmp_path).frame("t")
    assert not (tmp_path / "sale.db").exists()


def test_another_place_is_the_same_content(tmp_path):
    def hashed(**database) -> str:
        return load_settings(settings_with(tmp_path, database)).content_hash()

    one = hashed(url="sqlite:///a.db", table="t")
    assert one == hashed(url="postgresql://b@host/c", table="t", password_env="PW")
    assert one != hashed(url="sqlite:///a.db", table="other")
    assert one != hashed(url="sqlite:///a.db", table="t", columns=["a"])


# Through the star phase


def ingested(settings, folder: Path) -> dict[dt.date, pl.DataFrame]:
    spill = folder / "spill"
    spill.mkdir()
    products = build_dim_product(
        read_table(settings.source.taxonomy, settings.source_dir), settings
    )
    cutoffs = PartitionSpace(settings).cutoffs()
    log = ingest(settings, products, cutoffs, spill, lambda _: None)
    lines = {cutoff: pl.concat(log.lines(cutoff)) for cutoff in cutoffs}
    assert sum(frame.height for frame in lines.values()) > 200
    return lines


TYPED = {
    "Rec_Date": "DATE",
    "Posted": "DATE",
    "CAD": "NUMERIC(12,2)",
    "CAD_Qty": "INTEGER",
    "Sim GP": "NUMERIC(12,2)",
    "Sim_Qty": "INTEGER",
}


@pytest.mark.parametrize("is_typed", [False, True], ids=["text", "typed"])
def test_a_database_and_a_csv_of_the_same_rows_are_the_same_sales_log(database, tmp_path, is_typed):
    rows = random_rows(60)
    expected = ingested(write_world(tmp_path / "csv", rows), tmp_path / "csv")
    types = [f'"{name}" {TYPED.get(name, "TEXT") if is_typed else "TEXT"}' for name in HEADER]
    database.run(f"CREATE TABLE sales_log ({', '.join(types)})")
    names = {name: f"p{n}" for n, name in enumerate(HEADER)}
    filled = [
        {
            p: _value(row.get(name), TYPED.get(name) if is_typed else None)
            for name, p in names.items()
        }
        for row in rows
    ]
    marks = ", ".join(f":{p}" for p in names.values())
    if database.engine.dialect.name == "postgresql":
        marks = ", ".join(
            f"CAST(:{p} AS {TYPED.get(n, 'TEXT') if is_typed else 'TEXT'})"
            for n, p in names.items()
        )
    database.run(f"INSERT INTO sales_log VALUES ({marks})", rows=filled)
    write_world(tmp_path, rows)
    place = {"url": database.url, "password_env": database.password_env, "table": "sales_log"}
    found = ingested(load_settings(settings_with(tmp_path, place)), tmp_path)
    for cutoff, lines in expected.items():
        order = [c for c in lines.columns if c not in ("source_file", "source_row")]
        assert found[cutoff].select(order).sort(order).equals(lines.select(order).sort(order))
        assert set(found[cutoff]["source_file"]) == {"sales_log"}


def _value(cell: str | None, kind: str | None) -> str | None:
    if not cell:
        return None
    return cell.lstrip("$").replace(",", "") if kind and "DATE" not in kind else cell


def test_a_customers_table_of_a_database_is_read_whole(database):
    number_table(database, 5)
    frame = read_table(database.source("numbers"), database.base)
    assert frame.rows() == [(n, f"note {n}", n + 1) for n in range(5)]


def test_no_server_variable_leaks_into_the_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("GOSALES_TEST_POSTGRES", "postgresql://somewhere")
    place = {"url": "sqlite:///a.db", "table": "t"}
    assert load_settings(settings_with(tmp_path, place)).source.sales_log.place == "t"
