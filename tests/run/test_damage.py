"""Damage to what is stored is told in a line and healed by the same command, to the same bytes."""

import random
import shutil
from pathlib import Path

import pytest

from gosales.cli.main import main
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
