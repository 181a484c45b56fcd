"""A sales log of a database and one of a file are the same log."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from gosales_resources.settings.loading import load_settings
from gosales_resources.settings.tree import Settings
from tests.worlds.databases import settings_with
from tests.worlds.erp import HEADER, random_rows, write_world
from tests.worlds.staged_log import read_anew


def ingested(settings: Settings, folder: Path) -> dict[dt.date, pl.DataFrame]:
    log = read_anew(settings, folder)
    lines = {cutoff: pl.concat(log.lines(cutoff)) for cutoff in log.cutoffs}
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
