"""What the pages have in common: tables, charts, messages, the choice of a cutoff."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import streamlit as st

from gosales.pages.charts import Chart
from gosales.pages.desk import Desk
from gosales.pages.text import shown
from gosales_assets.delivery.columns import Column
from gosales_checks.contracts.contract import Contract
from gosales_resources.errors import GosalesError, PartitionMissingError
from gosales_resources.markdown import visible

# A sentence of ours ends in the command that helps.
_COMMAND = re.compile(
    r"^(?P<words>.*?)[:.]? (?P<command>gosales [a-z][^.;]*(?:\.\.[^.;]*)?)\.?$", re.S
)
BANNERS_SHOWN = 3
# Fewer rows are sent whole, and only of those a row can be clicked.
CLICKABLE = 5_000


def heading(title: str, told: str) -> None:
    """Say which page it is, and what it is about in a line."""
    st.title(title)
    st.caption(told)


def problem(error: GosalesError) -> None:
    """Say what is missing or wrong and what helps; a page that shows nothing else ends in it."""
    is_missing = isinstance(error, PartitionMissingError)
    say_with_command("info" if is_missing else "error", visible(error))


def say_with_command(kind: str, text: str) -> None:
    """Show a message of ours; the command that it ends in stands apart, to be copied."""
    found = _COMMAND.match(text)
    {"info": st.info, "warning": st.warning, "error": st.error}[kind](
        shown(f"{found['words']}:" if found else text)
    )
    if found:
        st.code(found["command"], language=None)


def choose_cutoff(
    desk: Desk, contract: Contract, words: str = "As of", first: Sequence[dt.date] = ()
) -> dt.date:
    """Let a cutoff be chosen of which a table is stored, the newest first.

    Parameters
    ----------
    desk
        Whose store.
    contract
        The table.
    words
        What the choice is called.
    first
        The first of these of which it is stored is chosen to begin with; else the newest.

    Raises
    ------
    PartitionMissingError
        When none is.
    """
    days = desk.reading.cutoffs(contract)
    if not days:
        newest = desk.platform.space.cutoffs()[-1]
        raise PartitionMissingError(
            f"There is no {contract.name.replace('_', ' ')} yet. Make the list of a day: "
            f"gosales materialize --cutoffs {newest}"
        )
    known = [day for day in first if day in days]
    at = days.index(known[0]) if known else 0
    return st.selectbox(words, days, index=at, key=f"cutoff-{contract.name}", width=180)


def banners(desk: Desk, cutoff: dt.date) -> None:
    """Tell before anything else that the list is stale, and which checks of its cutoff fail."""
    if reasons := desk.reading.why_stale(cutoff):
        say_with_command(
            "warning",
            f"This list is not current, for these have changed: {', '.join(reasons)}. "
            f"Make it anew: gosales materialize --cutoffs {cutoff}",
        )
    found = [one for one in desk.findings.of_cutoff(cutoff) if one.severity == "ERROR"]
    for one in found[:BANNERS_SHOWN]:
        st.error(
            f"**{shown(one.check.replace('_', ' '))}** failed for {shown(one.asset)}, "
            f"{shown(one.division or one.partition)}: {shown(one.finding)}"
        )
        if desk.viewer.sees_all and one.cure:
            st.code(one.cure, language=None)
    if len(found) > BANNERS_SHOWN:
        st.error(f"{len(found) - BANNERS_SHOWN} more checks failed: see the page Data.")


def draw(chart: Chart) -> None:
    """Draw a chart; of no rows say so."""
    if chart.rows.is_empty():
        st.caption("Nothing to draw.")
        return
    st.vega_lite_chart(chart.rows, chart.spec, alt=chart.alt)


def list_config(columns: Sequence[Column]) -> dict[str, Any]:
    """Say how the columns of the list look in a table."""
    found: dict[str, Any] = {}
    for column in columns:
        label, told = column.short, f"{column.title}. {column.told}"
        if column.look == "percent":
            found[column.name] = st.column_config.NumberColumn(label, help=told, format="%.1f %%")
        elif column.look == "money":
            found[column.name] = st.column_config.NumberColumn(label, help=told, format="localized")
        elif column.is_number:
            found[column.name] = st.column_config.NumberColumn(label, help=told)
        else:
            width = "large" if column.width > 30 and column.name != "customer_name" else None
            found[column.name] = st.column_config.TextColumn(label, help=told, width=width)
    return found


def table(
    rows: pl.DataFrame,
    titles: Mapping[str, str],
    *,
    percent: Sequence[str] = (),
    money: Sequence[str] = (),
    wide: Sequence[str] = (),
    alt: str = "",
) -> None:
    """Show a small table.

    Parameters
    ----------
    rows
        What is shown.
    titles
        Column -> title, in their order; other columns are left out.
    percent
        Columns of fractions.
    money
        Columns of the home currency.
    wide
        Columns of long texts, which are cut so that the others are seen.
    alt
        What it is, for who does not see it.
    """
    config: dict[str, Any] = {}
    for name, title in titles.items():
        if name in percent:
            config[name] = st.column_config.NumberColumn(title, format="%.1f %%")
        elif name in money or rows.schema[name].is_integer():
            config[name] = st.column_config.NumberColumn(title, format="localized")
        elif name in wide:
            config[name] = st.column_config.TextColumn(title, width="medium")
        elif rows.schema[name] == pl.Date:
            config[name] = st.column_config.DateColumn(title, format="iso8601")
        elif rows.schema[name].is_float():
            config[name] = st.column_config.NumberColumn(title, format="%.3g")
        else:
            config[name] = title
    told = rows.select(
        pl.col(n) * 100 if n in percent else pl.col(n).round(0) if n in money else pl.col(n)
        for n in titles
    )
    st.dataframe(told, column_config=config, hide_index=True, placeholder="", alt=alt or None)
