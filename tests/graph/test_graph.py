"""The graph is the one that was agreed on, and no asset goes unchecked."""

import datetime as dt

import dagster as dg
import pytest

from gosales_assets.definitions import build_definitions
from gosales_checks.contracts.registry import CONTRACTS, made_together
from gosales_checks.freshness.code import Code
from gosales_checks.freshness.settings_read import check_paths, setting_paths
from gosales_resources.partitions.space import PartitionSpace, expecting_beta_warnings
from gosales_resources.settings.tree import Settings
from tests.graph.snapshot import GOLDEN, describe_graph
from tests.worlds.erp import SETTINGS, row, write_world

# Places, names, bounds of checks, and what every table depends on anyway.
MOVES_NO_NUMBER = [
    "config_file",
    "contracts.prevalence_max_ratio",
    "contracts.rejects_block_frac",
    "contracts.rejects_warn_frac",
    "contracts.restatements",
    "contracts.row_count_max_ratio",
    "contracts.row_count_min_increments",
    "contracts.row_count_min_ratio",
    "contracts.schema_snapshot",
    "divisions.names",
    "mode",
    "name",
    "source.base_dir",
    "operation.automation.cutoff_due",
    "operation.automation.days_after_cutoff",
    "operation.automation.drift",
    "operation.automation.new_raw_data",
    "operation.automation.refresh_cron",
    "operation.automation.time_zone",
    "operation.automation.window_complete",
    "operation.gauntlet_first",
    "operation.keep_runs_days",
    "operation.owners",
    "operation.threads",
    "storage.root",
    "storage.url",
    "validation.lift10_min",
]


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    with expecting_beta_warnings():
        settings = write_world(tmp_path_factory.mktemp("graph"), [row()])
        yield build_definitions(settings).resolve_asset_graph()


def test_the_graph_is_the_one_agreed_on():
    message = "read the difference, then: python -m tests.graph.snapshot"
    assert describe_graph() == GOLDEN.read_text(encoding="utf-8"), message


def test_assets_and_contracts_are_the_same_set(graph):
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == set(CONTRACTS)


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS.keys())
def test_every_asset_has_a_blocking_check_of_its_contract(graph, contract):
    check = graph.get(dg.AssetCheckKey(dg.AssetKey(contract.name), contract.check_name))
    assert check.blocking
    assert check.partitions_def == graph.get(dg.AssetKey(contract.name)).partitions_def


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS.keys())
def test_the_code_version_of_an_asset_is_the_digest_of_the_code_that_makes_it(graph, contract):
    room, _, function = contract.made_by.partition(".")
    schema = (contract.schema.__module__, contract.schema.__name__)
    digest = Code.installed().of_function(f"gosales_assets.{room}.assets", function, schema)
    assert graph.get(dg.AssetKey(contract.name)).code_version == digest


@pytest.mark.parametrize("name", CONTRACTS)
def test_contracts_are_listed_in_the_order_of_the_graph(graph, name):
    order = list(CONTRACTS)
    parents = {key.to_user_string() for key in graph.get(dg.AssetKey(name)).parent_keys}
    assert all(order.index(parent) < order.index(name) for parent in parents - {name})


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS.keys())
def test_settings_reach_a_table_along_the_edges_of_the_graph(graph, contract):
    parents = {key.to_user_string() for key in graph.get(dg.AssetKey(contract.name)).parent_keys}
    declared = {read.table.name for read in contract.reads if read.is_drawn}
    assert declared == parents - {contract.name}
    # An order among its own partitions, which carries no settings.
    assert (contract.name in parents) == (contract.after_own is not None)


def test_a_setting_either_makes_some_table_stale_or_is_known_to_move_no_number():
    check_paths(CONTRACTS)
    named = {
        t.partition("@")[0] for c in CONTRACTS.values() for t in (*c.settings, *c.settings_here)
    }
    sections = {path.rpartition(".")[0] for path in setting_paths(Settings)}
    leaves = set(setting_paths(Settings)) - sections
    # Alerts and pages tell of numbers; all of their settings move none.
    leaves = {leaf for leaf in leaves if not leaf.startswith(("alerts.", "pages."))}
    covered = {leaf for leaf in leaves for name in named if f"{leaf}.".startswith(f"{name}.")}
    assert sorted(leaves - covered) == sorted(MOVES_NO_NUMBER)


