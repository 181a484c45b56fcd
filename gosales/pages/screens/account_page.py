"""The page Account: one customer, all divisions, what it owns, bought and was offered."""

import datetime as dt

import polars as pl
import streamlit as st

from gosales.pages.desk import Desk
from gosales.pages.screens.parts import choose_cutoff, draw, heading, table
from gosales.pages.text import shown
from gosales.pages.views.account import (
    chance_chart,
    division_rows,
    find_accounts,
    month_chart,
    month_rows,
    offered_rows,
    owned_rows,
)
from gosales.pages.views.peers import BOUGHT, INSTALLED, peer_rows
from gosales_assets.whitespace.rank import with_callers
from gosales_checks.contracts.accounts import DIM_CUSTOMER, FACT_ASSETS
from gosales_checks.contracts.crm import CRM_CONTACTS, LIST_OUTCOMES, REP_OWNERSHIP
from gosales_checks.contracts.delivery import SURFACED
from gosales_checks.contracts.signals import EMBEDDINGS
from gosales_checks.contracts.star import PURCHASE_HISTORY
from gosales_checks.contracts.whitespace import WHITESPACE, WHITESPACE_SIGNALS

KEY = "account"
CONTACTS_SHOWN = 50
ALIKE = {
    BOUGHT: "By what they bought lately, as of the list, among the customers that you may see.",
    INSTALLED: "It bought nothing lately: by what they have installed, among the customers that you "
    "may see.",
}
FACTS = {"segment": "", "industry": "", "region": "", "territory": "", "rep": "rep "}


def show(desk: Desk) -> None:
    """Lay the page out."""
    heading("Account", "One customer: every division, what it owns, bought and was offered.")
    places = st.container(horizontal=True, vertical_alignment="bottom")
    with places:
        cutoff = choose_cutoff(desk, WHITESPACE)
    books, _ = desk.reading.try_read(REP_OWNERSHIP, [cutoff])
    every = with_callers(desk.reading.read(DIM_CUSTOMER, [cutoff]), books)
    customers = desk.viewer.rows(every)
    with places:
        account = _choose(customers)
    if account is None:
        return
    customer = account["customer_id"]
    st.header(shown(account["customer_name"] or customer))
    facts = [f"{words}{account[name]}" for name, words in FACTS.items() if account[name]]
    st.caption(shown(" · ".join([customer, *facts])))
    _divisions(desk, cutoff, customer)
    _owned(desk, cutoff, customer)
    _orders(desk, cutoff, customer)
    _peers(desk, cutoff, customer, customers)
    _offered(desk, cutoff, customer)
    _contacts(desk, cutoff, customer)


def _choose(customers: pl.LazyFrame) -> dict | None:
    asked = st.query_params.get(KEY)
    text = st.text_input(
        "Find", value=asked or "", placeholder="name, or beginning of the id", width=260
    )
    found = find_accounts(customers, text)
    if found.is_empty():
        st.info("No account of yours is called like that.")
        return None
    named = dict(found.iter_rows())
    ids = list(named)
    at = ids.index(asked) if asked in named else 0
    chosen = st.selectbox(
        "Account",
        ids,
        index=at,
        format_func=lambda one: f"{named[one] or ''} · {one}".strip(" ·"),
        width=380,
    )
    return customers.filter(pl.col("customer_id") == chosen).collect().row(0, named=True)


def _divisions(desk: Desk, cutoff: dt.date, customer: str) -> None:
    st.subheader("Divisions")
    signals, why = desk.reading.try_read(WHITESPACE_SIGNALS, [cutoff])
    if signals is None:
        st.info(shown(why))
        return
    rows = division_rows(signals, desk.reading.listed(cutoff).lazy(), desk.names, customer)
    left, right = st.columns([2, 3])
    with left:
        draw(chance_chart(rows, desk.settings.labels.window_months))
    titles = {
        "division": "Division", "p_icp": "Chance", "ev": f"Expected ({desk.currency})",
        "wallet": f"Wallet ({desk.currency})", "rank": "Rank", "standing": "Standing",
    }  # fmt: skip
    if rows["wallet"].null_count() == rows.height:
        del titles["wallet"]
    with right:
        table(rows, titles, percent=["p_icp"], money=["ev", "wallet"], alt="Divisions")


