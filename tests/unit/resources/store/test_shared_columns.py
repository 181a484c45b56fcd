"""Tables that lie beside another: its columns stored once, read as one, never of another content."""

import datetime as dt

import polars as pl
import pytest

from gosales_resources.errors import PartitionMissingError, StalePartitionError
from gosales_resources.store.address import Address, Provenance
from gosales_resources.store.shared_columns import SharedColumns
from gosales_resources.store.tables import TableStore

C = dt.date(2024, 6, 30)
SHARED, OWN = Address("shared", C), Address("own", C, "one")
COLUMNS = SharedColumns("shared", "id", ["id", "kind"])
PLAIN = Provenance("0", "0", "0")


def stored(folder, scale: float = 1.0) -> TableStore:
    store = TableStore(folder)
    shared = pl.DataFrame({"id": ["a", "b", "c"], "all_z": [1.0, 2.0, 3.0], "kind": ["s"] * 3})
    store.write_table(SHARED, shared.with_columns(pl.col("all_z") * scale), PLAIN)
    own = pl.DataFrame({"id": ["c", "a"], "kind": ["o", "o"], "div_b": [7, None]})
    store.write_table(OWN, own, PLAIN, COLUMNS.told(store.content(SHARED)))
    return store


def test_own_rows_keep_their_order_and_get_the_columns_of_the_table_beside_them(tmp_path):
    table = stored(tmp_path).scan_table(OWN, PLAIN).collect()
    assert table.to_dict(as_series=False) == {
        "id": ["c", "a"],
        "kind": ["o", "o"],
        "all_z": [3.0, 1.0],
        "div_b": [7, None],
    }


def test_shared_columns_are_stored_once(tmp_path):
    path = stored(tmp_path).path_of(OWN)
    assert path
    assert list(pl.read_parquet_schema(path)) == ["id", "kind", "div_b"]


def test_another_content_beside_it_is_another_content_of_the_table(tmp_path):
    contents = {stored(tmp_path / str(n), n).content(OWN) for n in (1, 2)}
    assert len(contents) == 2
    assert stored(tmp_path / "again").content(OWN) in contents


def test_a_table_made_anew_with_other_content_is_not_put_beside_the_old_rows(tmp_path):
    store = stored(tmp_path)
    shared = store.scan_table(SHARED, PLAIN).collect()
    store.write_table(SHARED, shared, PLAIN)
    assert store.scan_table(OWN, PLAIN).collect().height == 2
    store.write_table(SHARED, shared.with_columns(all_z=pl.lit(0.0)), PLAIN)
    with pytest.raises(StalePartitionError, match=r"own\[.*made beside shared\["):
        store.scan_table(OWN, PLAIN)


def test_without_the_table_beside_it_the_error_says_which_is_missing(tmp_path):
    store = stored(tmp_path)
    path = store.path_of(SHARED)
    assert path
    path.unlink()
    with pytest.raises(PartitionMissingError, match=r"shared\[2024-06-30\]"):
        store.scan_table(OWN, PLAIN)
