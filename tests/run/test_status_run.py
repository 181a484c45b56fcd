"""`status` looks at the sources: what changed or is gone is said, what was only touched is not."""

import os
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
