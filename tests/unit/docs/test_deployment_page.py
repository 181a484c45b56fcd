"""The page on deployment and its files: units that systemd takes, images without rights, blocks that run."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gosales.cli.main import build_parser, main
from tests.worlds.deployment import PAGE, all_blocks, blocks_of
from tests.worlds.erp import random_rows, write_world

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples" / "deployment"
UNITS = sorted(path.name for path in EXAMPLES.glob("gosales-*"))
SHELL = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
LOOPBACK = "127.0.0.1:"


def commands_of(text: str) -> list[list[str]]:
    """Split what a text tells a shell, a unit or a container to run into gosales' own commands."""
    found = re.findall(
        r"(?:/opt/gosales/bin/|^|`|&& )gosales ((?:[a-z]+) .*?)(?:`|$)", text, re.MULTILINE
    )
    return [shlex.split(one) for one in found]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd on this machine")
def test_systemd_takes_the_units(tmp_path):
    # It wants the program to be there; what it is called changes nothing else of a unit.
    for name in UNITS:
        text = (EXAMPLES / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/opt/gosales/bin/gosales", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in UNITS)],
        capture_output=True, text=True, check=False, env=os.environ | {"SYSTEMD_LOG_LEVEL": "warning"},
    )  # fmt: skip
    said = [line for line in done.stderr.splitlines() if "gosales" in line]
    assert (done.returncode, said) == (0, []), done.stderr


def test_there_is_a_service_of_the_ui_and_a_timer_with_its_service():
    assert UNITS == ["gosales-list.service", "gosales-list.timer", "gosales-ui.service"]


@pytest.mark.parametrize("name", ["gosales-list.service", "gosales-ui.service"])
def test_a_unit_runs_a_command_of_ours_without_rights(name):
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    ((command, *rest),) = commands_of(text.replace("ExecStart=", "\n"))
    assert build_parser().parse_args([command, *rest]).config == Path("/srv/gosales/gosales.yaml")
    for line in ("User=gosales", "NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077"):
        assert line in text.splitlines()


@pytest.mark.parametrize("text", SHELL)
def test_each_block_for_a_shell_is_legal(text):
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", commands_of("\n".join(SHELL)), ids=" ".join)
def test_each_command_of_the_page_is_understood(command):
    assert build_parser().parse_args(command).command


def instructions() -> list[tuple[str, str]]:
    text = (EXAMPLES / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [(line.split()[0], line.partition(" ")[2]) for line in lines if line.strip()]


def test_the_image_has_a_pinned_base_and_a_user_without_rights():
    (base,) = [rest for name, rest in instructions() if name == "FROM"]
    assert re.fullmatch(r"python:3\.1[123]\.\d+-slim-\w+", base)
    names = [name for name, _ in instructions()]
    assert dict(instructions())["USER"].isdigit()
    assert names.index("USER") > max(at for at, name in enumerate(names) if name == "RUN")
    assert "ADD" not in names
    assert "ENV" not in names or "PASSWORD" not in dict(instructions())["ENV"]


def test_the_image_installs_pinned_packages_of_the_lock():
    installs = [rest for name, rest in instructions() if name == "RUN" and "pip install" in rest]
    lock = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    assert any("--require-hashes -r /tmp/install/requirements.lock" in one for one in installs)
    named = [word for one in installs for word in one.split() if "==" in word]
    assert named
    assert all(f"\n{one} " in lock for one in named)
    # What is copied into it is what `python -m build` and the checkout have.
    copied = [rest.split()[0] for name, rest in instructions() if name == "COPY"]
    assert copied == ["requirements.lock", "dist/gosales-*.whl"]


def test_the_containers_publish_loopback_alone_and_hold_no_secret():
    tree = yaml.safe_load((EXAMPLES / "compose.yaml").read_text(encoding="utf-8"))
    ports = [port for service in tree["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith(LOOPBACK) for port in ports)
    known = [n for s in tree["services"].values() for n in s["environment"]]
    assert not [name for name in known if "PASSWORD" in name]
    ui = build_parser().parse_args(tree["services"]["ui"]["command"])
    assert ui.public_url == f"http://{ports[0].rpartition(':')[0]}"
    assert all(":" in service["image"] for service in tree["services"].values())


def test_the_history_of_the_containers_is_the_one_of_the_example():
    tree = yaml.safe_load((EXAMPLES / "dagster.yaml").read_text(encoding="utf-8"))
    told = tree["storage"]["postgres"]["postgres_db"]
    asked = {value["env"] for value in told.values() if isinstance(value, dict)}
    compose = yaml.safe_load((EXAMPLES / "compose.yaml").read_text(encoding="utf-8"))
    assert asked - {"HISTORY_PASSWORD"} == set(compose["services"]["ui"]["environment"])
    assert "env" in told["password"]
    assert tree["telemetry"] == {"enabled": False}
    assert tree["concurrency"]["runs"]["max_concurrent_runs"] == 1


def run_block(name: str, **variables: str) -> None:
    (text,) = blocks_of(name)
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    shell = os.environ | {"PATH": programs, "PYTHONPATH": str(ROOT)} | variables
    done = subprocess.run(
        ["bash", "-euc", text], env=shell, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{name}\n{done.stdout}\n{done.stderr}"


@pytest.mark.slow
def test_a_lost_store_comes_back_whole_and_current_in_another_folder(tmp_path, capsys):
    first, second, backup = (tmp_path / name for name in ("first", "second", "backup"))
    backup.mkdir()
    write_world(first, random_rows(20))
    staged = ["--staging-only", "--cutoffs", "2023-06-30"]
    assert main(["materialize", "--config", str(first / "gosales.yaml"), *staged]) == 0
    run_block("backup", FOLDER=str(first), BACKUP=str(backup))
    shutil.rmtree(first)
    run_block("restore", FOLDER=str(second), BACKUP=str(backup))
    # `verify` ends with 1 where a file is not the one on record.
    run_block("restored", FOLDER=str(second))
    capsys.readouterr()
    tables = ["sales_log", "sales_ledger", "--cutoffs", "2023-06-30"]
    assert main(["status", "--config", str(second / "gosales.yaml"), *tables]) == 0
    said = capsys.readouterr().out
    assert re.findall(r"^(sales_\w+) +1 +0 +0$", said, re.MULTILINE) == [
        "sales_log",
        "sales_ledger",
    ]


def test_the_blocks_that_are_run_are_those_marked():
    assert set(all_blocks()) == {
        "backup", "restore", "restored", "postgres-backup", "postgres-restore",
    }  # fmt: skip
