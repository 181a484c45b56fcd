"""The command `ui`: serves the Dagster UI, on this machine alone unless told otherwise."""

import argparse
import contextlib
import os

from gosales.cli.parser import settings_of
from gosales.cli.terminal import say
from gosales.ui.port import is_loopback, take_port
from gosales_assets.operations.instance import home_of, open_instance, write_environment
from gosales_assets.operations.lost import lost_in
from gosales_assets.operations.runs import GRAPH
from gosales_assets.platform.platform import Platform
from gosales_resources.errors import SettingsError
from gosales_resources.markdown import visible
from gosales_resources.settings.loading import CONFIG_VARIABLE

LOOPBACK = "127.0.0.1"


def add_ui_command(commands: argparse._SubParsersAction, settings: argparse.ArgumentParser) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "ui", parents=[settings], help="open the Dagster UI on this machine"
    )
    parser.set_defaults(command=_ui)
    parser.add_argument("--port", type=int, default=3000, help="3000 without it; 0 for a free one")
    parser.add_argument("--host", default=LOOPBACK, metavar="ADDRESS", help="this machine's own")
    parser.add_argument(
        "--public-url",
        metavar="URL",
        help="what people type to reach a reverse proxy before the UI: https://sales.example.com",
    )
    parser.add_argument(
        "--behind-login-proxy",
        action="store_true",
        help="with another --host: nobody but a proxy that asks for a login reaches the port",
    )
    parser.add_argument(
        "--read-only", action="store_true", help="for looking: nothing starts, nothing changes"
    )
    parser.add_argument(
        "--take-reports",
        action="store_true",
        help="let programs report materialisations and verdicts, as Dagster's server does",
    )


def _ui(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    return serve_ui(Platform.of(settings), options)


def serve_ui(platform: Platform, options: argparse.Namespace) -> int:
    """Serve the Dagster UI, with its daemon unless it is read-only, until interrupted.

    Raises
    ------
    SettingsError
        When the UI would be open to others by mistake.
    PortError, ServedError
        When the port is in use, or the store has a UI already.
    """
    # A second each, and every command loads this module.
    from gosales.ui.guard import Access  # noqa: PLC0415

    _refuse_overrides(options)
    _refuse_open(options)
    with take_port(options.host, options.port) as port:
        address, number = port.getsockname()[:2]
        access = Access.of(
            options.host, number, options.public_url, takes_reports=options.take_reports
        )
        from gosales.ui.server import serve  # noqa: PLC0415
        from gosales.ui.services import only_one  # noqa: PLC0415

        config, home = platform.settings.config_file.resolve(), home_of(platform).resolve()
        shown = f"[{address}]" if ":" in address else address
        url = options.public_url or f"http://{shown}:{number}"
        # Dagster lets the `.env` of the folder it starts in win over variables; in `home` is none.
        os.environ[CONFIG_VARIABLE] = str(config)
        with contextlib.ExitStack() as stack:
            instance = stack.enter_context(open_instance(platform))
            if not options.read_only:
                stack.enter_context(only_one(home, url))
                # A queue of one waits for good for a run that a power cut ended.
                lost_in(platform, instance, say)
            write_environment(platform, config.parent)
            os.chdir(home)
            say(f"Dagster UI on {url} (Ctrl-C ends it)")
            serve(instance, GRAPH, port, access, read_only=options.read_only)
            say("the UI has ended.")
    return 0


def _refuse_overrides(options: argparse.Namespace) -> None:
    if options.set:
        raise SettingsError(
            f"--set {options.set[0]!r}: the UI's runs read the settings file and GOSALES_ variables, as "
            "every later run does. Write it there."
        )


def _refuse_open(options: argparse.Namespace) -> None:
    if is_loopback(options.host) or (options.behind_login_proxy and options.public_url):
        return
    host = visible(options.host, 100)
    raise SettingsError(
        f"--host {host} would open the UI to every machine that reaches it, and Dagster asks nobody "
        f"who they are: whoever reaches the port can start, change and wipe everything. Leave "
        f"--host out ({LOOPBACK}) and put a proxy with a login on this machine before it, with "
        "--public-url https://its.name. Where the proxy is on another machine and a firewall lets "
        f"it alone reach the port: --host {host} --behind-login-proxy --public-url "
        "https://its.name. See docs/security.md."
    )
