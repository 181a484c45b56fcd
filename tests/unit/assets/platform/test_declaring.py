"""How an asset is declared: alike what is made together, owned by whom the settings say, in its currency."""

import dataclasses
from pathlib import Path

import dagster as dg
import pytest

from gosales_assets.definitions import build_definitions
from gosales_assets.platform import descriptions
from gosales_assets.platform.descriptions import Described, code_references
from gosales_assets.platform.platform import Platform
from gosales_assets.platform.publishing import made_from
from gosales_checks.contracts.features import CUSTOMER_FEATURES, DIVISION_FEATURES
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.registry import CONTRACTS
from gosales_checks.contracts.star import SALES_LEDGER, SALES_LOG, SALES_LOG_REJECTS
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.errors import ContractError, SettingsError
from gosales_resources.partitions.space import expecting_beta_warnings
from gosales_resources.settings.loading import load_settings
from gosales_resources.store.address import Address
from tests.worlds.erp import SETTINGS, row, write_world

LATE = "2024-06-30"


@pytest.fixture
def platform(tmp_path) -> Platform:
    return Platform.of(write_world(tmp_path, [row()]))


def test_tables_that_read_otherwise_are_not_made_together(platform):
    other = dataclasses.replace(DIVISION_FEATURES, reads=DIVISION_FEATURES.reads[:1])
    with pytest.raises(ContractError, match=r"division_features and customer_features .* reads"):
        platform.tables(CUSTOMER_FEATURES, other)


def test_a_table_that_is_said_to_be_made_with_others_is_not_left_out(platform):
    with pytest.raises(ContractError, match="sales_log_rejects"):
        platform.tables(SALES_LOG, SALES_LEDGER)
    assert platform.tables(SALES_LOG, SALES_LOG_REJECTS, SALES_LEDGER)


def test_money_has_the_currency_of_the_settings_as_its_unit(tmp_path):
    source = SETTINGS["source"]
    log = source["sales_log"] | {"home_currency": "GBP"}
    settings = write_world(tmp_path, [row()], {"source": source | {"sales_log": log}})
    columns = {c.name: c.description for c in Described(WHITESPACE, settings).columns}
    assert columns["ev"].endswith("Unit: GBP (home currency).")
    assert "USD" not in " ".join(filter(None, columns.values()))
    assert not [name for c in CONTRACTS.values() for name in c.schema.columns() if "usd" in name]


def test_the_owners_of_the_settings_own_every_asset(tmp_path):
    owners = ["team:revenue", "ann@example.com"]
    settings = write_world(tmp_path, [row()], {"operation": {"owners": owners}})
    with expecting_beta_warnings():
        graph = build_definitions(settings).resolve_asset_graph()
    for name in CONTRACTS:
        assert sorted(graph.get(dg.AssetKey(name)).owners) == sorted(owners)
    with pytest.raises(SettingsError, match="write team:name or an e-mail address"):
        load_settings(tmp_path / "gosales.yaml", {"operation": {"owners": ["ann"]}})


def test_what_is_published_rests_on_everything_it_is_made_from(platform):
    day = platform.space.select_cutoffs(LATE)[0]
    found = made_from(platform.space, [Address(WHITESPACE.name, day)])
    tables = {address.asset for address in found}
    assert {"sales_log", "sales_ledger", "fact_transactions", "purchase_history", "scores",
            "promotion", "features", "labels", "dim_customer", "customer_enrichment"} <= tables  # fmt: skip
    # A model that failed is promotion's business: an earlier one may score.
    assert "model" not in tables
    # What nothing up to the list is made of stops no list.
    assert not tables & {"label_audit", "prevalence", "feature_stats", "list_exports", "violations"}
    assert max(a.cutoff for a in found if a.asset in ("features", "dim_customer")) == day


def test_labels_rest_on_later_facts_up_to_the_end_of_their_window(platform):
    day = platform.space.select_cutoffs("2023-12-31")[0]
    found = made_from(platform.space, [Address(LABELS.name, day, "simulation")])
    assert str(max(a.cutoff for a in found if a.asset == "fact_transactions")) == LATE
    assert {a.division for a in found if a.asset == "fact_transactions"} == {"simulation"}


def test_the_link_to_the_code_leads_to_the_function_that_makes_a_table(platform):
    with expecting_beta_warnings():
        graph = build_definitions(platform.settings).resolve_asset_graph()
        told = graph.get(dg.AssetKey(WHITESPACE.name)).metadata["dagster/code_references"]
    (place,) = told.code_references
    line = Path(place.file_path).read_text(encoding="utf-8").splitlines()[place.line_number - 1]
    assert line.strip() == "@platform.tables(WHITESPACE, LIST_METRICS, LIST_ARMS)"
    assert place.label == f"gosales_assets/whitespace/assets.py:{place.line_number}"


def test_a_column_goes_back_to_those_of_its_name_in_what_its_table_reads(platform):
    lineage = Described(WHITESPACE, platform.settings).lineage
    for column, deps in lineage.items():
        for dep in deps:
            upstream = CONTRACTS[dep.asset_key.path[-1]]
            assert upstream in [read.table for read in WHITESPACE.reads]
            assert dep.column_name == column in upstream.schema.columns()
    assert [dep.asset_key.path[-1] for dep in lineage["p_icp"]] == ["whitespace_signals"]
    assert [dep.asset_key.path[-1] for dep in lineage["rep"]] == ["dim_customer", "rep_ownership"]
    assert "rank" not in lineage


def test_an_installed_package_has_no_link_to_its_code(monkeypatch):
    monkeypatch.setattr(descriptions, "IS_CHECKOUT", False)
    assert code_references(build_definitions) == {}


def test_a_function_of_elsewhere_has_no_link():
    assert code_references(dataclasses.replace) == {}
