"""The enrichment through Dagster: stored by cutoff, checked, the same bytes from any row order."""

import csv
import random

import polars as pl
import pytest

from tests.run.worlds_run import materialize, stored
from tests.worlds.erp import SETTINGS, random_rows, write_world

TABLES = ("customer_enrichment", "enrichment_unmatched")
SELECTED = "sales_log,sales_log_rejects,sales_ledger," + ",".join(TABLES)
ENTRIES = [(f"k{n:02d}", f"NAME {n:04d}, Inc.", f"I{n % 3}") for n in range(0, 60, 2)]


def enriched(folder, rows, entries, floor: float = 0.1) -> int:
    floors = {"customers_min": floor, "value_min": 0.1}
    source = {"path": "directory.csv", "columns": {"key": "k", "name": "n", "industry": "i"}}
    listed = SETTINGS["source"] | {"enrichment": source | {"coverage": floors}}
    write_world(folder, rows, {"source": listed})
    with (folder / "directory.csv").open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("k", "n", "i"), *entries])
    return materialize(folder, "--select", SELECTED, cutoffs="2023-03-31..2023-06-30")


def read(folder, name: str) -> pl.DataFrame:
    root = folder / "gosales_home" / "store" / name / "cutoff=2023-06-30"
    return pl.read_parquet(root / "part-0.parquet")


@pytest.mark.slow
def test_every_customer_is_found_or_listed_and_order_moves_no_byte(tmp_path):
    rows = random_rows(60)
    assert enriched(tmp_path / "a", rows, ENTRIES) == 0
    matched, unmatched = (read(tmp_path / "a", name) for name in TABLES)
    right = matched.select(
        pl.col("customer_id").str.slice(2) == pl.col("enrichment_key").str.slice(1)
    )
    assert right.to_series().all()
    known = {r["CompanyId"] for r in rows if max(r["Rec_Date"], r["Posted"]) <= "2023-06-30"}
    # Accounts of the CRM are known at every cutoff in this world.
    assert known <= set(matched["customer_id"]) | set(unmatched["customer_id"])
    draw = random.Random(1)
    shuffled = draw.sample(rows, len(rows)), draw.sample(ENTRIES, len(ENTRIES))
    assert enriched(tmp_path / "b", *shuffled) == 0
    assert stored(tmp_path / "b", *TABLES) == stored(tmp_path / "a", *TABLES)


def test_coverage_below_the_floor_warns_and_stops_nothing(tmp_path, capsys):
    assert enriched(tmp_path, random_rows(20), ENTRIES[:2], floor=0.9) == 0
    told = capsys.readouterr()
    assert "rows: gosales show customer_enrichment" in told.err
