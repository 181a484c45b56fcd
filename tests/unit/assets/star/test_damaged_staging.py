"""What is remembered of a sales log is told where it is damaged, and made anew; never read as other rows."""

import logging
import random
import shutil
from pathlib import Path

import pytest

from gosales_assets.star import ingest as ingesting
from gosales_assets.star.dimensions import build_dim_product
from gosales_checks.freshness.code import REMEMBERED, Code
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.sources.table import read_table
from gosales_resources.store.sealed_json import read_sealed, write_sealed
from tests.worlds.erp import random_rows, write_world


class Log:
    """A sales log and where it is staged."""

    def __init__(self, folder: Path) -> None:
        self.settings, self.staging = write_world(folder, random_rows(5)), folder / "staging"
        taxonomy = read_table(self.settings.source.taxonomy, self.settings.source_dir)
        self.products = build_dim_product(taxonomy, self.settings)
        self.cutoffs = PartitionSpace(self.settings).cutoffs()

    def read(self) -> dict[str, bytes]:
        """Stage it; return what is staged."""
        inputs = (self.settings, self.products, self.cutoffs, self.staging, lambda _: None)
        ingesting.ingest(*inputs)
        paths = (path for path in sorted(self.staging.rglob("*")) if path.is_file())
        return {path.relative_to(self.staging).as_posix(): path.read_bytes() for path in paths}

    def is_known(self) -> bool:
        """Whether a plan would take it for unchanged."""
        return ingesting.recall_digests(self.settings, self.cutoffs, self.staging) is not None


@pytest.fixture
def log(tmp_path) -> Log:
    return Log(tmp_path)


def flipped(path: Path) -> None:
    content, draw = bytearray(path.read_bytes()), random.Random(path.name)
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def of_another_shape(path: Path) -> None:
    path.write_text('["rows"]')


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


FAULTS = [flipped, cut_off, emptied, of_another_shape, zeros, a_folder]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    "name", ["index.json", "block.json", "rows.parquet", "lines.parquet", "days.parquet"]
)
def test_a_damaged_file_is_told_and_made_anew(log, caplog, name, fault):
    whole = log.read()
    assert log.is_known()
    fault(next(log.staging.rglob(name)))
    with caplog.at_level(logging.WARNING):
        assert not log.is_known()
        assert log.read() == whole
    told = [record.getMessage().partition(" is damaged")[0] for record in caplog.records]
    assert told == [str(next(log.staging.rglob(name)))]
    assert log.is_known()


def test_a_file_in_place_of_a_staged_folder_makes_way(log):
    whole = log.read()
    block = next(log.staging.rglob("block.json")).parent
    for folder in (block, block.parent):
        shutil.rmtree(folder)
        folder.write_text("a file")
        assert log.read() == whole


def test_a_file_that_does_not_belong_to_a_staged_block_goes(log, caplog):
    whole = log.read()
    block = next(log.staging.rglob("block.json")).parent
    (block / "more.parquet").write_text("rows")
    (block / "days.parquet").unlink()
    assert log.read() == whole
    assert [name in caplog.text for name in ("more.parquet", "days.parquet")] == [True, True]


def test_what_is_remembered_of_code_is_not_believed_where_it_was_changed(tmp_path, caplog):
    path = tmp_path / REMEMBERED
    first = Code.installed(path)
    digest = first.of_modules("gosales_resources.hashing")
    first.remember()
    flipped(path)
    with caplog.at_level(logging.WARNING):
        again = Code.installed(path)
        assert again.of_modules("gosales_resources.hashing") == digest
    assert f"{path} is damaged" in caplog.text
    again.remember()
    assert Code.installed(path)._parts


def test_any_change_of_what_is_sealed_is_found(tmp_path):
    path = tmp_path / "sealed.json"
    write_sealed(path, {"a": [1, 2.5], "b": {"c": "ü"}}, "test")
    whole = path.read_bytes()
    assert read_sealed(path) == {"a": [1, 2.5], "b": {"c": "ü"}}
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert read_sealed(path) == {}
    path.write_bytes(whole)
    assert read_sealed(path)
