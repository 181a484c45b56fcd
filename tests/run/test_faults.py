"""Things that happen to builds: an error that says what to do and a rerun that heals, or no row lost.

The rest of them, and more of these, are in benchmarks/faults.py.
"""

import csv
import gzip
import signal
import subprocess
import sys
import time

import polars as pl
import pytest

from gosales.cli.main import main
from tests.run.worlds_run import stored
from tests.worlds.erp import HEADER, SETTINGS, random_rows, row, write_world

STAR = ("--cutoffs", "2023-03-31..2023-06-30", "--staging-only")


def star(folder) -> int:
    return main(["materialize", *STAR, "--config", str(folder / "gosales.yaml")])


def child(folder) -> subprocess.Popen:
    command = [sys.executable, "-m", "gosales", "materialize", *STAR]
    return subprocess.Popen(
        [*command, "--config", str(folder / "gosales.yaml")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    write_world(folder, random_rows(20))
    assert star(folder) == 0
    return stored(folder)


@pytest.mark.slow
def test_a_cut_off_archive_is_refused_and_the_whole_one_loaded(tmp_path, capsys):
    source = SETTINGS["source"]
    log = source["sales_log"] | {"path": "sales_log.csv.gz"}
    write_world(tmp_path, random_rows(20), {"source": source | {"sales_log": log}})
    path = tmp_path / "sales_log.csv.gz"
    whole = gzip.compress((tmp_path / "sales_log.csv").read_bytes())
    # Its check sum is not there: all of its rows are.
    path.write_bytes(whole[:-4])
    assert star(tmp_path) == 1
    told = capsys.readouterr().err
    assert "sales_log.csv.gz: cannot be read to its end" in told
    assert "Traceback" not in told
    assert stored(tmp_path) == {}
    path.write_bytes(whole)
    assert star(tmp_path) == 0


def renamed(header: list[str]) -> list[str]:
    return ["Company_Id", *header[1:]]


def doubled(header: list[str]) -> list[str]:
    return [*header[:-1], header[0]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "finding"),
    [(renamed, "Did you mean 'Company_Id'"), (doubled, "columns named twice: 'CompanyId'")],
)
def test_other_columns_are_refused_by_name(tmp_path, capsys, change, finding):
    write_world(tmp_path, random_rows(20))
    path = tmp_path / "sales_log.csv"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(",".join(HEADER).encode(), ",".join(change(HEADER)).encode()))
    assert star(tmp_path) == 1
    assert finding in capsys.readouterr().err
    assert stored(tmp_path) == {}


@pytest.mark.slow
def test_columns_in_another_order_leave_the_same_bytes_of_rejects_too(tmp_path):
    rows = [*random_rows(5), row("", "2023-02-03"), row("7", "2023-02-30")]
    write_world(tmp_path / "one", rows)
    write_world(tmp_path / "other", rows)
    path = tmp_path / "other" / "sales_log.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, HEADER[::-1], restval="")
        writer.writeheader()
        writer.writerows(rows)
    assert [star(tmp_path / name) for name in ("one", "other")] == [0, 0]
    assert stored(tmp_path / "other") == stored(tmp_path / "one")


def test_every_malformed_row_is_a_reject_with_its_text(tmp_path):
    # All but a few of its rows are rejects, on purpose.
    write_world(
        tmp_path,
        [row(f"{n:03d}") for n in range(10)],
        {"contracts": {"rejects_block_frac": 1}},
    )
    path = tmp_path / "sales_log.csv"
    with path.open("a", newline="", encoding="utf-8") as handle:
        for n in range(6_000):
            cells = [row(f"x{n}").get(name, "") for name in HEADER]
            kinds = [cells[:-1], [*cells, "more"], ["", *cells[1:]], [*cells[:2], "?", *cells[3:]]]
            csv.writer(handle).writerow(kinds[n % 4])
    assert star(tmp_path) == 0
    root = tmp_path / "gosales_home" / "store"
    rejects = pl.read_parquet(root / "sales_log_rejects/**/*.parquet", hive_partitioning=False)
    assert pl.read_parquet(root / "sales_log/**/*.parquet", hive_partitioning=False).height == 10
    assert sorted(rejects["source_row"]) == list(range(12, 6_012))
    by_row = dict(rejects.select("source_row", "raw").rows())
    assert all(f"x{n}" in by_row[n + 12] for n in range(6_000) if n % 4 != 2)


@pytest.mark.slow
def test_two_first_builds_at_once_leave_what_one_leaves_and_a_history_that_opens(
    tmp_path, undisturbed
):
    write_world(tmp_path, random_rows(20))
    both = [child(tmp_path), child(tmp_path)]
    assert [build.wait() for build in both] == [0, 0]
    assert star(tmp_path) == 0
    assert stored(tmp_path) == undisturbed


@pytest.mark.slow
def test_a_build_that_is_killed_while_it_writes_is_healed_by_the_next(tmp_path, undisturbed):
    write_world(tmp_path, random_rows(20))
    build, root = child(tmp_path), tmp_path / "gosales_home" / "store"
    while build.poll() is None and not list(root.rglob("*.parquet")):
        time.sleep(0.001)
    build.send_signal(signal.SIGKILL)
    assert build.wait() == -signal.SIGKILL
    assert star(tmp_path) == 0
    assert stored(tmp_path) == undisturbed
