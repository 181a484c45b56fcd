"""A long sales log of a few rows, as text that a test writes itself, with its settings."""

from pathlib import Path

import polars as pl
import yaml

from gosales_assets.star.increments import StagedLog
from gosales_checks.verdicts.ledger import ledger_breaches
from gosales_resources.settings.loading import load_settings
from gosales_resources.settings.tree import Settings
from tests.worlds.staged_log import lines_of, read_anew, rejects_of

COLUMNS = {
    "customer_id": "Customer", "order_date": "Date", "invoice_id": "Invoice", "sku": "Item",
    "quantity": "Qty", "revenue": "Net",
}  # fmt: skip
HEADER = "Invoice,Customer,Date,Item,Qty,Net"
FIRST = "R1,C1,2023-01-05,A1,1,10.00"


def write_long(folder: Path, text: str | bytes, path: str = "log.csv", **log: object) -> Settings:
    """Write a log and its taxonomy (A1, A2 are of Alpha, B1 of Beta); `log` adds to its settings."""
    (folder / path).write_bytes(text.encode() if isinstance(text, str) else text)
    return long_settings(folder, path, **log)


def long_settings(folder: Path, path: str = "log.csv", **log: object) -> Settings:
    """Write the settings of a log that lies there already."""
    (folder / "taxonomy.csv").write_text("sku,division\nA1,Alpha\nA2,Alpha\nB1,Beta\n1,Beta\n")
    source = {
        "sales_log": {"layout": "long", "path": path, "columns": COLUMNS} | log,
        "taxonomy": {"path": "taxonomy.csv", "columns": {"family": None, "sale_type": None}},
    }
    tree = {
        "name": "long", "value": "revenue", "divisions": {"names": ["Alpha", "Beta"]},
        "calendar": {"start": "2023-03-31", "end": "2023-03-31", "cadence_months": 1},
        "source": source,
    }  # fmt: skip
    (folder / "gosales.yaml").write_text(yaml.safe_dump(tree))
    return load_settings(folder / "gosales.yaml")


def read_long(folder: Path, *rows: str, header: str = HEADER, **log: object) -> StagedLog:
    """Stage a log of these rows."""
    return read_anew(write_long(folder, "\n".join([header, *rows]) + "\n", **log), folder)


def ledger_of(log: StagedLog) -> dict[str, object]:
    """Return the ledger of the only increment over all files, after it was checked to balance."""
    cutoff = log.cutoffs[0]
    ledger, lines, rejects = log.ledger(cutoff), lines_of(log, cutoff), rejects_of(log, cutoff)
    assert ledger_breaches(ledger.lazy(), lines.lazy(), rejects.lazy()) == {}
    return ledger.select(pl.exclude(pl.String, pl.Date).sum()).row(0, named=True)
