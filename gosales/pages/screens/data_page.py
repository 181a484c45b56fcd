"""The page Data: freshness, what fails, what was read and rejected, what is known of customers."""

import datetime as dt

import polars as pl
import streamlit as st

from gosales.cli.status import look
from gosales.pages.desk import Desk
from gosales.pages.screens.parts import choose_cutoff, heading, say_with_command, table
from gosales.pages.text import shown
from gosales.pages.views.data import (
    LEDGER,
    REJECTS_SHOWN,
    finding_rows,
    gate_rows,
    ledger_rows,
    name_coverage,
    reject_reasons,
    signal_coverage,
    state_rows,
)
from gosales_checks.contracts.accounts import SOURCE_LEDGER, SOURCE_REJECTS
from gosales_checks.contracts.enrichment import CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED
from gosales_checks.contracts.star import SALES_LEDGER, SALES_LOG_REJECTS
from gosales_checks.contracts.whitespace import LIST_METRICS


def show(desk: Desk) -> None:
    """Lay the page out."""
    heading("Data", "What was read, rejected and found, and which checks fail now.")
    cutoff = choose_cutoff(desk, SALES_LEDGER, first=desk.reading.cutoffs(LIST_METRICS))
    _findings(desk)
    _freshness(desk, cutoff)
    _ledgers(desk, cutoff)
    _rejects(desk, cutoff)
    _coverage(desk, cutoff)


def _findings(desk: Desk) -> None:
    st.subheader("Checks that do not hold")
    rows = finding_rows(desk.findings.failed())
    if rows.is_empty():
        st.success("All checks that were made hold.")
        return
    titles = {"severity": "It", "check": "Check", "table": "Table", "partition": "Partition",
              "finding": "Found", "cure": "What helps"}  # fmt: skip
    table(rows, titles, alt="Checks that do not hold")
    st.caption("A past that is no longer what was stored is one of them: past as stored.")


def _freshness(desk: Desk, cutoff: dt.date) -> None:
    st.subheader("Is it current")
    st.caption(
        "Looks at every table of the cutoff and at the raw files; seconds, on large stores more."
    )
    if not st.button("Look"):
        return
    found = look(desk.platform, [cutoff], ())
    for (asset, reasons), addresses in found.because.items():
        st.warning(f"{shown(asset)} ({len(addresses)}): {shown(', '.join(reasons))}")
    for line in found.source:
        st.warning(f"raw sales log: {shown(line)}")
    for command in found.commands:
        say_with_command("info", f"Make anew what is stale: {command}")
    rows = state_rows(found.counts)
    titles = {"table": "Table", "current": "Current", "stale": "Stale", "missing": "Missing"}
    table(rows.filter(pl.col("missing") + pl.col("stale") > 0), titles, alt="Not current")
    st.caption(f"{rows['current'].sum():,} partitions are current.")


def _ledgers(desk: Desk, cutoff: dt.date) -> None:
    st.subheader("Rows in, rows out")
    table(ledger_rows(desk.reading.read(SALES_LEDGER, [cutoff]).collect()), LEDGER, alt="Ledger")
    beside, _ = desk.reading.try_read(SOURCE_LEDGER, [cutoff])
    rows = None if beside is None else beside.sort("source").collect()
    if rows is not None and rows.height:
        titles = {"source": "Beside the log", "rows_in": "Rows", "rows_kept": "Used",
                  "rows_rejected": "Rejected", "rows_later": "Later"}  # fmt: skip
        table(rows, titles, alt="Ledger of the other sources")


def _rejects(desk: Desk, cutoff: dt.date) -> None:
    for contract, words in (
        (SALES_LOG_REJECTS, "the sales log"),
        (SOURCE_REJECTS, "other sources"),
    ):
        rejects, _ = desk.reading.try_read(contract, [cutoff])
        reasons = None if rejects is None else reject_reasons(rejects)
        if rejects is None or reasons is None or reasons.is_empty():
            continue
        st.subheader(f"Rejected of {words}")
        table(reasons, {"reason": "Why", "rows": "Rows"}, alt=f"Rejects of {words}")
        with st.expander(f"The first {REJECTS_SHOWN} rows"):
            titles = {
                "source_file": "File",
                "source_row": "Row",
                "reason": "Why",
                "raw": "As it was",
            }
            known = set(rejects.collect_schema().names())
            shown_rows = rejects.head(REJECTS_SHOWN).collect()
            table(shown_rows, {n: t for n, t in titles.items() if n in known}, alt="Rejected rows")


def _coverage(desk: Desk, cutoff: dt.date) -> None:
    st.subheader("What is known of customers")
    found, _ = desk.reading.try_read(CUSTOMER_ENRICHMENT, [cutoff])
    missed, _ = desk.reading.try_read(ENRICHMENT_UNMATCHED, [cutoff])
    if found is not None and missed is not None:
        rows = name_coverage(found, missed)
        if rows.height:
            st.markdown("**Names looked up in the company directory**")
            titles = {"outcome": "Outcome", "how": "How, or why not", "customers": "Customers"}
            table(rows, titles, alt="Names in the directory")
    metrics, why = desk.reading.try_read(LIST_METRICS, [cutoff])
    if metrics is None:
        say_with_command("info", why)
        return
    told = metrics.collect()
    left, right = st.columns(2)
    with left:
        st.markdown("**Signals of the list**")
        titles = {"signal": "Signal", "coverage": "Known of", "weight": "Weight"}
        table(signal_coverage(told), titles, percent=["coverage", "weight"], alt="Signals")
    with right:
        st.markdown("**Gates**")
        table(
            gate_rows(told),
            {"gate": "Gate", "kept_off": "Kept off (empty: it is off)"},
            alt="Gates",
        )
