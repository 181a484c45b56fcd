"""Which partition reads which is said twice, to Dagster and to everybody else: both say the same."""

import datetime as dt
from typing import get_args

import dagster as dg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.dates import Partitioning
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.partitions.space import dagster_key, expecting_beta_warnings
from gosales_resources.settings.loading import load_settings
from tests.worlds.erp import SETTINGS, row, write_world

EDGES = [
    (contract, read)
    for contract in CONTRACTS.values()
    for read in contract.reads
    if contract.name != "violations" or read.table.name in ("sales_log", "labels", "model")
]
# What is neither an input nor an arrow has no mapping.
MAPPED = [
    (contract, read)
    for contract, read in EDGES
    if read.is_loaded or read.is_drawn or contract.name == "violations"
]
WORLDS = {
    "quarters": {},
    "sets of SKUs": {"divisions": SETTINGS["divisions"] | {"sku_targets": {"Seats": ["Seats"]}}},
    "wide windows": {"labels": {"min_positive_target": 5, "max_window_months": 12}},
    "months": {"calendar": SETTINGS["calendar"] | {"cadence_months": 1}},
    "short windows": {"labels": {"window_months": 3}, "models": {"training_cutoffs": 2}},
    "a list of some": {"whitespace": {"divisions": ["Simulation"]}},
    "one incumbent": {"promotion": {"incumbents": 1}},
}


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reads")
    write_world(folder, [row()])
    return folder / "gosales.yaml"


@pytest.mark.parametrize("name", WORLDS)
@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_dagsters_mapping_and_ours_agree(config, name, data):
    platform = Platform.of(load_settings(config, WORLDS[name]))
    contract, read = data.draw(st.sampled_from(MAPPED), label="edge")
    keys = platform.space.keys(contract.partitioned_by, platform.space.cutoffs())
    key = data.draw(st.sampled_from(keys), label="partition")
    with expecting_beta_warnings():
        own, upstream = platform.partitions_of(contract), platform.partitions_of(read.table)
        mapping = platform.mapping(contract, read)
        subset = own.subset_with_partition_keys([dagster_key(own, key)])
        result = mapping.get_upstream_mapped_partitions_result_for_partitions(subset, own, upstream)
    theirs = {PartitionKey.of(k) for k in result.partitions_subset.get_partition_keys()}
    ours = platform.space.keys_read(
        read.span, read.table.partitioned_by, contract.partitioned_by, key
    )
    assert set(ours) == theirs
    assert len(ours) == len(theirs)


def test_the_divisions_of_a_table_are_those_of_its_partitions(config):
    platform = Platform.of(load_settings(config))
    with expecting_beta_warnings():
        for partitioned_by in get_args(Partitioning):
            definition = platform.space.definition(partitioned_by)
            keys = platform.space.keys(partitioned_by, platform.space.cutoffs())
            assert sorted(map(str, keys)) == sorted(map(str, definition.get_partition_keys()))


def test_no_partition_up_to_the_list_reads_past_its_cutoff(config):
    platform = Platform.of(load_settings(config))
    for contract, read in EDGES:
        if read.span in ("label_window", "up_to_window_end"):
            continue
        key = PartitionKey(
            dt.date(2024, 6, 30), platform.space.divisions(contract.partitioned_by)[0]
        )
        found = platform.space.keys_read(
            read.span, read.table.partitioned_by, contract.partitioned_by, key
        )
        assert all(upstream.cutoff <= key.cutoff for upstream in found)


def test_a_key_is_read_as_dagster_prints_it():
    key = dg.MultiPartitionKey({"cutoff": "2024-06-30", "division": "pdm"})
    assert PartitionKey.of(key) == (dt.date(2024, 6, 30), "pdm")
    assert str(PartitionKey.of(key)) == str(key)
