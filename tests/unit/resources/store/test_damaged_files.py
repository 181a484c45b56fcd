"""Whatever happens to a stored file is told by its name, and a write puts it right."""

import datetime as dt
import json
import os
import random
import shutil

import polars as pl
import pytest

from gosales_resources.errors import DamagedError
from gosales_resources.store.address import Address, Provenance
from gosales_resources.store.checksums import checksum, damage
from gosales_resources.store.tables import TableStore

PLAIN = Provenance("0", "0", "0")
C = dt.date(2024, 6, 30)
TABLE, OTHER, MODEL = Address("t", C, "a"), Address("t", C, "b"), Address("m", C, "a")
TABLE_FILE, INDEX_FILE = f"{TABLE.folder}/part-0.parquet", f"{MODEL.folder}/bundle.json"


def write_table(store: TableStore, address: Address = TABLE, scale: int = 1) -> str:
    rows = pl.DataFrame({"id": [f"c{n}" for n in range(200)], "n": range(200)})
    return store.write_table(address, rows.with_columns(pl.col("n") * scale), PLAIN).sha256


def write_model(store: TableStore, text: str = "trees") -> str:
    files = {"model.json": b"{}", "trees.txt": text.encode() * 50}
    return store.write_bundle(MODEL, files, PLAIN, {}).sha256


@pytest.fixture
def store(tmp_path) -> TableStore:
    return TableStore(tmp_path / "store")


def truncated(path):
    path.write_bytes(path.read_bytes()[:-9])


def emptied(path):
    path.write_bytes(b"")


def zeros(path):
    path.write_bytes(bytes(path.stat().st_size))


def foreign(path):
    pl.DataFrame({"x": [1]}).write_parquet(path)


def words(path):
    path.write_text("no file of ours\n" * 20)


def json_of_another_shape(path):
    path.write_text('["files", {"provenance": 1}]')


def deep_json(path):
    path.write_text("[" * 100_000)


FAULTS = [truncated, emptied, zeros, foreign, words, json_of_another_shape, deep_json]


@pytest.mark.parametrize("is_recorded", [True, False], ids=["recorded", "unrecorded"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("address", "name", "write"),
    [(TABLE, TABLE_FILE, write_table), (MODEL, INDEX_FILE, write_model)],
    ids=["table", "bundle"],
)
def test_a_damaged_file_is_told_by_its_name_and_written_anew(
    store, address, name, write, fault, is_recorded
):
    then = write(store)
    fault(store.place.locate(name))
    found = damage(store, address, then if is_recorded else None)
    if found is None:
        # A table without a record that can be read: no check has a verdict on its content.
        assert (fault, address, is_recorded) == (foreign, TABLE, False)
        assert store.content(address) == "absent"
        return
    assert found
    assert name in found
    assert write(store) == then
    assert damage(store, address, then) is None


@pytest.mark.parametrize("address", [TABLE, MODEL], ids=["table", "bundle"])
def test_any_flipped_bit_is_found(store, address):
    then = write_table(store) if address is TABLE else write_model(store)
    paths = sorted(store.place.locate(address.folder).iterdir())
    draw = random.Random(1)
    for _ in range(100):
        path = draw.choice(paths)
        whole = path.read_bytes()
        place = draw.randrange(len(whole))
        path.write_bytes(
            whole[:place] + bytes([whole[place] ^ 1 << draw.randrange(8)]) + whole[place + 1 :]
        )
        assert damage(store, address, then), (path, place)
        path.write_bytes(whole)
    assert damage(store, address, then) is None


@pytest.mark.parametrize("address", [TABLE, MODEL], ids=["table", "bundle"])
def test_what_does_not_belong_to_a_partition_is_told_and_goes_with_the_next_write(store, address):
    write = write_table if address is TABLE else write_model
    then, stray = write(store), store.place.locate(f"{address.folder}/part-1.parquet")
    foreign(stray)
    (stray.parent / ".DS_Store").touch()
    assert "part-1.parquet does not belong there" in str(damage(store, address, then))
    write(store)
    assert damage(store, address, then) is None
    assert not stray.exists()


def test_a_partition_of_another_key_or_project_is_not_the_recorded_one(store, tmp_path):
    then, _ = write_table(store), write_table(store, OTHER, 2)
    shutil.copy(store.path_of(OTHER), store.path_of(TABLE))
    assert "is not the file that was made" in str(damage(store, TABLE, then))
    then, elsewhere = write_model(store), TableStore(tmp_path / "elsewhere")
    write_model(elsewhere, "others")
    shutil.rmtree(store.place.locate(MODEL.folder))
    shutil.copytree(elsewhere.place.locate(MODEL.folder), store.place.locate(MODEL.folder))
    assert checksum(store, MODEL)
    assert "bundle.json is not the file that was made" in str(damage(store, MODEL, then))


def test_an_index_that_names_another_file_is_told_and_not_the_file(store):
    then, index = write_model(store), store.path_of(MODEL)
    names = json.loads(index.read_bytes())["files"]
    stored = next(iter(names.values()))
    index.write_text(index.read_text().replace(stored, f"x{stored[1:]}"))
    assert str(damage(store, MODEL, then)).startswith(f"{index} is not the file that was made")


def test_a_file_of_a_bundle_that_is_gone_or_another_is_named(store):
    then = write_model(store)
    for change in (emptied, os.remove):
        (path,) = store.place.locate(MODEL.folder).glob("*-trees.txt")
        change(path)
        assert path.name in str(damage(store, MODEL, then))
        with pytest.raises(DamagedError, match=r"m\[.*is damaged: .*Rematerialise it"):
            store.read_bundle(MODEL, None)
        write_model(store)


def folder_in_its_place(path):
    path.unlink()
    (path / "inner").mkdir(parents=True)


def link_to_nowhere(path):
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))


