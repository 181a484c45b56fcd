"""Small worlds that tests run on: a wide ERP export with its taxonomy, customers and settings."""

import csv
import datetime as dt
import random
from collections.abc import Sequence
from pathlib import Path

import yaml

from gosales_resources.settings.loading import load_settings
from gosales_resources.settings.tree import Settings

HEADER = [
    "CompanyId",
    "Customer",
    "Rec_Date",
    "Posted",
    "Invoice",
    "Division",
    "Rep",
    "Currency",
    "Rate",
    "CAD",
    "CAD_Qty",
    "Sim GP",
    "Sim_Qty",
    "Scan",
    "Scan_Qty",
    "Seats_Qty",
]
TAXONOMY = [
    ("CAD", "Solid Works"),
    ("Sim", "Simulation"),
    ("Scan", "Scanning"),
    ("Seats", "Simulation"),
]
SETTINGS = {
    "name": "small_world",
    "calendar": {"start": "2023-03-31", "end": "2024-12-31", "cadence_months": 3},
    "divisions": {"names": ["Solid Works", "Simulation", "Scanning"], "predictor_only": ["Scanning"]},
    "source": {
        "sales_log": {
            "layout": "wide",
            "path": "sales_log.csv",
            "date_formats": ["%Y-%m-%d", "%m/%d/%Y"],
            "columns": {
                "customer_id": "CompanyId", "customer_name": "Customer", "order_date": "Rec_Date",
                "recorded_at": "Posted", "invoice_id": "Invoice", "source_division": "Division",
                "rep": "Rep", "currency": "Currency", "conversion_rate": "Rate",
            },
            "aliases": {"Sim GP": "Sim"},
            "complete_through": "2024-12-31",
        },
        "taxonomy": {
            "path": "taxonomy.csv",
            "routes": [{"sku": "Seats", "when_source_division": "Scanning", "division": "Scanning"}],
        },
        "customers": {
            "path": "customers.csv",
            "columns": {"customer_id": "id", "customer_name": "name", "industry": "industry"},
            "numeric_attributes": ["employees"],
        },
    },
    "validation": {"bootstrap_draws": 50},
}  # fmt: skip


def row(customer: str = "001", day: str = "2023-02-01", **cells: str) -> dict[str, str]:
    """Make one raw row: a sale of one CAD seat unless told otherwise."""
    plain = {
        "CompanyId": customer, "Customer": f"{customer} Name {customer}", "Rec_Date": day,
        "Posted": cells.get("Rec_Date", day), "Invoice": f"I-{customer}-{day}", "Division": "Solid Works",
        "Rep": "Ann", "Currency": "USD", "Rate": "", "CAD": "$1,000.00", "CAD_Qty": "1",
    }  # fmt: skip
    return plain | cells


def write_world(
    folder: Path,
    rows: Sequence[dict[str, str]],
    settings: dict | None = None,
    line_end: str = "\r\n",
) -> Settings:
    """Write the files of a world and load its settings."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "sales_log.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, HEADER, restval="", lineterminator=line_end)
        writer.writeheader()
        writer.writerows(rows)
    taxonomy = ["sku,division,family,sale_type", *(f"{s},{d},f,new" for s, d in TAXONOMY)]
    (folder / "taxonomy.csv").write_text("\n".join(taxonomy) + "\n", encoding="utf-8")
    ids = sorted({r["CompanyId"].strip() for r in rows if r["CompanyId"].strip()} | {"prospect"})
    lines = ["id,name,industry,employees"]
    # Of the id alone: the same account in every world.
    lines += [
        f"{i},Name {i},{('Aero', 'Auto')[sum(i.encode()) % 2]},{sum(i.encode())}" for i in ids
    ]
    (folder / "customers.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "gosales.yaml").write_text(
        yaml.safe_dump(SETTINGS | (settings or {})), encoding="utf-8"
    )
    return load_settings(folder / "gosales.yaml")


def random_rows(customers: int = 120, seed: int = 3) -> list[dict[str, str]]:
    """Draw two and a half years of sales; who bought before buys again, and CAD leads to Sim."""
    draw = random.Random(seed)
    rows = []
    for number in range(customers):
        customer, eager, owns_cad = f"{number:04d}", draw.random(), False
        for month in range(30):
            year, at = divmod(month, 12)
            first = dt.date(2022 + year + (at + 6) // 12, (at + 6) % 12 + 1, 1)
            if draw.random() > 0.05 + 0.35 * eager**2:
                continue
            day = first + dt.timedelta(days=draw.randrange(27))
            late = dt.timedelta(days=draw.choice([0, 0, 0, 0, 40]))
            wants_sim = owns_cad and draw.random() < 0.6
            cells = {
                "CAD": "",
                "CAD_Qty": "",
                "Sim GP": f"{draw.randrange(100, 900)}.50",
                "Sim_Qty": "1",
            }
            sold = cells if wants_sim else {"CAD": f"${draw.randrange(1, 4)},000.00"}
            owns_cad = owns_cad or not wants_sim
            posted = {"Posted": (day + late).isoformat()}
            rows.append(row(customer, day.isoformat(), **posted, **sold))
    return rows
