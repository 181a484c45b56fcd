"""The page What it brought: what came of lists, in wins and money, against plain orders."""

import datetime as dt

import polars as pl
import streamlit as st

from gosales.pages.desk import Desk
from gosales.pages.screens.parts import choose_cutoff, draw, heading, table
from gosales.pages.text import shown
from gosales.pages.views.brought import (
    is_censored,
    order_chart,
    order_rows,
    over_time,
    part_rows,
    together,
    tops_of,
)
from gosales_checks.contracts.calls import LIST_CALLS
from gosales_checks.contracts.experiment import EXPERIMENT_READOUT
from gosales_checks.contracts.validation import GATE, LIST_VALIDATION, REP

FIRST_TOP = "10 %"


def show(desk: Desk) -> None:
    """Lay the page out."""
    heading(
        "What it brought",
        "What came of the list within its window, against plain orders of the same rows.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cutoff = choose_cutoff(desk, LIST_VALIDATION, "List of", _known(desk))
        kind = st.selectbox("In", ["money", "wins"], width=140)
        validation = desk.reading.read(LIST_VALIDATION, [cutoff]).collect()
        tops = tops_of(validation)
        at = tops.index(FIRST_TOP) if FIRST_TOP in tops else 0
        top = st.selectbox("First", tops, index=at if tops else None, width=140)
    if is_censored(validation) or top is None:
        months = desk.settings.labels.window_months
        st.info(
            f"The window of the list of {cutoff} has not ended: what it brought is known {months} "
            "months after it. Choose an earlier list."
        )
    else:
        _orders(desk, validation, kind, top)
        _reps(desk, validation, kind)
        _gates(desk, validation, kind)
    _over_time(desk, kind, top or FIRST_TOP)
    _calls(desk, cutoff)
    _experiment(desk, cutoff)


def _known(desk: Desk) -> list[dt.date]:
    """List the cutoffs whose window has ended, the newest first."""
    days = desk.reading.cutoffs(LIST_VALIDATION)
    read = ((day, desk.reading.try_read(LIST_VALIDATION, [day])[0]) for day in days)
    return [day for day, rows in read if rows is not None and not is_censored(rows.collect())]


def _orders(desk: Desk, validation: pl.DataFrame, kind: str, top: str) -> None:
    rows = order_rows(validation, kind, top)
    unit = f" {desk.currency}" if kind == "money" else ""
    published = rows.head(1).to_dicts()
    if published and published[0]["captured"] is not None:
        one = published[0]
        st.markdown(
            f"The first {top} of the list ({one['row_count']:,} rows) brought "
            f"**{one['captured']:,.0f}{unit}** of {one['total']:,.0f}{unit}; as many rows at random "
            f"would have brought {one['chance']:,.0f}{unit}."
        )
    draw(order_chart(rows, kind, top))
    titles = {"order": "Order", "row_count": "Rows", "captured": f"Brought{unit}", "value": "Share",
              "low": "from", "high": "to", "ahead": "List ahead by", "ahead_low": "ahead from",
              "ahead_high": "ahead to"}  # fmt: skip
    shares = ["value", "low", "high", "ahead", "ahead_low", "ahead_high"]
    with st.expander("Figures"):
        table(rows, titles, percent=shares, money=["captured"], alt="What each order brought")


def _reps(desk: Desk, validation: pl.DataFrame, kind: str) -> None:
    rows = part_rows(validation, REP, kind, desk.viewer)
    if rows.height:
        st.subheader("By rep")
        titles = {"item": "Rep", "row_count": "Rows to call", "captured": f"Brought ({kind})",
                  "total": "In the whole book", "share": "Share"}  # fmt: skip
        table(rows, titles, percent=["share"], money=["captured", "total"], alt="By rep")
        st.caption("Books differ: never read a seller by it.")


def _gates(desk: Desk, validation: pl.DataFrame, kind: str) -> None:
    rows = part_rows(validation, GATE, kind, desk.viewer)
    if rows.height and desk.viewer.sees_all:
        st.subheader("What gates kept off the list")
        titles = {"item": "Gate", "row_count": "Rows", "captured": f"Bought all the same ({kind})"}
        table(rows, titles, money=["captured"], alt="By gate")


def _over_time(desk: Desk, kind: str, top: str) -> None:
    days = desk.reading.cutoffs(LIST_VALIDATION)
    every, why = desk.reading.try_read(LIST_VALIDATION, days[::-1])
    st.subheader("List by list")
    if every is None:
        st.caption(shown(why))
        return
    validations = every.collect()
    draw(over_time(validations, kind, top))
    sums = together(validations, kind, top)
    if sums.height:
        unit = f" ({desk.currency})" if kind == "money" else ""
        titles = {"order": "Order", "list_count": "Lists", "row_count": f"Rows, first {top}",
                  "captured": f"Brought{unit}", "chance": "At random", "total": "Of all"}  # fmt: skip
        table(sums, titles, money=["captured", "chance", "total"], alt="All lists together")
    span = f"{days[-1]}..{days[0]}" if len(days) > 1 else str(days[0])
    st.caption("Past lists replayed together, with intervals over customers:")
    st.code(f"gosales backtest --cutoffs {span}", language=None)


def _calls(desk: Desk, cutoff: dt.date) -> None:
    calls, _ = desk.reading.try_read(LIST_CALLS, [cutoff])
    if calls is None:
        return
    rows = desk.viewer.rows(calls).sort("rep").collect()
    if rows.filter(pl.col("status") != "off").is_empty():
        return
    st.subheader("What was called")
    titles = {"rep": "Rep", "selected_count": "To be called", "called_count": "Called",
              "won_count": "Won", "rejected_count": "Rejected", "status": "State"}  # fmt: skip
    table(rows, titles, alt="What was called")


def _experiment(desk: Desk, cutoff: dt.date) -> None:
    st.subheader("Does calling help")
    readout, why = desk.reading.try_read(EXPERIMENT_READOUT, [cutoff])
    if readout is None:
        st.caption(shown(why))
        return
    for one in readout.collect().to_dicts():
        st.markdown(f"**{shown(one['verdict'])}**")
        if one["effect"] is not None:
            st.markdown(
                f"Calling added {one['effect']:,.0f} {desk.currency} an account "
                f"({one['effect_low']:,.0f} to {one['effect_high']:,.0f}); a call costs "
                f"{one['cost_per_account']:,.0f}. {one['treated_accounts']:,} accounts were to be "
                f"called, {one['control_accounts']:,} were left alone."
            )
