"""Damage to what is stored is told in a line and healed by the same command, to the same bytes."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gosales.cli.main import main
from gosales_assets.operations.instance import (
    INSTANCE_SETTINGS,
    home_of,
    open_instance,
    settings_damage,
)
from gosales_assets.platform.platform import Platform
from gosales_resources.errors import StorageError
from tests.run.worlds_run import stored
from tests.worlds.erp import random_rows, write_world

CUTOFFS = "2023-03-31..2023-06-30"
TABLES = ("sales_log", "dim_product", "dim_customer", "fact_transactions")


def command(folder: Path, *words: str) -> int:
    return main([*words, "--config", str(folder / "gosales.yaml")])


def star(folder: Path) -> int:
    select = ("--select", ",".join(TABLES), "--upstream")
    return command(folder, "materialize", "--cutoffs", CUTOFFS, *select)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_world(folder, random_rows(20))
    assert star(folder) == 0
    return folder


@pytest.fixture
def world(made, tmp_path) -> Path:
    return shutil.copytree(made, tmp_path / "world")


def part(world: Path, table: str) -> Path:
    return min((world / "gosales_home" / "store" / table).rglob("part-0.parquet"))


def flip(path: Path, seed: int = 1) -> None:
    content, draw = bytearray(path.read_bytes()), random.Random(seed)
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def test_damaged_tables_are_told_and_healed_by_the_same_command(world, made, capsys):
    flip(part(world, "sales_log"))
    part(world, "dim_product").write_bytes(b"")
    part(world, "dim_customer").unlink()
    shutil.copy(max(part(world, "fact_transactions").parent.parent.rglob("*.parquet")),
                part(world, "fact_transactions"))  # fmt: skip
    assert star(world) == 0
    told = capsys.readouterr().err
    for table in TABLES:
        lines = [line for line in told.splitlines() if line.startswith(f"{table}[")]
        assert [f"/{table}/" in line and "damaged and made anew" in line for line in lines] == [
            True
        ]
    assert stored(world) == stored(made)
    assert star(world) == 0
    assert "0 asset partitions" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("table", ["sales_log", "sales_ledger"])
def test_increments_that_cannot_be_opened_are_healed_together(world, made, capsys, table):
    folder = part(world, table).parents[1]
    # Of the later increment first: the run is about both, and each looks at the other.
    log = sorted(part(world, "sales_log").parents[1].rglob("*.parquet"))[-1]
    other = sorted(folder.rglob("*.parquet"))[0]
    for path in (log, other):
        path.write_bytes(path.read_bytes()[:-9])
    assert star(world) == 0
    told = capsys.readouterr().err
    assert [told.count(f"damaged and made anew: {path}") for path in (log, other)] == [1, 1]
    assert stored(world) == stored(made)


def test_status_and_verify_tell_a_damaged_file_in_a_line_with_the_remedy(world, capsys):
    path = part(world, "sales_log")
    flip(path)
    assert command(world, "status") == 0
    (line,) = [t for t in capsys.readouterr().out.splitlines() if str(path) in t]
    assert line.startswith("stale: sales_log 2023-03-31")
    assert command(world, "verify") == 1
    (line,) = [t for t in capsys.readouterr().out.splitlines() if str(path) in t]
    assert "gosales materialize --select sales_log --cutoffs 2023-03-31" in line


def test_what_reads_a_damaged_table_alone_refuses_it_by_name(world, capsys):
    path = part(world, "sales_log")
    flip(path)
    alone = ("--select", "purchase_history,fact_transactions", "--cutoffs", "2023-03-31")
    assert command(world, "materialize", *alone) == 1
    told = capsys.readouterr().err
    assert f"sales_log[2023-03-31] is damaged: {path} is not the file that was made" in told
    assert "Traceback" not in told


@pytest.mark.slow
def test_what_is_said_in_a_run_is_seen_however_slow_dagster_copies_it(world, tmp_path):
    # Dagster copies what a step says by `tail`, and ends that with the run.
    mute = tmp_path / "programs" / "tail"
    mute.parent.mkdir()
    mute.write_text("#!/bin/sh\nexec sleep 600\n")
    mute.chmod(0o755)
    index = world / "gosales_home" / "staging" / "index.json"
    index.write_bytes(index.read_bytes()[:-5])
    # By name, so that the log is read in the run itself.
    words = ["materialize", "--select", "sales_log", "--cutoffs", "2023-03-31", "-v"]
    call = [sys.executable, "-c", SCRIPT, str(world / "gosales.yaml"), json.dumps([words])]
    paths = {"PATH": f"{mute.parent}:{os.environ['PATH']}", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        call, env={**os.environ, **paths}, capture_output=True, text=True, check=False
    )
    assert "codes [0]" in done.stdout, done.stderr
    assert done.stderr.count(f"{index} is damaged") == 1
    assert "      sales_log: 1 partition(s)" in done.stderr


def history(world: Path) -> Path:
    return world / "gosales_home" / "dagster" / "history" / "runs" / "index.db"


def test_a_damaged_history_is_told_by_who_looks_and_put_aside_by_who_makes(
    world, made, capsys, caplog
):
    history(world).write_bytes(history(world).read_bytes()[:5000])
    for words in (("status",), ("verify",), ("show", "sales_log", "--cutoff", "2023-03-31")):
        assert command(world, *words) == 2
        assert f"error: run history: {history(world)} is damaged" in capsys.readouterr().err
    assert star(world) == 0
    assert "put aside as index.db.damaged" in caplog.text
    assert stored(world) == stored(made)
    assert command(world, "status") == 0


def test_an_event_that_cannot_be_read_is_damage_of_the_history(world, made, caplog):
    connection = sqlite3.connect(history(world))
    spoilt = "UPDATE event_logs SET event = substr(event, 1, 300) || 'x' || substr(event, 302)"
    connection.execute(f"{spoilt} WHERE dagster_event_type = 'ASSET_CHECK_EVALUATION'")
    connection.execute(f"{spoilt.replace('300', '30')} WHERE partition LIKE '2023-03-31%'")
    connection.commit()
    connection.close()
    assert star(world) == 0
    assert stored(world) == stored(made)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "telemetry: [",
        "\0" * 99,
        "[1]",
        INSTANCE_SETTINGS[:-9],
        INSTANCE_SETTINGS.replace("x", "z"),
    ],
    ids=["empty", "no YAML", "zeros", "no mapping", "cut off", "a changed byte"],
)
def test_settings_of_the_instance_that_nobody_wrote_are_damaged(tmp_path, content):
    path = tmp_path / "dagster.yaml"
    path.write_text(INSTANCE_SETTINGS)
    assert settings_damage(path) is None
    path.write_text(content)
    assert settings_damage(path)


def test_damaged_settings_of_the_instance_are_written_anew(tmp_path, caplog):
    platform = Platform.of(write_world(tmp_path, random_rows(1)))
    path = home_of(platform) / "dagster.yaml"
    path.mkdir(parents=True)
    with open_instance(platform):
        assert f"{path} is damaged (not a file)" in caplog.text
    assert path.read_text() == INSTANCE_SETTINGS


def test_settings_of_the_instance_that_a_person_wrote_stay(tmp_path):
    platform = Platform.of(write_world(tmp_path, random_rows(1)))
    path = home_of(platform) / "dagster.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(INSTANCE_SETTINGS + "run_retries:\n  enabled: true\n")
    assert settings_damage(path) is None
    path.write_text("no_such_key: 1\n")
    with pytest.raises(StorageError, match=r"dagster\.yaml cannot be used .*Mend it, or move it"):
        open_instance(platform)


READING = [
    ["status"],
    ["verify"],
    ["show", "sales_log", "--cutoff", "2023-03-31", "--format", "csv"],
    ["model", "list", "simulation"],
    ["config", "check"],
    ["materialize", "--cutoffs", CUTOFFS, "--dry-run"],
    ["materialize", "--cutoffs", CUTOFFS],
]
SCRIPT = """
import json, sys
from gosales.cli.main import main
config, commands = sys.argv[1], json.loads(sys.argv[2])
print("codes", [main([*words, "--config", config]) for words in commands])
"""


def only_reading(world: Path, commands: list[list[str]]) -> subprocess.CompletedProcess:
    """Run commands as somebody who may write nowhere in the world."""
    # Root may write anywhere, unless it leaves that right behind.
    humbly = ["setpriv", "--bounding-set", "-dac_override"] if os.geteuid() == 0 else []
    call = [sys.executable, "-c", SCRIPT, str(world / "gosales.yaml"), json.dumps(commands)]
    paths = [world, *world.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [*humbly, *call], env=environment, capture_output=True, text=True, check=False
    )
    for path in paths:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return done


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv where root runs it")
def test_who_may_only_read_is_told_everything_and_what_would_write_says_so(world):
    done = only_reading(world, READING)
    assert "codes [0, 0, 0, 0, 0, 0, 2]" in done.stdout, done.stderr
    assert "partition(s) are what was recorded." in done.stdout
    assert "Traceback" not in done.stderr
    (line,) = [t for t in done.stderr.splitlines() if t.startswith("error: ")]
    assert "Permission denied" in line


def test_verify_names_what_is_damaged_beside_the_tables(world, capsys):
    home = world / "gosales_home"
    past = next(p for p in history(world).parent.glob("*.db") if p.name != "index.db")
    damaged = [
        next((home / "staging").rglob("lines.parquet")),
        home / "staging" / "index.json",
        home / "staging" / "code.json",
        past,
    ]
    for path in damaged:
        path.write_bytes(path.read_bytes()[:-5])
    assert command(world, "verify") == 1
    told = capsys.readouterr().out.splitlines()
    assert [sum(t.startswith(f"{p} is damaged") for t in told) for p in damaged] == [1, 1, 1, 1]