def link_to_itself(path):
    path.unlink()
    path.symlink_to(path)


def file_for_its_folder(path):
    shutil.rmtree(path.parent)
    path.parent.write_text("a file")


def file_for_the_folder_above(path):
    shutil.rmtree(path.parent.parent)
    path.parent.parent.write_text("a file")


def folder_is_a_link_to_nowhere(path):
    shutil.rmtree(path.parent)
    path.parent.symlink_to("nowhere")


IN_THE_WAY = [
    os.remove, folder_in_its_place, link_to_nowhere, link_to_itself, file_for_its_folder,
    file_for_the_folder_above, folder_is_a_link_to_nowhere,
]  # fmt: skip


@pytest.mark.parametrize("fault", IN_THE_WAY)
@pytest.mark.parametrize("address", [TABLE, MODEL], ids=["table", "bundle"])
def test_what_lies_in_the_way_of_a_file_makes_way(store, address, fault):
    write = write_table if address is TABLE else write_model
    then = write(store)
    fault(store.path_of(address))
    assert not store.has(address)
    assert str(damage(store, address, then)).endswith("is gone")
    assert damage(store, address, None) is None
    assert write(store) == then
    assert damage(store, address, then) is None


@pytest.mark.parametrize("told", ['"text"', "{", "null", "[1]"])
def test_facts_of_another_shape_are_damage(store, told):
    store.write_table(TABLE, pl.DataFrame({"n": [1]}), PLAIN, {"inputs": told})
    assert "no Parquet file of ours" in str(damage(store, TABLE, None))
    assert store.content(TABLE) == "damaged"
    assert store.made_from(TABLE) == {}


def flipped_sign(path):
    path.write_bytes(path.read_bytes().replace(b"1", b"2"))


@pytest.mark.parametrize("fault", [truncated, emptied, zeros, words, flipped_sign, os.remove])
def test_kept_settings_that_are_not_those_in_force_are_replaced(store, fault):
    path = store.remember_settings("hash", {"a": 1})
    whole = path.read_bytes()
    fault(path)
    assert store.remember_settings("hash", {"a": 1}).read_bytes() == whole