def test_no_target_reads_another_target_but_through_a_table_over_all(graph):
    # A daemon backfill runs one division at a time: the others would not exist yet (DESIGN.md).
    for line in describe_graph().splitlines():
        if "reads" in line and "|simulation <-" in line:
            assert "," not in line


def read_by(settings: Settings, name: str, of: str, key: str) -> set[str]:
    """List the partition keys of a table that a partition of another reads, by Dagster."""
    return mapped(build_definitions(settings).resolve_asset_graph(), name, of, {key})


def mapped(graph, name: str, of: str, keys: set[str]) -> set[str]:
    """List the partition keys of a table that partitions of another wait for."""
    mine, theirs = dg.AssetKey(name), dg.AssetKey(of)
    here, there = (graph.get(k).partitions_def for k in (mine, theirs))
    assert here is not None
    assert there is not None
    subset = here.subset_with_partition_keys(sorted(keys))
    mapping = graph.get_partition_mapping(mine, theirs)
    found = mapping.get_upstream_mapped_partitions_result_for_partitions(subset, here, there)
    return {str(k) for k in found.partitions_subset.get_partition_keys()}


def test_violations_come_after_every_table_of_their_cutoff(tmp_path):
    # The daemon starts what the arrows let it: a table that is not before them would go unlooked at.
    with expecting_beta_warnings():
        settings = write_world(tmp_path, [row()])
        graph, space = build_definitions(settings).resolve_asset_graph(), PartitionSpace(settings)
        cutoff = dt.date(2024, 6, 30)
        before = {name: set() for name in CONTRACTS} | {"violations": {str(cutoff)}}
        # Backwards through the graph: whatever reads a table was met before it.
        for name in reversed(CONTRACTS):
            # Those made together are made in one step.
            together = made_together([name])
            before |= dict.fromkeys(together, set().union(*(before[one] for one in together)))
            for parent in graph.get(dg.AssetKey(name)).parent_keys if before[name] else ():
                of = parent.to_user_string()
                before[of] = before[of] | mapped(graph, name, of, before[name])
    for name, contract in CONTRACTS.items():
        wanted = set(map(str, space.keys(contract.partitioned_by, [cutoff])))
        assert wanted <= before[name], name


def test_labels_of_a_set_of_skus_read_the_facts_of_all_divisions_and_of_others_their_own(tmp_path):
    sets = {"divisions": SETTINGS["divisions"] | {"sku_targets": {"Seats": ["Seats"]}}}
    with expecting_beta_warnings():
        settings = write_world(tmp_path, [row()], sets)
        space = PartitionSpace(settings)
        for target, divisions in (
            ("seats", ["scanning", "simulation", "solid_works"]),
            ("simulation", ["simulation"]),
        ):
            key = f"2024-03-31|{target}"
            found = read_by(settings, "labels", "fact_transactions", key)
            cutoffs = space.cutoffs_read("up_to_window_end", dt.date(2024, 3, 31))
            assert found == {f"{c}|{d}" for c in cutoffs for d in divisions}
            # It gets a model like any other, from its own tables.
            models = read_by(settings, "model", "labels", key)
            assert {k.split("|")[1] for k in models} == {target}


def test_where_windows_may_be_widened_every_increment_of_the_widest_is_read(tmp_path):
    wide = {"labels": {"min_positive_target": 5, "max_window_months": 9}}
    with expecting_beta_warnings():
        settings = write_world(tmp_path, [row()], wide)
        facts = read_by(settings, "labels", "fact_transactions", "2024-03-31|simulation")
        assert max(facts) == "2024-12-31|simulation"
        # Four training cutoffs, and one more for the one whose window may be widened past C.
        models = read_by(settings, "model", "labels", "2024-12-31|simulation")
    cutoffs = sorted(key.split("|")[0] for key in models)
    assert (cutoffs[0], cutoffs[-1], len(cutoffs)) == ("2023-06-30", "2024-06-30", 5)


def test_the_command_line_plans_together_what_one_function_makes(graph):
    together = {
        frozenset(key.path[-1] for key in definition.keys)
        for definition in graph.assets_defs
        if len(definition.keys) > 1
    }
    declared = {frozenset(made_together([name])) for name in CONTRACTS}
    assert {names for names in declared if len(names) > 1} == together
