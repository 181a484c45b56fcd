"""Lists that keep the contract `whitespace`, of the rows that a test names."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl

from gosales_assets.delivery.listed import Listed, ListTerms
from gosales_checks.contracts.whitespace import WHITESPACE

DAY = dt.date(2024, 6, 30)
TERMS = ListTerms(DAY, "EUR", 6)
# What a rep's system and an attacker call their customers; ids that look like something else.
HOSTILE = [
    "0012", "1E5", "2024-01-02", "=1+1", "+49 30", "-5", "@SUM(A1)", "\t=1", "http://e.com", "TRUE",
    "mailto:a@e.com", "12345678901234567890", " x ", "a,b;c", 'say "x"', "two\nlines", "عميل", "客户",
    "🙂👩‍👩‍👧", "_x0041_", "x\x1b[31m", "\u202eabc", "{=1}", "'quoted", "＝1+1", "%0A", "é", "a\rb",
]  # fmt: skip
ROW = {
    "division": "scanning",
    "division_name": "Scanning",
    "cutoff": DAY,
    "customer_name": "Name",
    "segment": "warm",
    "rep": "Ann",
    "region": "North",
    "model_status": "fitted",
    "grade": "A",
    "grade_p_icp": "B",
    "p_icp": 0.12345,
    "p_low": 0.1,
    "p_high": 0.2,
    "p_icp_pct": 0.5,
    "conditional_value": 1234.56,
    "ev": 152.407,
    "p_icp_part": 0.5,
    "cooldown_factor": 1.0,
    "score": 0.5,
    "challenger_status": "no_earlier_list",
    "is_selected": True,
    "nba_reason": "bought CAD 3 times in 24 months",
}
BASE_RATE = {
    "model_status": "prior", "rank": None, "grade": None, "grade_p_icp": None, "p_low": None,
    "p_high": None, "is_selected": False, "p_icp": 0.12, "division": "services",
    "division_name": "Services",
}  # fmt: skip


def list_of(*rows: Mapping[str, Any]) -> pl.DataFrame:
    """Make a list: rows in their order, each a selected one unless it says otherwise."""
    full, ranks, seats = [], 0, 0
    for place, given in enumerate(rows, start=1):
        row = {"customer_id": f"{place:04d}"} | ROW | dict(given)
        if "rank" not in given:
            ranks += 1
            row["rank"] = ranks
        if row["is_selected"]:
            seats += 1
            row["seat"] = seats
        full.append({"place": place} | row)
    columns = WHITESPACE.schema.columns()
    schema = {name: column.dtype for name, column in columns.items()}
    frame = pl.DataFrame(full, schema=schema, orient="row")
    # What no test speaks of.
    return frame.with_columns(
        pl.col(name).fill_null(strategy="zero")
        for name, column in columns.items()
        if not column.nullable and schema[name].is_numeric()
    )


def listed(*rows: Mapping[str, Any]) -> Listed:
    """Make what is delivered of such a list."""
    return Listed.of(list_of(*rows), TERMS, "selected")