def _owned(desk: Desk, cutoff: dt.date, customer: str) -> None:
    st.subheader("What it owns, and when it runs out")
    assets, why = desk.reading.try_read(FACT_ASSETS, [cutoff])
    if assets is None:
        st.info(shown(why))
        return
    rows = owned_rows(assets, customer, cutoff, desk.names)
    if rows.is_empty():
        st.caption("The register of assets has nothing of it, or there is none.")
        return
    titles = {
        "item": "Item", "division": "Division", "quantity": "Units", "purchase_date": "Bought",
        "expiration_date": "Runs out", "days_left": "Days left", "is_on_subscription": "Subscription",
    }  # fmt: skip
    table(rows, titles, alt="What it owns")


def _orders(desk: Desk, cutoff: dt.date, customer: str) -> None:
    st.subheader("Orders by month")
    history, why = desk.reading.try_read(PURCHASE_HISTORY, _until(desk, cutoff))
    if history is None:
        st.info(shown(why))
        return
    rows = month_rows(history, customer, desk.names)
    if rows.is_empty():
        st.caption("It has bought nothing by then.")
        return
    draw(month_chart(rows, desk.currency, desk.settings.value))


def _peers(desk: Desk, cutoff: dt.date, customer: str, customers: pl.LazyFrame) -> None:
    st.subheader("Customers like it")
    vectors, why = desk.reading.try_read(EMBEDDINGS, [cutoff])
    history, without = desk.reading.try_read(PURCHASE_HISTORY, _until(desk, cutoff))
    if vectors is None or history is None:
        st.info(shown(why or without))
        return
    rows, kind = peer_rows(vectors, customers, history, desk.names, customer)
    if rows.is_empty():
        st.caption("Too little is known of it to find any among the customers that you may see.")
        return
    st.caption(ALIKE[kind])
    titles = {"peer": "Customer", "customer_id": "Id", "alike": "Alike",
              "missing": "Bought in, not yet this account", "bought": "Bought in"}  # fmt: skip
    table(rows, titles, percent=["alike"], alt="Customers like it")


def _until(desk: Desk, cutoff: dt.date) -> list[dt.date]:
    return [day for day in desk.reading.cutoffs(PURCHASE_HISTORY) if day <= cutoff][::-1]


def _offered(desk: Desk, cutoff: dt.date, customer: str) -> None:
    st.subheader("What lists said of it, and what came of it")
    days = desk.reading.cutoffs(SURFACED)
    surfaced, why = desk.reading.try_read(SURFACED, days[::-1])
    if surfaced is None:
        st.info(shown(why))
        return
    newest = desk.reading.cutoffs(LIST_OUTCOMES)[:1]
    outcomes, _ = desk.reading.try_read(LIST_OUTCOMES, newest)
    rows = offered_rows(surfaced, outcomes, customer, desk.names)
    if rows.is_empty():
        st.caption("No list that is stored has put it before anybody.")
        return
    titles = {"cutoff": "List of", "division": "Division", "rank": "Rank", "rep": "Rep",
              "outcome": "What came of it"}  # fmt: skip
    table(rows, titles, alt="Lists that offered it")


def _contacts(desk: Desk, cutoff: dt.date, customer: str) -> None:
    contacts, _ = desk.reading.try_read(CRM_CONTACTS, [cutoff])
    if contacts is None:
        return
    own = contacts.filter(pl.col("customer_id") == customer)
    rows = own.sort("contact_date", descending=True).head(CONTACTS_SHOWN).collect()
    if rows.height:
        st.subheader("Contacts")
        titles = {"contact_date": "Day", "contact_name": "Person", "contact_role": "Role",
                  "channel": "Channel"}  # fmt: skip
        table(rows, titles, alt="Contacts")
