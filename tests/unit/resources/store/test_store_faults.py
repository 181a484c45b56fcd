"""The store and the staged log where the system refuses a write, or another process is there."""

import os
import platform
import resource
import subprocess
import sys
from contextlib import contextmanager

import polars as pl
import pytest

from gosales_assets.star import ingest as ingesting
from gosales_assets.star import staging
from gosales_assets.star.dimensions import build_dim_product
from gosales_resources.errors import StorageError
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.sources.table import read_table
from gosales_resources.store.atomic import replacing, working_folder
from gosales_resources.store.parquet import write_parquet
from tests.worlds.erp import HEADER, random_rows, row, write_world


@contextmanager
def largest_file(size: int):
    """Refuse to write beyond a size, as a full disk does; a real refusal by the system."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# In the first page, between pages, and in the footer, where Polars speaks of its format.
@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9, 0.97, 0.99])
def test_a_refused_write_is_a_storage_error_wherever_it_happens(tmp_path, share):
    frame = pl.select(pl.int_range(20_000).alias("a"), pl.int_range(20_000).hash(1).alias("b"))
    write_parquet(frame, tmp_path / "whole")
    size = (tmp_path / "whole").stat().st_size
    target = tmp_path / "part.parquet"
    with (
        largest_file(int(size * share)),
        pytest.raises(StorageError, match="MiB free"),
        replacing(target, "t[2024]") as temporary,
    ):
        write_parquet(frame, temporary)
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_what_a_killed_writer_left_goes_with_the_next_write_and_a_living_ones_stays(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    names = [f".x.{platform.node()}-{pid}.partial" for pid in (ended.pid, os.getppid())]
    for name in (*names, ".x.elsewhere-1.partial"):
        (tmp_path / name).touch()
    with replacing(tmp_path / "x", "x") as temporary:
        temporary.write_text("x")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"x", names[1], ".x.elsewhere-1.partial"}


def test_a_working_folder_goes_with_the_work_and_a_killed_ones_with_the_next(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    names = [f".x.{platform.node()}-{pid}-abc.partial" for pid in (ended.pid, os.getppid())]
    for name in (*names, f".y.{platform.node()}-{ended.pid}-abc.partial"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "part").write_text("half")
    with working_folder(tmp_path, "x") as one, working_folder(tmp_path, "x") as other:
        assert one != other
        (one / "part").write_text("whole")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {names[1], f".y.{platform.node()}-{ended.pid}-abc.partial"}


def test_a_row_that_comes_after_the_reading_is_not_taken_for_read(tmp_path):
    settings = write_world(tmp_path, [row()])
    products = build_dim_product(
        read_table(settings.source.taxonomy, settings.source_dir), settings
    )
    cutoffs = PartitionSpace(settings).cutoffs()

    def append(line: str) -> None:
        if "done" in line:
            with (tmp_path / "sales_log.csv").open("a") as handle:
                handle.write(",".join(row("002").get(name, "") for name in HEADER) + "\n")

    ingesting.ingest(settings, products, cutoffs, tmp_path / "staging", append)
    assert ingesting.recall_digests(settings, cutoffs, tmp_path / "staging") is None


def test_a_block_that_another_run_staged_meanwhile_is_not_taken_from_it(tmp_path, monkeypatch):
    settings = write_world(tmp_path, random_rows(5))
    products = build_dim_product(
        read_table(settings.source.taxonomy, settings.source_dir), settings
    )
    cutoffs = PartitionSpace(settings).cutoffs()

    def read() -> list:
        log = ingesting.ingest(settings, products, cutoffs, tmp_path / "s", lambda _: None)
        return [(block.folder / "rows.parquet").stat().st_ino for block in log.blocks]

    first = read()
    # Not there when it is looked for, there when it is to be put.
    monkeypatch.setattr(staging, "read_meta", lambda _: None)
    assert read() == first


def test_a_damaged_block_is_replaced(tmp_path):
    settings = write_world(tmp_path, random_rows(5))
    products = build_dim_product(
        read_table(settings.source.taxonomy, settings.source_dir), settings
    )
    cutoffs = PartitionSpace(settings).cutoffs()

    def read():
        return ingesting.ingest(settings, products, cutoffs, tmp_path / "s", lambda _: None)

    rows = read().blocks[0].folder / "rows.parquet"
    whole = rows.read_bytes()
    rows.write_bytes(whole[:-9])
    read()
    assert rows.read_bytes() == whole
    assert not list((tmp_path / "s").rglob("*.away"))
