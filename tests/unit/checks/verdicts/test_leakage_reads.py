"""What was asked for to make a partition is noted, and judged against what it may read."""

import datetime as dt

import polars as pl

from gosales_checks.verdicts.leakage import latest_days, undeclared_reads
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.upstream import Tables, noting_reads

EARLY, C, LATE = (PartitionKey(dt.date(2024, month, 1), "pdm") for month in (1, 4, 7))
TABLES = Tables("features", {key: pl.LazyFrame() for key in (EARLY, C, LATE)})


def test_only_partitions_that_were_asked_for_are_noted():
    with noting_reads() as reads:
        TABLES[EARLY]
        assert LATE in TABLES
    assert reads == {"features": {EARLY}}


def test_partitions_of_a_whole_cutoff_are_noted_too():
    with noting_reads() as reads:
        TABLES.at(C.cutoff)
    TABLES[LATE]
    assert reads == {"features": {C}}


def test_a_partition_after_the_cutoff_and_one_not_declared_are_named():
    recorded = {"features": [str(EARLY), str(C), str(LATE)]}
    found = undeclared_reads(recorded, {"features": {C}}, C.cutoff)
    assert list(found) == [
        "read features[2024-01-01|pdm], which it is not declared to read",
        "read features[2024-07-01|pdm], after the cutoff",
    ]
    assert undeclared_reads({"features": [str(C)]}, {"features": {C}}, C.cutoff) == {}


def test_a_partition_without_a_record_is_no_pass():
    assert undeclared_reads(None, {}, C.cutoff) == {"no partitions_read recorded": 1}


def test_the_latest_day_is_that_of_the_rows_themselves():
    rows = pl.DataFrame({"day": [C.cutoff, LATE.cutoff], "n": [1, 2]})
    assert latest_days(rows, ["day", "other"]) == {"day": "2024-07-01"}
    assert latest_days(rows.clear().lazy(), ["day"]) == {"day": None}
