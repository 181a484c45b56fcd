"""The side tables of features through Dagster: made where their family is on, empty where it is off."""

import polars as pl
import pytest

from gosales_assets.operations.plan import Request
from gosales_assets.operations.runs import execute
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.signals import AFFINITY_RULES, EMBEDDINGS
from gosales_resources.store.address import Address
from tests.run.worlds_run import CUTOFFS, OVERRIDES
from tests.worlds.erp import random_rows, write_world

FAMILIES = {"basket", "als", "encoder"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "off",
    [pytest.param([], id="on"), pytest.param(sorted(FAMILIES), id="off")],
)
def test_side_tables_and_columns_are_those_of_the_families_that_are_on(tmp_path, off):
    features = {"off": off, "als": {"factors": 4}, "basket": {"min_customers": 2, "max_q": 1}}
    platform = Platform.of(
        write_world(tmp_path, random_rows(60), OVERRIDES | {"features": features})
    )
    cutoff = platform.space.select_cutoffs(CUTOFFS)[0]
    outcome = execute(
        platform, Request((cutoff,), assets=("division_features",), upstream=True), lambda _: None
    )
    assert not outcome.error
    assert not outcome.failed_checks
    for contract in (AFFINITY_RULES, EMBEDDINGS):
        table = platform.store.scan_table(Address(contract.name, cutoff), None).collect()
        assert table.schema == {n: c.dtype for n, c in contract.schema.columns().items()}
        assert table.is_empty() == bool(off)
    table = platform.store.scan_table(Address("division_features", cutoff), None)
    made = {name.split("__")[0] for name in table.collect_schema().names()} & FAMILIES
    assert made == FAMILIES - set(off)
    if not off:
        signals = table.select(pl.selectors.starts_with("basket__", "als__")).collect()
        assert all(signals[name].null_count() < signals.height for name in signals.columns)
