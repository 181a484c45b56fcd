"""Databases that a test fills and a source reads."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import sqlalchemy as sa
import yaml

from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW
from tests.worlds.erp import SETTINGS

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


def number_table(database: Database, rows: int = 100) -> None:
    database.run("CREATE TABLE numbers (id INTEGER PRIMARY KEY, note VARCHAR(20))")
    database.run(
        "INSERT INTO numbers VALUES (:id, :note)",
        rows=[{"id": n, "note": f"note {n}"} for n in reversed(range(rows))],
    )


def settings_with(folder: Path, database: dict) -> Path:
    log = {k: v for k, v in SETTINGS["source"]["sales_log"].items() if k != "path"}
    source = SETTINGS["source"] | {"sales_log": log | {"database": database}}
    path = folder / "gosales.yaml"
    path.write_text(yaml.safe_dump(SETTINGS | {"source": source}))
    return path
