"""What a request makes: complete, in dependency order, and in as few runs as ranges allow."""

import datetime as dt

import dagster as dg
import pytest

from gosales_assets.operations.plan import Request, describe_left_out, left_out, plan
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.errors import ScopeError
from tests.worlds.erp import row, write_world

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
    at = {}
    for number, batch in enumerate(
        plan(platform, Request(tuple(map(dt.date.fromisoformat, days))))
    ):
        at |= {(name, c): number for name in batch.assets for c in batch.cutoffs}
    assert {name for name, _ in at} == set(NAMES)
    for (name, cutoff), number in at.items():
        for read in CONTRACTS[name].reads:
            for past in platform.space.cutoffs_read(read.span, cutoff):
                assert at.get((read.table.name, past), number) <= number


def test_what_is_read_comes_first_within_a_run(platform):
    for batch in plan(platform, Request((dt.date(2024, 6, 30),))):
        assert list(batch.assets) == sorted(batch.assets, key=NAMES.index)


@pytest.mark.parametrize("name", NAMES)
def test_the_cutoffs_of_an_asset_are_made_in_their_order(platform, name):
    batches = plan(platform, Request((dt.date(2024, 6, 30),)))
    cutoffs = [c for batch in batches if name in batch.assets for c in batch.cutoffs]
    assert cutoffs == sorted(set(cutoffs))


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


def test_a_calendar_without_an_end_is_walked_once_for_a_plan(platform, monkeypatch):
    calendar = platform.settings.calendar.model_copy(update={"end": None})
    open_ended = Platform.of(platform.settings.model_copy(update={"calendar": calendar}))
    walks = []
    walk = dg.TimeWindowPartitionsDefinition.get_partition_keys

    def counted(self, *args, **options):
        walks.append(self)
        return walk(self, *args, **options)

    monkeypatch.setattr(dg.TimeWindowPartitionsDefinition, "get_partition_keys", counted)
    assert plan(open_ended, Request((dt.date(2024, 6, 30),)))
    assert len(walks) == 1


DAY = dt.date(2024, 6, 30)


def test_what_is_made_over_all_divisions_has_what_it_reads_of_all_of_them(platform):
    batches = plan(platform, Request((DAY,), divisions=("simulation",)))
    made = {address for batch in batches for address in batch.addresses}
    inputs = platform.freshness.inputs
    lacking = {
        upstream
        for address in made
        for read in CONTRACTS[address.asset].reads
        if read.is_loaded and not read.may_be_missing
        for upstream in inputs.addresses(read, CONTRACTS[address.asset], address)
        if upstream not in made
    }
    assert lacking == set()


OF_LIST = (
    "whitespace",
    "list_metrics",
    "list_arms",
    "experiment_readout",
    "list_exports",
    "surfaced",
    "list_validation",
    "list_calls",
)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ()),
        ({"divisions": ("simulation",)}, OF_LIST),
        ({"divisions": ("simulation", "solid_works")}, ()),
        (
            {"divisions": ("simulation",), "assets": ("whitespace",), "upstream": True},
            ("whitespace",),
        ),
        ({"divisions": ("simulation",), "assets": ("scores",), "upstream": True}, ()),
        ({"divisions": ("simulation",), "assets": ("whitespace",)}, ()),
    ],
    ids=["all", "one", "all by name", "the list and what it needs", "no list", "the list alone"],
)
def test_a_list_that_some_divisions_do_not_suffice_for_is_left_out_and_told(
    platform, asked, expected
):
    request = Request((DAY,), **asked)
    assert left_out(platform, request) == expected
    made = {name for batch in plan(platform, request) for name in batch.assets}
    wants_list = "whitespace" in (request.assets or CONTRACTS)
    assert ("whitespace" in made) == (wants_list and not expected)
    told = describe_left_out(platform, request)
    assert (told is not None) == bool(expected)
    if told:
        assert "gosales materialize --cutoffs 2024-06-30 (without --divisions" in told
