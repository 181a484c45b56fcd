"""The page Alerts: what failed, who looks after it; acknowledge as `gosales alerts ack` does."""

import polars as pl
import streamlit as st

from gosales.cli.alerts import acknowledge, alerts_in, has_outbox
from gosales.pages.desk import EVERYBODY, Desk
from gosales.pages.screens.parts import heading, table
from gosales.pages.text import shown

STATES = {"not good yet": ("open", "acknowledged"), "open": ("open",), "good again": ("recovered",)}
TITLES = {"severity": "Severity", "check": "Check", "asset": "Table", "partition": "Partition",
          "finding": "Found", "since": "Since", "times": "Times", "state": "State",
          "by": "Looked after by", "told": "Told", "id": "Id"}  # fmt: skip


def show(desk: Desk) -> None:
    """Lay the page out."""
    heading("Alerts", "Checks and runs that failed, and who looks after them.")
    if not desk.settings.alerts.enabled:
        st.info(
            "Alerts are off: set alerts.enabled in the settings. The page Data has what fails now."
        )
    if not has_outbox(desk.settings):
        st.caption("No alert was ever recorded.")
        return
    kind = st.selectbox("Show", list(STATES), width=200)
    rows = alerts_in(desk.settings, STATES[kind])
    if rows.is_empty():
        st.success(f"No alert is {kind}.")
        return
    table(rows, TITLES, alt="Alerts")
    open_ones = rows.filter(pl.col("state") == "open")
    if open_ones.height:
        _acknowledge(desk, open_ones)


def _acknowledge(desk: Desk, rows: pl.DataFrame) -> None:
    st.subheader("Look after one")
    named = {
        row["id"]: f"{row['check']} of {row['asset']}, {row['partition']}"
        for row in rows.to_dicts()
    }
    with st.form("acknowledge", clear_on_submit=True):
        one = st.selectbox("Alert", list(named), format_func=named.__getitem__)
        # Who has logged in is who it is.
        by = desk.viewer.name
        if desk.viewer is EVERYBODY:
            by = st.text_input("Who looks after it", max_chars=100)
        note = st.text_input("Note", max_chars=500, placeholder="what readers should know")
        asked = st.form_submit_button("Acknowledge", type="primary")
    if asked and not by.strip():
        st.error("Say who looks after it.")
    elif asked and one is not None:
        acknowledge(desk.settings, [one], by.strip(), note.strip())
        st.toast(f"{shown(named[one])} is {shown(by.strip())}'s.")
        st.rerun()
