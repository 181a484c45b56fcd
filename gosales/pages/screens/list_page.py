"""The page List: whom to call about what, why, what has changed since the last list."""

import datetime as dt

import polars as pl
import streamlit as st

from gosales.cli.list_files import write_rows
from gosales.pages.desk import Desk
from gosales.pages.screens.parts import (
    CLICKABLE,
    banners,
    choose_cutoff,
    heading,
    list_config,
    say_with_command,
    table,
)
from gosales.pages.text import shown
from gosales.pages.views.list_rows import (
    BASE_RATE,
    ORDERS,
    RANKED,
    Filters,
    choose,
    columns_of,
    figures,
    legal_values,
    ordered,
    since_last,
)
from gosales.pages.views.row_reasons import drivers_of, parts_of
from gosales_assets.delivery.columns import shown_columns
from gosales_assets.delivery.listed import NO_REP, Listed, find_base_rates
from gosales_checks.contracts.features import FEATURE_CATALOG, FEATURES
from gosales_checks.contracts.movement import LIST_MOVEMENT
from gosales_checks.contracts.whitespace import WHITESPACE

MIME = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ACCOUNT_KEY = "account"
# Rows that the choice beside the table names.
NAMED = 1_000


def show(desk: Desk, account_page: st.Page) -> None:
    """Lay the page out."""
    heading("Whom to call about what", _about(desk))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cutoff = choose_cutoff(desk, WHITESPACE)
        text = st.text_input(
            "Find", max_chars=100, placeholder="customer, id or word of the reason", width=300
        )
        order = st.selectbox("Order", list(ORDERS), width=190)
        selected = st.toggle("To be called only", value=True, help="Within the capacity.")
    banners(desk, cutoff)
    whole = desk.reading.listed(cutoff)
    own = desk.viewer.rows(whole.lazy()).collect() if not desk.viewer.sees_all else whole
    filters = _filters(desk, own, text, selected=selected)
    rows = ordered(choose(own.lazy(), filters), order)
    _counts(rows, own, desk)
    picked = _table(desk, own, rows)
    _downloads(desk, cutoff, own, rows, filters)
    if picked is not None:
        _why(desk, cutoff, picked, account_page)
    _below(desk, own)
    _since_last(desk, cutoff, own)


def _about(desk: Desk) -> str:
    months = desk.settings.labels.window_months
    return (
        f"A chance is that of a purchase in the division within {months} months after the day of the "
        f"list; money is in {desk.currency}."
    )


def _filters(desk: Desk, own: pl.DataFrame, text: str, *, selected: bool) -> Filters:
    regions, reps = legal_values(own, "region"), legal_values(own, "rep")
    if own["rep"].null_count():
        reps.append(NO_REP)
    keys: list[str] = own["division"].unique().sort().to_list()
    with st.expander("Filters"), st.container(horizontal=True):
        rep = None
        if len(reps) > 1:
            rep = st.selectbox("Rep", reps, index=None, placeholder="all", width=200)
        region = None
        if regions:
            region = st.selectbox("Region", regions, index=None, placeholder="all", width=200)
        divisions = st.multiselect(
            "Division", keys, format_func=lambda key: str(desk.names.get(key, key)),
            placeholder="all", width=300,
        )  # fmt: skip
        grades = st.multiselect("Grade", list("ABCDF"), placeholder="all", width=200)
        status = st.selectbox(
            "Model", [RANKED, BASE_RATE], width=200, help="Where the model cannot rank, nobody is."
        )
    return Filters(
        rep, region, tuple(divisions), tuple(grades), status, selected and status == RANKED, text
    )


def _counts(rows: pl.LazyFrame, own: pl.DataFrame, desk: Desk) -> None:
    found = rows.select(pl.len()).collect().item()
    ranked = own["rank"].count()
    chosen = own.filter("is_selected").height
    whose = "" if desk.viewer.sees_all else " of yours"
    st.markdown(
        f"**{found:,}** rows; {ranked:,}{whose} are ranked, {chosen:,} of them to be called."
    )


def _table(desk: Desk, own: pl.DataFrame, rows: pl.LazyFrame) -> dict | None:
    """Show the rows; return the one that is asked about, None of none."""
    months = desk.settings.labels.window_months
    columns = columns_of(own, desk.currency, months, of_all=desk.viewer.sees_all)
    told = figures(rows, columns, desk.settings.delivery.decimals)
    config, head = list_config(columns), rows.head(CLICKABLE + 1).collect()
    if head.is_empty():
        st.info("No row is like that: take a filter off, or switch off: To be called only.")
        return None
    clicked: list[int] = []
    if head.height <= CLICKABLE:
        event = st.dataframe(
            told.collect(), column_config=config, hide_index=True, placeholder="",
            on_select="rerun", selection_mode="single-row", key="rows", alt="The list",
        )  # fmt: skip
        clicked = [at for at in event["selection"]["rows"] if at < head.height]
    else:
        st.dataframe(
            told, column_config=config, hide_index=True, placeholder="", lazy=True,
            alt="The list", height=420,
        )  # fmt: skip
        st.caption(f"Filter to {CLICKABLE:,} rows or fewer to click one.")
    if clicked:
        return head.row(clicked[0], named=True)
    return _asked(head.head(NAMED))


