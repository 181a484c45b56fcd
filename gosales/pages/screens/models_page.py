"""The page Models: of each target what its model is worth, what it goes by, which one scores."""

import datetime as dt

import polars as pl
import streamlit as st

from gosales.pages.desk import Desk
from gosales.pages.screens.parts import choose_cutoff, draw, heading, say_with_command, table
from gosales.pages.text import our_markdown, shown
from gosales.pages.views.models import (
    Badge,
    badges_of,
    decision_rows,
    driver_chart,
    gains_chart,
    measured_slice,
    reliability_chart,
)
from gosales_checks.contracts.drift import DRIFT
from gosales_checks.contracts.explanations import MODEL_CARD, MODEL_DRIVERS, MODEL_EVALUATION
from gosales_checks.contracts.features import FEATURE_CATALOG
from gosales_checks.contracts.models import LEAKAGE_REPORT, PROMOTION
from gosales_checks.contracts.scored_list import CUSTOMERS
from gosales_checks.contracts.validation import FORWARD_VALIDATION

LOOKS = {"good": ("green", "check", "holds"), "alarm": ("red", "warning", "alarm"),
         "unknown": ("gray", "help", "not known")}  # fmt: skip


def show(desk: Desk) -> None:
    """Lay the page out."""
    heading("Models", "What each model is worth, what it goes by, and which one scores.")
    with st.container(horizontal=True):
        cutoff = choose_cutoff(desk, MODEL_CARD)
        targets = desk.settings.divisions.targets
        target = st.selectbox("Target", targets, format_func=lambda one: desk.names[one], width=260)
    card = desk.reading.read(MODEL_CARD, [cutoff], [target]).collect().row(0, named=True)
    st.subheader(shown(desk.names[target]))
    st.markdown(our_markdown(card["headline"]))
    _badges(desk, cutoff, target)
    _pictures(desk, cutoff, target)
    _drivers(desk, cutoff, target)
    _decisions(desk, target)
    _leakage(desk, cutoff, target)
    with st.expander("The whole card"):
        st.markdown(our_markdown(card["card"]))


def _badges(desk: Desk, cutoff: dt.date, target: str) -> None:
    drift, why = desk.reading.try_read(DRIFT, [cutoff], [target])
    if drift is None:
        say_with_command("info", f"Its health is not shown. {why}")
        return
    badges = badges_of(drift.collect())
    for column, badge in zip(st.columns(len(badges)), badges, strict=True):
        with column, st.container(border=True):
            _badge(badge)


def _badge(badge: Badge) -> None:
    colour, icon, words = LOOKS[badge.state]
    st.markdown(f"**{badge.name}**", help=badge.told)
    st.badge(words, icon=f":material/{icon}:", color=colour)  # pyright: ignore[reportArgumentType]  one of its colours
    st.caption(shown(badge.words))
    if badge.value is not None:
        st.caption(shown(badge.because))


def _pictures(desk: Desk, cutoff: dt.date, target: str) -> None:
    for contract, words in (
        (FORWARD_VALIDATION, "on the time after the cutoff"),
        (MODEL_EVALUATION, "on customers held back at training, for no window has ended"),
    ):
        rows, _ = desk.reading.try_read(contract, [cutoff], [target])
        measures = None if rows is None else rows.collect()
        part = None if measures is None else measured_slice(measures)
        if measures is not None and part is not None:
            st.caption(f"Measured {words}: {CUSTOMERS[part]}.")
            left, right = st.columns(2)
            with left:
                st.markdown("**Stated against what came**")
                draw(reliability_chart(measures, part))
            with right:
                st.markdown("**Buyers among the first**")
                draw(gains_chart(measures, part))
            return
    st.caption("Nothing has been measured of it: too few outcomes, or everybody has one chance.")


def _drivers(desk: Desk, cutoff: dt.date, target: str) -> None:
    st.markdown("**What it goes by most**")
    drivers, why = desk.reading.try_read(MODEL_DRIVERS, [cutoff], [target])
    if drivers is None:
        st.caption(shown(why))
        return
    catalog, _ = desk.reading.try_read(FEATURE_CATALOG, [cutoff])
    words = (
        dict(catalog.select("feature", "description").collect().iter_rows())
        if catalog is not None
        else {}
    )
    draw(driver_chart(drivers.collect(), words))
    st.caption("Facts go with buying; they do not bring it about.")


def _decisions(desk: Desk, target: str) -> None:
    days = desk.reading.cutoffs(PROMOTION)
    promotion, why = desk.reading.try_read(PROMOTION, days[::-1], [target])
    st.markdown("**Champion and challenger**")
    if promotion is None:
        st.caption(shown(why))
        return
    titles = {
        "cutoff": "Scores of", "decision": "Decision", "reason": "Because", "model_id": "Model that scores",
        "auc_challenger": "AUC, new", "auc_champion": "AUC, earlier", "difference": "Difference, 95 %",
    }  # fmt: skip
    table(decision_rows(promotion.collect()), titles, alt="Which model scores, by cutoff")


def _leakage(desk: Desk, cutoff: dt.date, target: str) -> None:
    report, _ = desk.reading.try_read(LEAKAGE_REPORT, [cutoff], [target])
    if report is None:
        return
    rows = report.sort("test").collect()
    failed = rows.filter(pl.col("verdict") == "FAIL").height
    with st.expander(f"Has it seen the future? {failed or 'No'} of {rows.height} tests failed"):
        titles = {"test": "Test", "verdict": "Verdict", "figures": "Figures", "words": "Found"}
        table(rows, titles, alt="Tests for leakage")
