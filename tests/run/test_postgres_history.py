"""The run history on PostgreSQL, as docs/deployment.md sets it up: a real server, real commands."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from gosales.cli.main import main
from gosales_assets.platform.platform import Platform
from gosales_resources.settings.loading import load_settings
from tests.run.served_ui import ask, free_port, served_ui, wait_for
from tests.run.test_daemon_backfill import LAUNCH, STATUS, backfill
from tests.worlds.deployment import blocks_of
from tests.worlds.erp import random_rows, write_world
from tests.worlds.postgres import Server, running_server

EXAMPLE = Path(__file__).parents[2] / "examples" / "deployment" / "dagster.yaml"
STAGED = ["--cutoffs", "2023-06-30", "--staging-only"]
TABLES = ["sales_log", "sales_log_rejects", "sales_ledger"]
WRONG = "not-the-password"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server():
    with running_server() as server:
        yield server


@pytest.fixture(autouse=True)
def variables(server, monkeypatch):
    url = sa.make_url(server.url)
    told = {"HOST": url.host, "PORT": url.port, "DATABASE": url.database, "USER": url.username}
    for name, value in {**told, "PASSWORD": server.password}.items():
        monkeypatch.setenv(f"HISTORY_{name}", str(value))


@pytest.fixture
def world(tmp_path) -> Path:
    write_world(tmp_path, random_rows(20))
    home = tmp_path / "gosales_home" / "dagster"
    home.mkdir(parents=True)
    shutil.copyfile(EXAMPLE, home / "dagster.yaml")
    return tmp_path


def gosales(world: Path, command: str, *arguments: str) -> int:
    return main([command, "--config", str(world / "gosales.yaml"), *arguments])


def events(server: Server) -> int:
    with server.engine().connect() as connection:
        return connection.execute(sa.text("SELECT count(*) FROM event_logs")).scalar_one()


def test_commands_keep_and_read_the_history_there_alone(world, server, capsys):
    assert gosales(world, "materialize", *STAGED) == 0
    assert gosales(world, "verify", *TABLES) == 0
    assert events(server) > 0
    capsys.readouterr()
    assert gosales(world, "status", "--cutoffs", "2023-06-30", *TABLES) == 0
    said = capsys.readouterr().out
    assert re.findall(r"^(sales_\w+) +1 +0 +0$", said, re.MULTILINE) == TABLES
    assert not list((world / "gosales_home").rglob("*.db"))


def test_a_history_that_was_dumped_comes_back_with_the_store(world, server, tmp_path_factory):
    assert gosales(world, "materialize", *STAGED) == 0
    made, dump = events(server), tmp_path_factory.mktemp("backup")
    shell = os.environ | {"BACKUP": str(dump), "PGPASSWORD": server.password}
    save, restore = blocks_of("postgres-backup", "postgres-restore")
    subprocess.run(["bash", "-euc", save], env=shell, check=True)
    with server.engine().begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    subprocess.run(["bash", "-euc", restore], env=shell, check=True)
    assert events(server) == made
    assert gosales(world, "verify", *TABLES) == 0


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("HISTORY_PASSWORD", WRONG, "cannot be used: .*password authentication failed"),
        ("HISTORY_PORT", "1", "cannot be used: .*refused"),
        ("HISTORY_PASSWORD", None, "HISTORY_PASSWORD"),
    ],
    ids=["wrong password", "no server", "no password"],
)
def test_a_history_that_cannot_be_reached_is_told(
    world, server, monkeypatch, capfd, caplog, variable, value, said
):
    monkeypatch.delenv(variable)
    if value is not None:
        monkeypatch.setenv(variable, value)
    assert gosales(world, "materialize", *STAGED) == 2
    out, told = capfd.readouterr()
    (line,) = [line for line in told.splitlines() if line.startswith("error: ")]
    assert re.search(said, line), line
    assert "dagster.yaml" in line
    assert not {server.password, WRONG} & set((out + told + caplog.text).split())


def test_the_ui_and_its_daemon_keep_the_history_there_too(world, server):
    port = free_port()
    platform = Platform.of(load_settings(world / "gosales.yaml"))
    with served_ui(world, port):
        asked = backfill(platform, "2023-06-30", "2023-06-30")
        asked["params"]["partitionsByAssets"] = [
            one
            for one in asked["params"]["partitionsByAssets"]
            if one["assetKey"]["path"][0] in TABLES
        ]
        launched = ask(port, LAUNCH, asked)["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        identity = {"id": launched["backfillId"]}

        def ended():
            status = ask(port, STATUS, identity)["partitionBackfillOrError"]["status"]
            return status if status not in ("REQUESTED", "IN_PROGRESS") else None

        assert wait_for(ended, 300) == "COMPLETED_SUCCESS"
    assert events(server) > 0
    assert gosales(world, "verify", *TABLES) == 0
    assert not list((world / "gosales_home").rglob("*.db"))
