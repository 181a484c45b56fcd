"""Every contract can be kept, and every rule of it can be broken and is then named."""

import pytest

from gosales_checks.contracts.contract import Contract, judge
from gosales_checks.contracts.registry import CONTRACTS
from tests.contracts.samples import BREAKING, breaking, rules, sample

ALL = list(CONTRACTS.values())
RULES = [(contract, rule) for contract in ALL for rule in rules(contract)]
by_name = pytest.mark.parametrize("contract", ALL, ids=lambda c: c.name)


@by_name
def test_a_sample_keeps_its_contract(contract: Contract):
    assert judge(contract, sample(contract)).violations == {}


@by_name
def test_an_empty_table_keeps_its_contract(contract: Contract):
    assert judge(contract, sample(contract).clear()).passed


@pytest.mark.parametrize(
    ("contract", "rule"), RULES, ids=[f"{contract.name}-{rule}" for contract, rule in RULES]
)
def test_a_row_that_breaks_a_rule_is_found_by_it(contract: Contract, rule: str):
    assert judge(contract, breaking(contract, rule)).violations.get(rule, 0) >= 1


@by_name
def test_a_missing_column_is_named(contract: Contract):
    name = contract.schema.column_names()[-1]
    verdict = judge(contract, sample(contract).drop(name))
    assert list(verdict.violations) == [f"schema: column {name} missing"]


@pytest.mark.parametrize("contract", [c for c in ALL if not c.open_columns], ids=lambda c: c.name)
def test_a_column_that_nobody_declared_is_named(contract: Contract):
    frame = sample(contract)
    verdict = judge(contract, frame.with_columns(frame.to_series(0).alias("more")))
    assert list(verdict.violations) == ["schema: column more not declared"]


@by_name
def test_every_table_has_a_key_and_every_column_says_what_it_is(contract: Contract):
    assert contract.key
    assert [n for n, c in contract.schema.columns().items() if not c.description] == []


def test_no_row_is_kept_for_a_rule_that_is_gone():
    assert set(BREAKING) <= {rule for _, rule in RULES}
