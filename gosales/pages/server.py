"""Serves the pages: Streamlit's application behind the guard of the UI, on a port that was taken before.

The guard answers requests of the pages' own origin alone, whoever logs in; Streamlit asks who it is.
"""

import logging
import os
import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gosales.pages.desk import LOGIN_VARIABLE
from gosales.ui.guard import Access, Guard, web_server
from gosales_resources.errors import SettingsError

LOG = logging.getLogger("gosales")
# What the login needs, by Streamlit's names; secrets may come from a variable instead of the file.
NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
VARIABLES = {"client_secret": "PAGES_CLIENT_SECRET", "cookie_secret": "PAGES_COOKIE_SECRET"}
PROGRAM = Path(__file__).with_name("app.py")
CALLBACK = "/oauth2callback"
SHORTEST_SECRET = 32
# One look for all; readers' own dark mode would turn the charts' greys illegible.
LOOK = {
    "theme.base": "light",
    "theme.primaryColor": "#1F5FBF",
    "theme.textColor": "#1B2430",
    "theme.secondaryBackgroundColor": "#F3F6FA",
    "theme.borderColor": "#D5DCE6",
    "theme.dataframeHeaderBackgroundColor": "#E7EEF7",
    "theme.baseRadius": "small",
    "theme.baseFontSize": 15,
    "theme.paddingTop": "2.5rem",
    "theme.headingFontSizes": ["1.9rem", "1.5rem", "1.2rem"],
    "theme.chartCategoricalColors": [
        "#1F5FBF", "#E08A1E", "#2E8B57", "#8E5BB5", "#C2410C", "#4FA3B5", "#7A7F87", "#B5893B",
        "#D4689A", "#5B7F2B",
    ],
}  # fmt: skip
OPTIONS = LOOK | {
    # It takes itself for a checkout of its own wherever it is not in `site-packages`.
    "global.developmentMode": False,
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "minimal",
    # A traceback has paths and data; the server's log has it.
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    # Cells that are copied or saved by the table itself would be formulas in a spreadsheet.
    "client.disableDataExport": True,
}


def read_login(path: Path) -> dict[str, str]:
    """Read what logs people in.

    Parameters
    ----------
    path
        TOML with a table `auth`, as Streamlit's `secrets.toml` has it.

    Returns
    -------
    dict of str to str
        Streamlit's `auth`, secrets from variables where the file has none.

    Raises
    ------
    SettingsError
        When the file cannot be read, or something is missing; never with what it holds.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"--login {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # What is wrong with it would be told with the line, and that may be the secret.
        raise SettingsError(f"--login {path} is not TOML. See docs/pages.md.") from None
    auth = told.get("auth")
    found = {k: v for k, v in auth.items() if isinstance(v, str)} if isinstance(auth, dict) else {}
    for name, variable in VARIABLES.items():
        if name not in found and (value := os.environ.get(variable)):
            found[name] = value
    if missing := [name for name in NEEDED if not found.get(name)]:
        hints = [f"{v} in the environment for {n}" for n, v in VARIABLES.items() if n in missing]
        raise SettingsError(
            f"--login {path} lacks {', '.join(missing)} in its table [auth]"
            f"{' (or ' + ', '.join(hints) + ')' if hints else ''}. See docs/pages.md."
        )
    if len(found["cookie_secret"]) < SHORTEST_SECRET:
        raise SettingsError(
            f"--login {path}: cookie_secret has fewer than {SHORTEST_SECRET} signs, and whoever "
            "guesses it is whom they like. Draw one: openssl rand -hex 32."
        )
    public_url_of(found)
    return found


def public_url_of(auth: Mapping[str, str]) -> str:
    """Return what people type to reach the pages, by where the login sends them back to.

    Raises
    ------
    SettingsError
        When that is no address of the pages.
    """
    parts = urlsplit(auth["redirect_uri"])
    if parts.path != CALLBACK or parts.scheme not in ("http", "https") or not parts.netloc:
        raise SettingsError(
            f"redirect_uri of the login must be the pages' address and {CALLBACK}, such as "
            f"https://sales.example.com{CALLBACK}."
        )
    return f"{parts.scheme}://{parts.netloc}"


def serve(port: socket.socket, access: Access, auth: Mapping[str, str] | None) -> None:
    """Serve the pages until interrupted.

    Parameters
    ----------
    port
        Bound.
    access
        What the guard lets pass.
    auth
        See `read_login`; None where nobody logs in.
    """
    # A second, and every command loads this package's neighbours.
    from streamlit.starlette import App  # noqa: PLC0415
    from streamlit.web.bootstrap import load_config_options  # noqa: PLC0415

    options: dict[str, Any] = OPTIONS | {"server.port": port.getsockname()[1]}
    load_config_options({name.replace(".", "_"): value for name, value in options.items()})
    if auth:
        os.environ[LOGIN_VARIABLE] = "required"
    secrets: Any = {"auth": dict(auth)} if auth else None
    pages = App(PROGRAM, secrets=secrets, on_script_error=_tell_defect)
    web_server(Guard(pages, access)).run(sockets=[port])


def _tell_defect(error: Exception) -> bool:
    """Say that a page failed, without what it failed on; the server's log has it."""
    import streamlit as st  # noqa: PLC0415  as above

    LOG.error("a page failed", exc_info=error)
    st.error(
        "This page failed, and that is a defect. The log of the server has the error; the other pages "
        "are not touched by it."
    )
    return True
