"""Every command that README, the documents and the demo show runs, from a plain shell."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.run.served_ui import free_port
from tests.worlds.documented import REPOSITORY, commands_in, documented_commands

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="a shell as POSIX has it"),
]
SCRIPTS = Path(sys.executable).parent
# Decisions of a person about sources that these pages imagine: understood is all that can be asked
# (test_documented_commands), and the demo and the ablation have tests of their own.
IMAGINED = ("source inspect", "demo", "ablate", "--host")
# A blocked server ends by itself.
SERVED_SECONDS = 20


def in_plain_shell(command: str, folder: Path) -> subprocess.CompletedProcess:
    """Run a line as a person types it where the environment was not activated."""
    plain = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(
        ["/bin/sh", "-c", command], cwd=folder, env=plain, capture_output=True, text=True, check=False,
        timeout=900,
    )  # fmt: skip


def activated(command: str) -> str:
    """Say it as README says: after the environment was activated, or by its script."""
    return f"PATH={shlex.quote(str(SCRIPTS))}:$PATH; {command}"


@pytest.fixture(scope="module")
def world(finished, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("shown") / "w"
    shutil.copytree(finished, folder)
    return folder


def asked(command: str) -> str:
    """Return a documented command for the small world: its own cutoffs, and what there is."""
    for shown in ("2023-12-31", "2024-09-30", "2024-12-31", "2025-03-31", "2025-06-30"):
        command = command.replace(shown, "2024-06-30")
    command = command.replace("2023-06-30", "2024-03-31").replace(
        "2024-06-30..2024-03-31", "2024-06-30"
    )
    # Installed elsewhere, the program is the same.
    command = (
        command.replace("/opt/gosales/bin/", "")
        .replace("/srv/share", "share")
        .replace("Solid Works,Simulation", "Simulation")
    )
    if command.split()[1] in ("ui", "pages"):
        return f"timeout {SERVED_SECONDS} {command} --port {free_port()} || test $? -eq 124 -o $? -eq 143"
    return command


def can_run(command: str) -> bool:
    return not any(word in command for word in IMAGINED) and "--rep" not in command


@pytest.mark.parametrize("command", sorted({c for _, c in documented_commands() if can_run(c)}))
def test_a_documented_command_runs_in_the_folder_of_its_settings(world, tmp_path, command):
    shutil.copytree(world, tmp_path / "w")
    done = in_plain_shell(activated(asked(command)), tmp_path / "w")
    # A judgement (1) or a table that this small world never made (2) is told in a sentence.
    assert done.returncode in (0, 1, 2), done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode == 2:
        assert "error: " in done.stderr
        assert "unrecognized" not in done.stderr
        assert not any(told in done.stderr for told in ("Unknown", "usage", "No settings"))


def test_every_command_that_the_demo_prints_runs_and_all_fits_a_screen(tmp_path):
    run = f"{shlex.quote(sys.executable)} -m gosales"
    done = subprocess.run(
        ["/bin/sh", "-c", f"{run} demo 2>&1"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert len(lines) <= 40
    commands = [line.strip() for line in lines if " --config demo/gosales.yaml" in line]
    assert len(commands) >= 4
    for command in commands:
        served = asked(command) if " ui " in f"{command} " else command
        ran = in_plain_shell(served.removeprefix("rows: "), tmp_path)
        assert ran.returncode == 0, (command, ran.stderr)


def test_json_of_every_command_is_read_by_json_load(world):
    config = f"--config {shlex.quote(str(world / 'gosales.yaml'))} --format json"
    for command in (
        "show whitespace", "show drift", "show sales_log_rejects", "show labels --where division=none",
        "list", "list --all --columns rank,rep", "status", "model list", "model list simulation",
        "metrics --cutoffs 2024-03-31..2024-06-30", "backtest --cutoffs 2024-03-31..2024-06-30",
    ):  # fmt: skip
        done = in_plain_shell(activated(f"gosales {command} {config}"), world)
        assert done.returncode == 0, (command, done.stderr)
        read = json.loads(done.stdout)
        assert read or "none" in command or "rejects" in command, command


def test_commands_of_a_text_are_found_without_their_remarks():
    text = "Look:\n    gosales ui --read-only   # for looking\n    .venv/bin/gosales list\nx gosales y\n"
    assert commands_in(text) == ["gosales ui --read-only", ".venv/bin/gosales list"]