def _asked(head: pl.DataFrame) -> dict | None:
    called = head.select(
        pl.format(
            "{} · {} · {}",
            pl.col("rank").cast(pl.String).fill_null("-"),
            pl.coalesce("customer_name", "customer_id"),
            "division_name",
        )
    ).to_series()
    at = st.selectbox(
        "Why this row", range(head.height), index=None, format_func=called.to_list().__getitem__,
        placeholder="click a row, or choose one here", key="asked",
    )  # fmt: skip
    return None if at is None else head.row(at, named=True)


def _downloads(
    desk: Desk, cutoff: dt.date, own: pl.DataFrame, rows: pl.LazyFrame, filters: Filters
) -> None:
    if filters.status != RANKED:
        return
    terms, platform = desk.terms(cutoff), desk.platform
    columns = shown_columns(desk.settings.delivery.columns, terms.currency, terms.months)

    def content(form: str) -> bytes:
        ranked = own.filter(pl.col("rank").is_not_null())
        chosen, selected = rows.select(own.columns).collect(), ranked.filter("is_selected").height
        listed = Listed(terms, chosen, ranked.height, selected, find_base_rates(own))
        return write_rows(platform, listed, chosen, columns, form, has_named=False)

    with st.container(horizontal=True):
        for form, words in (("xlsx", "Excel"), ("csv", "CSV")):
            st.download_button(
                f"Download {words}", lambda form=form: content(form), f"list-{cutoff}.{form}",
                MIME[form], on_click="ignore", icon=":material/download:",
            )  # fmt: skip


def _why(desk: Desk, cutoff: dt.date, row: dict, account_page: st.Page) -> None:
    name = row["customer_name"] or row["customer_id"]
    with st.container(border=True):
        st.subheader(f"{shown(name)} · {shown(row['division_name'])}")
        st.markdown(shown(row["nba_reason"]))
        if row["moved"]:
            st.markdown(f"Since the last list: {shown(row['moved'])}")
        left, right = st.columns(2)
        with left:
            _parts(row)
        with right:
            _drivers(desk, cutoff, row)
        query = {ACCOUNT_KEY: row["customer_id"]}
        st.page_link(
            account_page, label="Open the account", icon=":material/domain:", query_params=query
        )


def _parts(row: dict) -> None:
    parts = parts_of(row)
    st.markdown("**What the score is made of**")
    titles = {"signal": "Signal", "percentile": "Percentile", "adds": "Adds"}
    table(parts.rows, titles, percent=["percentile"], alt="Parts of the score")
    cut = f" times {parts.factor:g} after a recent call without action" if parts.factor < 1 else ""
    st.caption(f"Sum{cut} = score {parts.score:.3f}")


def _drivers(desk: Desk, cutoff: dt.date, row: dict) -> None:
    st.markdown("**What the chance rests on**")
    if not row["drivers"]:
        st.caption("Drivers are told of the best share of a division alone, and not of this row.")
        return
    division, customer = row["division"], row["customer_id"]
    features, why = desk.reading.try_read(FEATURES, [cutoff], [division])
    own = None
    if features is not None:
        found = features.filter(pl.col("customer_id") == customer).collect()
        own = found.row(0, named=True) if found.height else None
    catalog, _ = desk.reading.try_read(FEATURE_CATALOG, [cutoff])
    told = drivers_of(
        row["drivers"], own, None if catalog is None else catalog.collect(), desk.currency
    )
    titles = {"fact": "Fact", "value": "Value", "adds": "Adds"}
    table(told, titles, alt="Drivers of the chance", wide=["fact"])
    st.caption("What each adds is in log-odds: above 0 the chance is higher for it.")
    if why:
        st.caption(f"Values are not shown: {shown(why)}")


def _below(desk: Desk, own: pl.DataFrame) -> None:
    rates = find_base_rates(own)
    if rates:
        with st.expander("Below the list: divisions that cannot be ranked"):
            for one in rates:
                st.markdown(f"- {shown(one.sentence)}")


def _since_last(desk: Desk, cutoff: dt.date, own: pl.DataFrame) -> None:
    st.subheader("Since your last list")
    movement, why = desk.reading.try_read(LIST_MOVEMENT, [cutoff])
    if movement is None:
        say_with_command("info", why)
        return
    previous = movement.select(pl.col("previous_cutoff").drop_nulls().unique()).collect()
    days = previous.to_series().to_list()
    if not days:
        st.caption("No earlier list is stored to compare with.")
        return
    before, why = desk.reading.try_read(WHITESPACE, days)
    rows = None if before is None else desk.viewer.rows(before)
    found = since_last(own.lazy(), rows, movement)
    st.caption(
        f"Since {days[0]}: {found['entered'].height:,} rows have come to be called, "
        f"{found['left'].height:,} are no longer, {found['stayed'].height:,} stayed. {shown(why)}"
    )
    titles = {
        "rank": "Rank",
        "customer_name": "Customer",
        "division_name": "Division",
        "moved": "Why",
    }
    for kind, words in (("entered", "New on it"), ("left", "No longer on it")):
        if found[kind].height:
            st.markdown(f"**{words}**")
            table(found[kind].head(CLICKABLE), titles, alt=words)
