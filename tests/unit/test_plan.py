"""What a request makes: complete, in dependency order, and in as few runs as ranges allow."""

import datetime as dt

import pytest

from gosales_assets.cli.plan import Request, plan
from gosales_assets.platform import Platform
from gosales_assets.registry import CONTRACTS
from gosales_resources.errors import ScopeError
from tests.worlds import row, write_world

NAMES = list(CONTRACTS)


@pytest.fixture
def platform(tmp_path) -> Platform:
    return Platform.of(write_world(tmp_path, [row()]))


@pytest.mark.parametrize("day", ["2023-03-31", "2023-12-31", "2024-06-30", "2024-12-31"])
def test_what_one_function_makes_is_never_split(platform, day):
    # Training cutoffs and the one asked for leave a gap: several ranges of one asset.
    for batch in plan(platform, Request((dt.date.fromisoformat(day),))):
        assert ("customer_features" in batch.assets) == ("division_features" in batch.assets)
        assert ("sales_log" in batch.assets) == ("sales_ledger" in batch.assets)


def test_every_asset_is_made_after_what_it_reads(platform):
    batches = plan(platform, Request((dt.date(2024, 6, 30),)))
    first = {name: n for n, b in reversed(list(enumerate(batches))) for name in b.assets}
    assert set(first) == set(NAMES)
    for later, earlier in zip(NAMES[1:], NAMES, strict=False):
        assert first[later] >= first[earlier] or later == "dim_product"


def test_training_cutoffs_and_the_window_that_closes_them_are_planned(platform):
    batches = plan(platform, Request((dt.date(2024, 6, 30),)))
    made = {(n, c) for b in batches for n in b.assets for c in b.cutoffs}
    assert {("labels", c) for c in platform.space.training_cutoffs(dt.date(2024, 6, 30))} <= made
    assert ("fact_transactions", dt.date(2024, 12, 31)) in made
    assert ("customer_features", dt.date(2024, 9, 30)) not in made


def test_a_subset_of_divisions_leaves_the_list_over_all_alone(platform):
    batches = plan(platform, Request((dt.date(2024, 6, 30),), divisions=("simulation",)))
    assert not [b for b in batches if "whitespace" in b.assets]
    assert {b.divisions for b in batches if "scores" in b.assets} == {("simulation",)}


def test_a_division_without_a_model_is_refused_by_name(platform):
    with pytest.raises(ScopeError, match="'scanning' is predictor-only"):
        plan(platform, Request((dt.date(2024, 6, 30),), divisions=("scanning",)))
