"""`status` looks at the sources: what changed or is gone is said, what was only touched is not."""

import json
import os
import shlex
import shutil

import pytest

from gosales.cli.main import main
from tests.run.worlds_run import materialize
from tests.worlds.erp import row, write_world

DAY = "2023-03-31"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loaded")
    write_world(folder, [row(f"{n:03d}") for n in range(12)])
    assert materialize(folder, "--select", "dim_product,sales_log", cutoffs=DAY) == 0
    return folder


@pytest.fixture
def world(loaded, tmp_path):
    shutil.copytree(loaded, tmp_path / "w")
    return tmp_path / "w"


def overwrite(log):
    text = log.read_text(encoding="utf-8")
    log.write_text(text.replace("$1,000.00", "$9,000.00", 1), encoding="utf-8", newline="")


def touch(log):
    os.utime(log, ns=(1, 1))


def remove(log):
    log.unlink()


def status(world, capsys) -> str:
    capsys.readouterr()
    assert main(["status", "--config", str(world / "gosales.yaml"), "--cutoffs", DAY]) == 0
    return capsys.readouterr().out


def counts(told: str, table: str) -> list[int]:
    line = next(one for one in told.splitlines() if one.startswith(f"{table} "))
    return [int(part) for part in line.split()[1:]]


@pytest.mark.parametrize(
    ("change", "said", "current"),
    [
        (touch, "", 1),
        (overwrite, "raw sales_log: sales_log.csv has changed", 0),
        (remove, "sales_log.csv does not exist", 0),
    ],
)
def test_a_changed_or_missing_log_is_not_current_and_a_touched_one_is(
    world, capsys, change, said, current
):
    change(world / "sales_log.csv")
    told = status(world, capsys)
    assert said in told
    assert ("raw sales_log:" in told) == bool(said)
    assert counts(told, "sales_log") == [current, 1 - current, 0]
    assert counts(told, "dim_product") == [1, 0, 0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda path: path.write_text(path.read_text() + "New,Scanning,f,new\n"),
            "data of source.t",
        ),
        (remove, "taxonomy.csv does not exist"),
    ],
    ids=["changed", "missing"],
)
def test_a_changed_or_missing_taxonomy_is_said_of_the_tables_that_read_it(
    world, capsys, change, said
):
    change(world / "taxonomy.csv")
    told = status(world, capsys)
    assert counts(told, "dim_product") == [0, 1, 0]
    assert said in next(one for one in told.splitlines() if one.startswith("stale: dim_product"))


def test_what_is_stale_is_told_with_the_command_that_makes_it(world, capsys):
    remove(world / "taxonomy.csv")
    write_world(world, [row(f"{n:03d}") for n in range(13)])
    told = status(world, capsys)
    commands = [line for line in told.splitlines() if line.startswith("make them: ")]
    assert commands
    assert "FIRST" not in told
    assert f"--cutoffs {DAY} " in commands[0]
    asked = commands[0].removeprefix("make them: gosales ").partition(" (what")[0]
    assert main(shlex.split(asked)) == 0
    assert "make them" not in status(world, capsys)


def test_json_says_the_same_for_programs(world, capsys):
    overwrite(world / "sales_log.csv")
    command = ["status", "--config", str(world / "gosales.yaml"), "--cutoffs", DAY]
    assert main([*command, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (log,) = [one for one in told["tables"] if one["table"] == "sales_log"]
    assert log == {"table": "sales_log", "current": 0, "stale": 1, "missing": 0}
    assert "sales_log.csv has changed" in " ".join(told["source"])
    assert [one["partitions"] for one in told["stale"] if one["table"] == "sales_log"] == [[DAY]]
    assert all(command.startswith("gosales materialize ") for command in told["commands"])
