"""The pages' program, which Streamlit runs anew for every click: who looks, which page, its errors."""

import os
from collections.abc import Callable

import streamlit as st

from gosales.pages.desk import EVERYBODY, LOGIN_VARIABLE, Desk, Office
from gosales.pages.screens import (
    account_page,
    alerts_page,
    brought_page,
    data_page,
    drift_page,
    list_page,
    models_page,
    runs_page,
)
from gosales.pages.screens.parts import problem
from gosales.pages.text import shown
from gosales.pages.viewers import Viewer
from gosales_resources.errors import GosalesError
from gosales_resources.settings.loading import load_settings


def main() -> None:
    """Draw the page that is asked for."""
    st.set_page_config(page_title="GoSales", page_icon=":material/call:", layout="wide")
    try:
        office = _office()
        viewer = _viewer(office)
    except GosalesError as error:
        problem(error)
        return
    if viewer is None:
        _turn_away()
        return
    _pages(Desk(office.reading, office.findings, viewer))


@st.cache_resource(show_spinner="Opening the store")
def _office() -> Office:
    return Office.of(load_settings(None))


def _viewer(office: Office) -> Viewer | None:
    """Say who looks; everybody where no login is configured, for then this machine alone is served."""
    if LOGIN_VARIABLE not in os.environ and "is_logged_in" not in st.user:
        return EVERYBODY
    return office.viewer(st.user.to_dict()) if _is_known() else None


def _is_known() -> bool:
    return bool(st.user.get("is_logged_in"))


def _turn_away() -> None:
    st.title("GoSales")
    if not _is_known():
        st.button("Log in", on_click=st.login, type="primary")
        return
    st.error(
        f"{shown(st.user.get('email') or 'You')}: nobody has given you rows to see. Ask who keeps the "
        "settings to name you in pages.sellers or pages.managers."
    )
    st.button("Log out", on_click=st.logout)


def _pages(desk: Desk) -> None:
    def page(draw: Callable[[], None], title: str, icon: str, *, default: bool = False) -> st.Page:
        return st.Page(
            _telling(draw), title=title, icon=f":material/{icon}:", default=default,
            url_path=title.lower().replace(" ", "-"),
        )  # fmt: skip

    account = page(lambda: account_page.show(desk), "Account", "domain")
    work = [page(lambda: list_page.show(desk, account), "List", "call", default=True), account]
    quality = [
        page(lambda: models_page.show(desk), "Models", "model_training"),
        page(lambda: brought_page.show(desk), "What it brought", "payments"),
        page(lambda: drift_page.show(desk), "Drift", "moving"),
    ]
    groups = {"Work": work, "How good it is": quality}
    # Rejects, findings and errors name customers of everybody.
    if desk.viewer.sees_all:
        groups["How it runs"] = [
            page(lambda: alerts_page.show(desk), "Alerts", "notifications"),
            page(lambda: data_page.show(desk), "Data", "database"),
            page(lambda: runs_page.show(desk), "Runs", "history"),
        ]
    with st.sidebar:
        if desk.viewer is not EVERYBODY:
            st.caption(shown(desk.viewer.name))
            st.button("Log out", on_click=st.logout)
    st.navigation(groups).run()


def _telling(draw: Callable[[], None]) -> Callable[[], None]:
    """Let an error of ours end in what it says."""

    def told() -> None:
        try:
            draw()
        except GosalesError as error:
            problem(error)

    return told


if __name__ == "__main__":
    main()
