"""The store in a bucket, on a real server: the same objects as files, whatever happens on the way."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import obstore
import polars as pl
import pytest
from obstore.store import from_url

from gosales.cli.main import main
from tests.run.worlds_run import OVERRIDES, materialize, stored
from tests.worlds.buckets import environment, faulty, new_bucket, s3_server
from tests.worlds.erp import random_rows, write_world

pytestmark = pytest.mark.slow
STAR = ["--select", "fact_transactions", "--upstream"]
KILLS = 6


@pytest.fixture(scope="module")
def server():
    with s3_server() as address:
        yield address


@pytest.fixture
def url(server, monkeypatch) -> str:
    url = new_bucket(server)
    for name, value in (environment(server) | {"GOSALES_STORAGE__URL": url}).items():
        monkeypatch.setenv(name, value)
    return url


def world(folder: Path) -> Path:
    write_world(folder, random_rows(), OVERRIDES)
    return folder


def local(folder: Path, monkeypatch, *more: str) -> dict[str, bytes]:
    """Make the same in a local folder; return its files."""
    with monkeypatch.context() as without:
        without.delenv("GOSALES_STORAGE__URL")
        assert materialize(world(folder), *more) == 0
        root = folder / "gosales_home" / "store"
        return {name: (root / name).read_bytes() for name in stored(folder)}


def objects(url: str) -> dict[str, bytes]:
    """Read what is in the bucket; settings say where the store lies, and are not compared."""
    place = from_url(url, client_options={"allow_http": True})
    names = [one["path"] for chunk in obstore.list(place) for one in chunk]
    wanted = [name for name in names if not name.startswith("settings/")]
    return {name: bytes(obstore.get(place, name).bytes()) for name in wanted}


def command(folder: Path, *more: str) -> subprocess.Popen:
    """Begin a run in a process of its own."""
    config = ["--config", str(folder / "gosales.yaml"), "--cutoffs", "2024-03-31..2024-06-30"]
    return subprocess.Popen(
        [sys.executable, "-m", "gosales", "materialize", *config, *more],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def test_the_whole_graph_in_a_bucket_is_the_same_bytes_and_any_machine_reads_it(
    tmp_path, url, monkeypatch, capsys
):
    files = local(tmp_path / "local", monkeypatch)
    assert materialize(world(tmp_path / "one")) == 0
    assert objects(url) == files
    capsys.readouterr()
    assert materialize(tmp_path / "one") == 0
    assert "0 asset partitions" in capsys.readouterr().err, "all is current"
    # Another machine, without copies and without a history.
    config = str(world(tmp_path / "other") / "gosales.yaml")
    assert main(["show", "whitespace", "--cutoff", "2024-06-30", "--config", config]) == 0
    place = from_url(url, client_options={"allow_http": True})
    assert obstore.head(place, "whitespace/cutoff=2024-06-30/part-0.parquet")
    read = pl.scan_parquet(
        f"{url}/whitespace/*/part-0.parquet", hive_partitioning=True,
        storage_options={"aws_endpoint_url": os.environ["AWS_ENDPOINT_URL"], "aws_allow_http": "true"},
    )  # fmt: skip
    assert read.collect()["cutoff"].n_unique() == 2


def test_after_kills_at_random_moments_the_same_command_ends_with_the_same_bytes(
    tmp_path, url, monkeypatch
):
    files, folder, draw = (
        local(tmp_path / "local", monkeypatch, *STAR),
        world(tmp_path / "one"),
        random.Random(4),
    )
    for _ in range(KILLS):
        process = command(folder, *STAR)
        time.sleep(3 + draw.random() * 5)
        process.kill()
        process.wait()
    assert materialize(folder, *STAR) == 0
    assert objects(url) == files


def test_two_who_build_at_once_leave_the_same_bytes(tmp_path, url, monkeypatch):
    files, folder = local(tmp_path / "local", monkeypatch, *STAR), world(tmp_path / "one")
    # Two histories on two machines: neither knows of the other.
    both = [command(one, *STAR) for one in (folder, world(tmp_path / "two"))]
    assert [process.wait(240) for process in both] == [0, 0]
    assert objects(url) == files


def test_a_server_that_is_slow_and_fails_now_and_then_changes_nothing(
    tmp_path, server, url, monkeypatch
):
    files = local(tmp_path / "local", monkeypatch, *STAR)
    with faulty(server, 5) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        assert materialize(world(tmp_path / "one"), *STAR) == 0
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    assert objects(url) == files


def test_an_object_that_is_not_what_was_made_is_told_by_its_address_and_healed(
    tmp_path, url, monkeypatch, capsys
):
    files, folder = local(tmp_path / "local", monkeypatch, *STAR), world(tmp_path / "one")
    assert materialize(folder, *STAR) == 0
    name = next(name for name in files if name.startswith("fact_transactions/cutoff=2024-03-31"))
    obstore.put(from_url(url, client_options={"allow_http": True}), name, b"PAR1 no")
    time.sleep(1)
    capsys.readouterr()
    assert main(["verify", "fact_transactions", "--config", str(folder / "gosales.yaml")]) == 1
    told = capsys.readouterr()
    assert f"{url}/{name} is not the file that was made" in told.out + told.err
    assert materialize(folder, *STAR) == 0
    assert objects(url) == files
