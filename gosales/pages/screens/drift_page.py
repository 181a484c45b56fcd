"""The page Drift: what has moved since the models were trained."""

import datetime as dt

import polars as pl
import streamlit as st

from gosales.pages.desk import Desk
from gosales.pages.screens.parts import choose_cutoff, draw, heading, table
from gosales.pages.views.drift import highlights, shift_map
from gosales_checks.contracts.drift import DRIFT
from gosales_checks.contracts.features import FEATURE_CATALOG


def show(desk: Desk) -> None:
    """Lay the page out."""
    heading(
        "Drift",
        "How far inputs, chances, rates and money have moved since the models were trained.",
    )
    cutoff = choose_cutoff(desk, DRIFT, first=_known(desk))
    drift = desk.reading.read(DRIFT, [cutoff]).collect()
    if drift["value"].null_count() == drift.height:
        why = ", ".join(sorted(set(drift["status"]))).replace("_", " ")
        st.info(f"No shift is known at this cutoff: {why}. Choose an earlier one.")
        return
    draw(shift_map(drift, desk.names))
    st.caption(
        "1 is the bound: the threshold, what chance shows, or what training cutoffs showed among "
        "themselves, whichever is largest. A framed field is an alarm."
    )
    st.subheader("Alarms, worst first")
    catalog, _ = desk.reading.try_read(FEATURE_CATALOG, [cutoff])
    words = {} if catalog is None else dict(
        catalog.select("feature", "description").collect().iter_rows()
    )  # fmt: skip
    rows = highlights(drift, desk.names, words)
    if rows.is_empty():
        st.success("No alarm.")
        return
    titles = {"division": "Division", "measure": "What", "of": "Of", "value": "Shift",
              "threshold": "Threshold", "null_high": "Chance up to", "usual": "Usual",
              "times": "Times its bound"}  # fmt: skip
    table(rows, titles, alt="Alarms of drift")


def _known(desk: Desk) -> list[dt.date]:
    """List the cutoffs at which some shift is known, the newest first."""
    days = desk.reading.cutoffs(DRIFT)
    read = ((day, desk.reading.try_read(DRIFT, [day])[0]) for day in days)
    known = pl.col("value").count()
    return [day for day, rows in read if rows is not None and rows.select(known).collect().item()]
