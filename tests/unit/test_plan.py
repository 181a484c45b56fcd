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


@pytest.mark.parametrize("days", [["2024-06-30"], ["2024-06-30", "2024-09-30"]], ids=["one", "two"])
def test_everything_is_made_after_what_it_reads(platform, days):
    batches = plan(platform, Request(tuple(map(dt.date.fromisoformat, days))))
    order = [(name, c) for b in batches for name in b.assets for c in b.cutoffs]
    at = {
        made: n
        for n, b in enumerate(batches)
        for made in ((a, c) for a in b.assets for c in b.cutoffs)
    }
    assert {name for name, _ in order} == set(NAMES)
    for name, cutoff in order:
        for read in CONTRACTS[name].reads:
            for past in platform.space.cutoffs_read(read.span, cutoff):
                assert at.get((read.table.name, past), -1) <= at[name, cutoff]


def test_what_is_read_comes_first_within_a_run(platform):
    for batch in plan(platform, Request((dt.date(2024, 6, 30),))):
        assert list(batch.assets) == sorted(batch.assets, key=NAMES.index)


def test_the_cutoffs_of_an_asset_are_made_in_their_order(platform):
    made = [
        (n, c)
        for b in plan(platform, Request((dt.date(2024, 6, 30),)))
        for n in b.assets
        for c in b.cutoffs
    ]
    for name in NAMES:
        cutoffs = [c for n, c in made if n == name]
        assert cutoffs == sorted(cutoffs)


def test_ranges_with_a_gap_take_two_runs_of_what_is_made_together(platform):
    batches = plan(platform, Request((dt.date(2024, 6, 30),)))
    of_roster = [b for b in batches if "dim_customer" in b.assets]
    assert len(of_roster) == 2
    assert all("customer_enrichment" in batch.assets for batch in of_roster)


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
