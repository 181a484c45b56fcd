"""The page Runs: what commands and jobs have come to."""

import polars as pl
import streamlit as st

from gosales.cli.runs import row_of
from gosales.pages.desk import Desk
from gosales.pages.screens.parts import heading, table
from gosales.pages.text import shown
from gosales_assets.operations.records import records

SHOWN = 100


def show(desk: Desk) -> None:
    """Lay the page out."""
    heading("Runs", "What commands and jobs have come to, the newest first.")
    found = list(records(desk.platform))[:SHOWN]
    if not found:
        st.info("No run is on record yet: each gosales materialize and each job leaves one.")
        return
    rows = pl.DataFrame([row_of(record) for record in found])
    table(rows, {name: name[:1].upper() + name[1:] for name in rows.columns}, alt="Runs")
    named = {one.id: f"{one.id} · {one.command}, {one.status}" for one in found}
    chosen = st.selectbox("One of them", list(named), format_func=named.__getitem__)
    record = next(one for one in found if one.id == chosen)
    if record.error:
        st.error(shown(record.error))
    failed = [(c.severity, c.check.replace("_", " "), c.asset, c.partition or "", c.finding)
              for c in record.failed_checks]  # fmt: skip
    if failed:
        columns = {"severity": "Severity", "check": "Check", "asset": "Table",
                   "partition": "Partition", "finding": "Found"}  # fmt: skip
        table(
            pl.DataFrame(failed, schema=list(columns), orient="row"), columns, alt="Failed checks"
        )
    st.caption(
        f"{len(record.made):,} partitions made, {record.current:,} were current, "
        f"{record.passed_checks:,} checks passed; gosales {shown(record.version)}."
    )
