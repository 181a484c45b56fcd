"""Mode fail_soft: rows that break a contract are kept apart, and none is lost."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosales_checks.contracts.contract import judge
from gosales_checks.contracts.registry import TABLE_CONTRACTS
from gosales_checks.contracts.star import DIM_PRODUCT
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_checks.quarantine import split_rows
from gosales_resources.store.address import Address, Provenance
from gosales_resources.store.quarantine import (
    BROKEN_RULES,
    forget,
    quarantined,
    scan_quarantine,
    write_split,
)
from gosales_resources.store.tables import TableStore
from tests.contracts.samples import breaking, change_first, rules, sample

# By default the first rule of each table; `tests/contracts` has every rule of every one.
CASES = [
    pytest.param(
        contract, rule, id=f"{contract.name}-{rule}", marks=[pytest.mark.slow] if at else []
    )
    for contract in TABLE_CONTRACTS
    for at, rule in enumerate(rules(contract))
]
ADDRESS = Address("dim_product", dt.date(2024, 6, 30))
UNDER = Provenance("settings", "schema", "0")


@pytest.mark.parametrize(("contract", "rule"), CASES)
def test_the_row_that_breaks_a_rule_is_kept_apart_with_its_name(contract, rule):
    offered = breaking(contract, rule)
    kept, broken = split_rows(contract, offered)
    assert judge(contract, kept).passed
    assert rule in broken[BROKEN_RULES].explode().to_list()
    assert kept.height + broken.height == offered.height


def test_a_table_without_a_breach_is_left_as_it_is():
    offered = sample(DIM_PRODUCT).with_columns(more=pl.lit(1))
    kept, broken = split_rows(DIM_PRODUCT, offered)
    assert kept.equals(offered)
    assert broken.is_empty()


def test_the_first_of_a_repeated_key_stays():
    first = sample(DIM_PRODUCT).with_columns(family=pl.lit("first"))
    kept, broken = split_rows(
        DIM_PRODUCT, pl.concat([first, first.with_columns(family=pl.lit("x"))])
    )
    assert kept.equals(first)
    assert set(broken["family"]) == {"x"}


def test_a_repeated_key_stays_when_the_first_of_it_breaks_another_rule():
    both = pl.concat([sample(DIM_PRODUCT).head(1)] * 2)
    kept, broken = split_rows(DIM_PRODUCT, change_first(both, {"division": None}))
    assert kept.height == 1
    assert broken[BROKEN_RULES].to_list() == [["division|nullability"]]


def test_what_is_left_keeps_rules_over_several_rows():
    ranked = sample(WHITESPACE)
    offered = pl.concat([ranked, ranked.head(1)])
    kept, broken = split_rows(WHITESPACE, offered)
    assert kept.equals(ranked)
    assert broken[BROKEN_RULES].to_list() == [["primary_key"]]
    twice = change_first(ranked, {"place": 2})
    assert [part.height for part in split_rows(WHITESPACE, twice)] == [1, 2]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["d", None])), max_size=12))
def test_each_offered_row_is_in_exactly_one_place(rows):
    offered = pl.DataFrame(
        [
            {"sku": s, "division": d, "family": str(n), "is_target": True}
            for n, (s, d) in enumerate(rows)
        ],
        schema=sample(DIM_PRODUCT).schema,
    )
    kept, broken = split_rows(DIM_PRODUCT, offered)
    assert sorted([*kept["family"], *broken["family"]]) == sorted(offered["family"])
    firsts = {s: n for n, (s, d) in reversed(list(enumerate(rows))) if d}
    assert kept["family"].to_list() == [str(n) for n in sorted(firsts.values())]


def test_the_table_names_the_rows_kept_out_of_it_and_a_clean_one_forgets_them(tmp_path):
    store, offered = TableStore(tmp_path), breaking(DIM_PRODUCT, "primary_key")
    kept, broken = split_rows(DIM_PRODUCT, offered)
    write_split(store, ADDRESS, kept, broken, UNDER, {})
    assert quarantined(store, ADDRESS) == {"primary_key": 1}
    assert scan_quarantine(store, ADDRESS).collect().equals(broken)
    write_split(store, ADDRESS, kept, broken.clear(), UNDER, {})
    assert quarantined(store, ADDRESS) == {}
    assert scan_quarantine(store, ADDRESS) is None
    assert not list((tmp_path / "quarantine").rglob("*.parquet"))
    forget(store, ADDRESS)
