"""`show --where` and `--columns`: typed by the table, nothing evaluated, the nearest name offered."""

import datetime as dt

import polars as pl
import pytest

from gosales.cli.conditions import columns_named, conditions
from gosales_resources.errors import ScopeError

TABLE = pl.DataFrame(
    {
        "name": ["Acme (UK)", "acme", "Zeta", "", None],
        "rank": pl.Series([1, 2, 3, 4, None], dtype=pl.UInt32),
        "p": [0.5, 0.25, 0.1, None, 0.9],
        "day": [dt.date(2024, 1, n) for n in range(1, 6)],
        "seen": pl.Series([dt.datetime(2024, 1, n, 12) for n in range(1, 6)]).dt.replace_time_zone("UTC"),
        "is_won": [True, False, True, False, None],
        "kind": pl.Series(["a", "b", "a", "b", None], dtype=pl.Enum(["a", "b"])),
        "parts": [[1], [2], [3], [4], [5]],
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        (["rank<=2"], [0, 1]),
        (["rank > 2"], [2, 3]),
        (["p>=0.25", "rank!=1"], [1, 4]),
        (["name=Acme (UK)"], [0]),
        (["name~ACME"], [0, 1]),
        (["name~(uk"], [0]),
        (["name="], [3, 4]),
        (["rank!="], [0, 1, 2, 3]),
        (["day=2024-01-03"], [2]),
        (["seen>2024-01-04T00:00"], [3, 4]),
        (["is_won=yes"], [0, 2]),
        (["kind=b"], [1, 3]),
        (["kind=c"], []),
    ],
)
def test_a_condition_holds_of_the_rows_it_names(asked, rows):
    found = TABLE.with_row_index("at").filter(*conditions(asked, TABLE.schema, "t"))
    assert found["at"].to_list() == rows


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("rnk=1", "t has no column 'rnk'. Did you mean 'rank'?"),
        ("rank", "write it as COLUMN=VALUE"),
        ("rank=1; DROP", "'1; DROP' is no number"),
        ("day=yesterday", "is no date, such as 2024-12-31"),
        ("is_won=maybe", "is no true or false"),
        ("parts=1", "parts is no single value"),
        ("rank>", "the value is missing"),
    ],
)
def test_what_is_no_condition_of_the_table_is_said(asked, told):
    with pytest.raises(ScopeError) as error:
        conditions([asked], TABLE.schema, "t")
    assert told in str(error.value)


def test_columns_come_as_they_are_named_and_once():
    assert columns_named("p, name,p", TABLE.schema, "t") == ["p", "name"]
    with pytest.raises(ScopeError, match="Did you mean 'name'"):
        columns_named("nam", TABLE.schema, "t")
