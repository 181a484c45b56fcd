"""What a request makes: complete, in dependency order, and in as few runs as ranges allow."""

import datetime as dt

import dagster as dg
import pytest

from gosales_assets.operations.plan import Request, describe_left_out, left_out, plan
from gosales_assets.platform.platform import Platform
from gosales_assets.platform.publishing import made_from
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.errors import ScopeError
from gosales_resources.store.address import Address
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
BEFORE = dt.date(2024, 3, 31)


@pytest.mark.parametrize(
    "asked", [{}, {"assets": ("list_movement",), "upstream": True}], ids=["all", "by name"]
)
def test_the_list_before_is_looked_at_and_not_made_for_the_movement_of_this_one(platform, asked):
    batches = plan(platform, Request((DAY,), **asked))
    made = {
        (name, cutoff) for batch in batches for name in batch.assets for cutoff in batch.cutoffs
    }
    assert {("list_movement", DAY), ("whitespace", DAY), ("score_changes", DAY)} <= made
    for name in ("whitespace", "whitespace_signals", "scores", "promotion", "score_changes"):
        assert (name, BEFORE) not in made
    # Were both asked for, the movement would come after both.
    both = plan(platform, Request((BEFORE, DAY), **asked))
    at = {(n, c): number for number, b in enumerate(both) for n in b.assets for c in b.cutoffs}
    assert at["whitespace", BEFORE] <= at["list_movement", DAY]


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
    "whitespace", "list_metrics", "whitespace_slices", "list_arms", "experiment_readout",
    "score_changes", "list_movement", "list_stability", "list_exports", "surfaced",
    "list_validation", "list_calls", "list_report",
)  # fmt: skip


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


LISTED = {"whitespace": {"divisions": ["Simulation"]}}


@pytest.fixture
def of_some(tmp_path) -> Platform:
    return Platform.of(write_world(tmp_path, [row()], LISTED))


def divisions_made(platform: Platform, name: str, **asked) -> set[str]:
    batches = plan(platform, Request((DAY,), **asked))
    return {a.division for b in batches for a in b.addresses if a.asset == name}


def test_a_list_of_some_divisions_has_signals_and_slices_of_those_alone(of_some):
    for name in ("whitespace_signals", "whitespace_slices"):
        assert divisions_made(of_some, name) == {"simulation"}
    # They are models like others, and what is pooled is pooled over all.
    for name in ("scores", "labels"):
        assert divisions_made(of_some, name) == {"simulation", "solid_works"}


def test_the_divisions_of_a_list_suffice_to_make_it(of_some):
    request = Request((DAY,), divisions=("simulation",))
    assert left_out(of_some, request) == ()
    assert "whitespace" in {name for batch in plan(of_some, request) for name in batch.assets}
    assert divisions_made(of_some, "scores", divisions=("simulation",)) == {"simulation"}


def test_a_division_that_the_list_leaves_out_makes_no_list_and_no_signals(of_some):
    asked = {"divisions": ("solid_works",)}
    assert left_out(of_some, Request((DAY,), **asked)) == OF_LIST
    assert "the list ranks simulation against" in describe_left_out(
        of_some, Request((DAY,), **asked)
    )
    assert divisions_made(of_some, "whitespace_signals", **asked) == set()
    assert divisions_made(of_some, "scores", **asked) == {"solid_works"}


def test_a_list_of_some_divisions_asked_for_by_name_needs_scores_of_those_alone(of_some):
    asked = {"assets": ("whitespace",), "upstream": True}
    assert divisions_made(of_some, "scores", **asked) == {"simulation"}
    assert divisions_made(of_some, "features", **asked) == {"simulation", "solid_works"}


def test_signals_of_a_division_that_the_list_leaves_out_are_refused_by_name(of_some):
    with pytest.raises(ScopeError, match="the list leaves 'solid_works' out"):
        plan(of_some, Request((DAY,), divisions=("solid_works",), assets=("whitespace_signals",)))


def test_a_list_is_published_from_the_signals_of_its_divisions_alone(of_some):
    found = made_from(of_some.space, [Address("whitespace", DAY)])
    of_signals = {a.division for a in found if a.asset in ("whitespace_signals", "scores")}
    assert of_signals == {"simulation"}


@pytest.mark.parametrize("name", ["whitespace", "list_metrics", "list_validation"])
def test_what_a_list_was_made_from_names_the_signals_of_its_divisions_alone(of_some, name):
    contract = CONTRACTS[name]
    read = next(r for r in contract.reads if r.table.name == "whitespace_signals")
    inputs = of_some.freshness.inputs.addresses(read, contract, Address(name, DAY))
    assert inputs == [Address("whitespace_signals", DAY, "simulation")]


def test_a_list_of_all_divisions_is_signalled_in_the_run_that_scores_them(platform):
    batches = plan(platform, Request((DAY,)))
    together = [b for b in batches if "whitespace_signals" in b.assets]
    assert all("scores" in batch.assets for batch in together)


def test_no_earlier_list_is_made_for_the_challenger_of_one(platform):
    made = {a for batch in plan(platform, Request((DAY,))) for a in batch.addresses}
    assert {a.cutoff for a in made if a.asset in ("whitespace_signals", "whitespace")} == {DAY}
    assert Address("list_challenger", DAY) in made
    # What came of earlier lists is known: models are made from it.
    labels = {a.cutoff for a in made if a.asset == "labels"}
    assert set(platform.space.training_cutoffs(DAY)) <= labels


def test_a_challenger_is_stale_when_an_earlier_list_or_its_outcomes_change(platform):
    contract = CONTRACTS["list_challenger"]
    of = {
        address
        for read in contract.reads
        for address in platform.freshness.inputs.addresses(
            read, contract, Address(contract.name, DAY)
        )
    }
    past = platform.space.training_cutoffs(DAY)
    tables, divisions = ("labels", "whitespace_signals"), ("simulation", "solid_works")
    wanted = {Address(t, c, d) for t in tables for c in past for d in divisions}
    assert wanted <= of
    before = platform.freshness.inputs.of(contract, Address(contract.name, DAY))
    assert set(before) == {"labels", "whitespace_signals"}
