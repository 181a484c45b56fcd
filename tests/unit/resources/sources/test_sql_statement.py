"""The statement that reads a table: names from the catalogue, values bound by type."""

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql, postgresql

from gosales_resources.errors import SourceError
from gosales_resources.settings.inputs import DatabaseTable, FileSource
from gosales_resources.sources.query import FoundTable, build_statement
from gosales_resources.sources.table import read_table
from tests.worlds.databases import number_table


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


@pytest.mark.parametrize(
    ("op", "value", "ids"),
    [("!=", "b", [1, 3]), ("not in", ["a", "b"], [3]), ("<", "b", [1, 3]), ("=", "a", [1])],
)
def test_a_source_compares_its_table_as_it_would_a_file(sqlite, op, value, ids):
    sqlite.run("CREATE TABLE t (id INTEGER, name VARCHAR(20))")
    rows = [{"i": i, "n": n} for i, n in enumerate(("a", "b", None), 1)]
    sqlite.run("INSERT INTO t VALUES (:i, :n)", rows=rows)
    (sqlite.base / "t.csv").write_text("id,name\n1,a\n2,b\n3,\n")
    where = [{"column": "name", "op": op, "value": value}]
    for place in ({"database": {"url": sqlite.url, "table": "t"}}, {"path": "t.csv"}):
        source = FileSource.model_validate(place | {"where": where})
        assert list(map(int, read_table(source, sqlite.base)["id"])) == ids
