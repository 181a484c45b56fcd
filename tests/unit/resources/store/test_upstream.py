"""What an asset gets of a table it reads: partitions by cutoff and division, and clear gaps."""

import datetime as dt

import polars as pl
import pytest

from gosales_resources.errors import PartitionMissingError
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.upstream import Tables, require

JUNE, DECEMBER = dt.date(2024, 6, 30), dt.date(2024, 12, 31)


def tables(name: str, *keys: PartitionKey) -> Tables:
    return Tables(name, {key: pl.LazyFrame({"at": [str(key)]}) for key in keys})


FEATURES = tables("features", PartitionKey(JUNE, "pdm"), PartitionKey(JUNE, "cad"))
ROSTER = tables("dim_customer", PartitionKey(JUNE), PartitionKey(DECEMBER))


def test_a_partition_is_found_by_its_cutoff_and_division():
    assert FEATURES[JUNE, "pdm"].collect()["at"].item() == "2024-06-30|pdm"
    assert FEATURES[PartitionKey(JUNE, "pdm")] is FEATURES[JUNE, "pdm"]
    assert ROSTER[DECEMBER].collect()["at"].item() == "2024-12-31"
    assert (JUNE, "pdm") in FEATURES
    assert DECEMBER in ROSTER
    assert (DECEMBER, "pdm") not in FEATURES


def test_those_of_a_cutoff_come_by_division_whatever_order_they_were_read_in():
    assert list(FEATURES.at(JUNE)) == ["cad", "pdm"]
    assert FEATURES.at(DECEMBER) == {}


def test_what_is_missing_is_named_all_at_once_with_what_makes_it():
    wanted = [(JUNE, "pdm"), (DECEMBER, "pdm")]
    with pytest.raises(PartitionMissingError) as raised:
        require([FEATURES, tables("labels")], wanted)
    said = str(raised.value)
    for address in ("features[2024-12-31|pdm]", "labels[2024-06-30|pdm]", "labels[2024-12-31|pdm]"):
        assert address in said
    assert "features[2024-06-30|pdm]" not in said
    assert "gosales materialize" in said


def test_a_partition_that_is_not_there_is_no_key_error():
    with pytest.raises(PartitionMissingError, match="features\\[2024-12-31\\|pdm\\]"):
        FEATURES[DECEMBER, "pdm"]
