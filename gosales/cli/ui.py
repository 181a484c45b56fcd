"""Serves the Dagster UI on this machine."""

import os
import subprocess
import sys

from gosales.cli.terminal import say
from gosales_assets.operations.instance import home_of, open_instance, write_environment
from gosales_assets.operations.runs import GRAPH
from gosales_assets.platform.platform import Platform
from gosales_resources.settings.loading import CONFIG_VARIABLE


def serve_ui(platform: Platform, port: int) -> int:
    """Serve the Dagster UI with its daemon on the loopback interface until interrupted."""
    config = platform.settings.config_file.resolve()
    home = home_of(platform).resolve()
    with open_instance(platform):
        write_environment(platform, config.parent)
    environment = {**os.environ, CONFIG_VARIABLE: str(config)}
    say(f"Dagster UI on http://127.0.0.1:{port} (Ctrl-C ends it)")
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--module-name",
        GRAPH,
    ]
    # Dagster lets the `.env` of the folder it starts in win over variables; here there is none.
    os.chdir(home)
    if os.name == "posix":
        # In this process's place: who ends this one, by whatever signal, ends the server.
        os.execve(command[0], command, environment)  # noqa: S606 (a fixed command, no shell)
    return subprocess.run(command, env=environment, check=False).returncode
