"""The command `pages`: the list and what is known of it in a browser, on this machine alone without a login."""

import argparse
import contextlib
import importlib.util
import os
from pathlib import Path

from gosales.cli.parser import settings_of
from gosales.cli.terminal import say
from gosales.ui.port import is_loopback, take_port
from gosales_assets.platform.platform import Platform
from gosales_resources.errors import SettingsError
from gosales_resources.markdown import visible
from gosales_resources.settings.loading import CONFIG_VARIABLE

LOOPBACK, PORT = "127.0.0.1", 3001


def add_pages_command(
    commands: argparse._SubParsersAction, settings: argparse.ArgumentParser
) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "pages", parents=[settings], help="pages of the list for people who look"
    )
    parser.set_defaults(command=_pages)
    parser.add_argument(
        "--port", type=int, default=PORT, help=f"{PORT} without it; 0 for a free one"
    )
    parser.add_argument("--host", default=LOOPBACK, metavar="ADDRESS", help="this machine's own")
    parser.add_argument(
        "--login",
        type=Path,
        metavar="FILE.toml",
        help="how people log in (OpenID Connect); each then sees what the settings give them",
    )
    parser.add_argument(
        "--public-url",
        metavar="URL",
        help="what people type to reach a proxy before the pages, where they log in there",
    )


def _pages(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    Platform.of(settings)
    _refuse(options)
    from gosales.pages.server import public_url_of, read_login, serve  # noqa: PLC0415
    from gosales.ui.guard import Access  # noqa: PLC0415  half a second

    auth = read_login(options.login) if options.login else None
    public = public_url_of(auth) if auth else options.public_url
    with take_port(options.host, options.port) as port:
        address, number = port.getsockname()[:2]
        access = Access.of(options.host, number, public)
        shown = f"[{address}]" if ":" in address else address
        os.environ[CONFIG_VARIABLE] = str(settings.config_file.resolve())
        say(f"pages on {public or f'http://{shown}:{number}'} (Ctrl-C ends it)")
        with contextlib.suppress(KeyboardInterrupt):
            serve(port, access, auth)
        say("the pages have ended.")
    return 0


def _refuse(options: argparse.Namespace) -> None:
    if importlib.util.find_spec("streamlit") is None:
        raise SettingsError(
            "The pages need a package that is not installed: pip install 'gosales[pages]'."
        )
    if options.set:
        raise SettingsError(
            f"--set {options.set[0]!r}: the pages read the settings file and GOSALES_ variables. Write it there."
        )
    if options.login and options.public_url:
        raise SettingsError(
            "--public-url: with --login it is redirect_uri of that file. Leave it out."
        )
    if not is_loopback(options.host) and not options.login:
        raise SettingsError(
            f"--host {visible(options.host, 100)} would show every customer to every machine that "
            f"reaches it. Say how people log in (--login FILE.toml), or leave --host out ({LOOPBACK}) "
            "and put a proxy with a login on this machine before it, with --public-url "
            "https://its.name. See docs/pages.md."
        )
