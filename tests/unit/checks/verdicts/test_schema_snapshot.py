"""The announced schema: what counts as a change, and a file that says it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosales_checks.verdicts.schema_snapshot import (
    SchemaSnapshot,
    all_changes,
    read_snapshot,
    write_snapshot,
)
from gosales_resources.errors import SettingsError

COLUMNS = {"a": "String", "b": "Int64", "c": "Date"}
THEN = SchemaSnapshot({"t": (COLUMNS, ("a",))}, {"log": (COLUMNS,)})
NAMES = st.dictionaries(st.text(max_size=3), st.sampled_from(["text", "int64"]), max_size=4)


def now(columns=COLUMNS, key=("a",)) -> SchemaSnapshot:
    return SchemaSnapshot({"t": (columns, key)}, {"log": (columns,)})


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (COLUMNS | {"d": "Int8"}, "column d added (Int8)"),
        ({"a": "String", "b": "Int64"}, "column c removed (was Date)"),
        (COLUMNS | {"b": "Float64"}, "column b is Float64, was Int64"),
        (dict(reversed(COLUMNS.items())), "the order of the columns changed"),
    ],
    ids=["added", "removed", "retyped", "reordered"],
)
def test_each_kind_of_change_is_told_of_tables_and_raw_files(columns, told):
    assert all_changes(THEN, now(columns)) == [f"raw log: {told}", f"t: {told}"]


def test_another_key_is_a_change():
    assert all_changes(THEN, now(key=("a", "b"))) == ["t: key is a, b, was a"]


def test_tables_and_sources_that_come_and_go_are_told():
    assert all_changes(THEN, SchemaSnapshot()) == ["raw log: removed", "t: removed"]
    assert all_changes(SchemaSnapshot(), THEN) == ["raw log: added", "t: added, 3 columns"]


def test_each_file_may_have_any_of_the_announced_headers():
    other = {"x": "text"}
    announced = SchemaSnapshot({}, {"log": (COLUMNS, other)})
    assert all_changes(announced, SchemaSnapshot({}, {"log": (other,)})) == []
    found = all_changes(announced, SchemaSnapshot({}, {"log": (other | {"y": "text"},)}))
    assert found == ["raw log: column y added (text)"]


def test_a_column_that_nothing_is_read_of_is_told_once_until_it_is_accepted():
    stray = {"d": "Did you mean 'a'?"}
    present = SchemaSnapshot({}, {"log": (COLUMNS | {"d": "text"},)}, {"log": stray})
    announced = SchemaSnapshot({}, {"log": (COLUMNS,)})
    (told,) = all_changes(announced, present)
    assert told.startswith("raw log: nothing is read of column d: ")
    assert told.endswith("Did you mean 'a'?")
    assert all_changes(present, present) == []


def test_a_column_announced_as_read_that_is_read_no_more_is_told():
    present = SchemaSnapshot({}, {"log": (COLUMNS,)}, {"log": {"b": ""}})
    (told,) = all_changes(SchemaSnapshot({}, {"log": (COLUMNS,)}), present)
    assert "nothing is read of column b" in told


def test_the_first_file_of_a_source_announced_without_one_is_no_change():
    announced = SchemaSnapshot({}, {"surfacing_log": ()})
    assert all_changes(announced, SchemaSnapshot({}, {"surfacing_log": (COLUMNS,)})) == []
    assert all_changes(announced, announced) == []


@given(st.dictionaries(st.text(max_size=3), NAMES, max_size=3))
def test_a_written_snapshot_reads_back_as_the_same(tmp_path_factory, tables):
    path = tmp_path_factory.mktemp("snapshot") / "schema.json"
    snapshot = SchemaSnapshot(
        {n: (c, tuple(c)[:1]) for n, c in tables.items()}, {"log": (COLUMNS,)}
    )
    write_snapshot(path, snapshot)
    assert all_changes(read_snapshot(path), snapshot) == []
    assert read_snapshot(path) == snapshot


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 9}', '{"format": 1, "tables": 3}'])
def test_a_damaged_snapshot_is_named_with_the_remedy(tmp_path, text):
    path = tmp_path / "schema.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="gosales schema accept"):
        read_snapshot(path)


def test_without_a_file_nothing_is_announced(tmp_path):
    assert read_snapshot(tmp_path / "schema.json") is None
