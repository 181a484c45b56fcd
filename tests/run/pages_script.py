"""One page alone as Streamlit's own test harness runs it: pages that are functions cannot be switched to."""

import importlib
import json

import streamlit as st

from gosales.pages.desk import EVERYBODY, Desk, Office
from gosales.pages.screens.parts import problem
from gosales.pages.viewers import Viewer
from gosales_resources.errors import GosalesError
from gosales_resources.settings.loading import load_settings

PAGES = ["list", "account", "models", "brought", "drift", "alerts", "data", "runs"]


def script(page: str, viewer: Viewer = EVERYBODY) -> str:
    reps = None if viewer.sees_all else sorted(viewer.reps)
    return f"from tests.run.pages_script import draw\ndraw({page!r}, {json.dumps(reps)!r})\n"


@st.cache_resource
def office() -> Office:
    return Office.of(load_settings(None))


def draw(page: str, reps: str) -> None:
    names = json.loads(reps)
    viewer = EVERYBODY if names is None else Viewer("test", sees_all=False, reps=frozenset(names))
    desk = Desk(office().reading, office().findings, viewer)
    screen = importlib.import_module(f"gosales.pages.screens.{page}_page")
    try:
        if page == "list":
            account = st.Page(lambda: None, title="Account", url_path="account")
            st.navigation(
                [st.Page(lambda: screen.show(desk, account), title="List"), account]
            ).run()
        else:
            screen.show(desk)
    except GosalesError as error:
        problem(error)
