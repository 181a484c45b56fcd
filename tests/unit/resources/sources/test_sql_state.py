"""A table is read in one state or not at all: changes, lost connections, readers that leave."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import polars as pl
import pytest
import sqlalchemy as sa

from gosales_resources.errors import SourceError
from gosales_resources.sources.database import Progress, connected
from gosales_resources.sources.files import open_inputs
from tests.worlds.databases import number_table


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
