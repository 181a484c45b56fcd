"""The assets: what they store is what their pure functions make, and nothing goes out unproven."""

import dagster as dg
import pytest

from gosales_assets.delivery.assets import list_exports, list_report, surfaced
from gosales_assets.delivery.checks import define_checks
from gosales_assets.delivery.exports import build_exports
from gosales_assets.delivery.listed import ListTerms
from gosales_assets.platform.platform import BUNDLES, TABLES, Platform
from gosales_checks.contracts.delivery import LIST_EXPORTS, SURFACED
from gosales_checks.contracts.list_report import LIST_REPORT
from gosales_checks.contracts.movement import LIST_MOVEMENT
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_checks.partition_checks import CONTENT
from gosales_resources.errors import ScopeError
from gosales_resources.partitions.space import expecting_beta_warnings
from gosales_resources.store.address import Address
from gosales_resources.store.io_managers import BundleIOManager, TableIOManager
from tests.worlds.erp import random_rows, write_world
from tests.worlds.lists import BASE_RATE, DAY, list_of

TABLE = list_of({"rep": "Ann"}, BASE_RATE, {"is_selected": False}, {"customer_id": "007"})
LIST = Address(WHITESPACE.name, DAY)


@pytest.fixture
def platform(tmp_path):
    platform = Platform.of(write_world(tmp_path, random_rows(1)))
    provenance = platform.freshness.provenance_of(WHITESPACE, LIST)
    platform.store.write_table(LIST, TABLE, provenance)
    return platform


def prove(platform: Platform, instance: dg.DagsterInstance, *, passed: bool = True) -> None:
    """Record the verdict that a run of the list leaves."""
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(WHITESPACE.name),
            check_name=WHITESPACE.check_name,
            passed=passed,
            partition=f"{DAY}",
            metadata={CONTENT: platform.store.content(LIST)},
        )
    )


def deliver(platform: Platform, instance: dg.DagsterInstance):
    tables = {c.name: platform.spec_of(c) for c in (WHITESPACE, SURFACED)}
    bundles = {c.name: platform.spec_of(c) for c in (LIST_EXPORTS, LIST_REPORT)}
    with expecting_beta_warnings():
        stored = dg.AssetSpec(
            WHITESPACE.name, partitions_def=platform.partitions_of(WHITESPACE)
        ).with_io_manager_key(TABLES)
        definitions = [list_exports(platform), list_report(platform), surfaced(platform)]
        return dg.materialize(
            [
                stored,
                *definitions,
                *platform.contract_checks(definitions),
                *define_checks(platform),
            ],
            resources={
                TABLES: TableIOManager(platform.store, tables),
                BUNDLES: BundleIOManager(platform.store, bundles),
            },
            instance=instance,
            partition_key=f"{DAY}",
            raise_on_error=False,
        )


def test_files_and_surfaced_rows_are_stored_checked_and_the_same_twice(platform):
    settings = platform.settings
    wanted = build_exports(TABLE.lazy(), ListTerms(DAY, "USD", 6), settings.delivery)
    with dg.DagsterInstance.ephemeral() as instance:
        prove(platform, instance)
        results = [deliver(platform, instance) for _ in range(2)]
    for result in results:
        assert result.success
        verdicts = {e.check_name: e.passed for e in result.get_asset_check_evaluations()}
        names = ("list_exports", "list_report", "surfaced")
        assert verdicts == {f"{name}_keeps_contract": True for name in names}
    assert platform.read_bundle(LIST_EXPORTS, DAY) == wanted
    rows = platform.read(SURFACED, DAY).select("customer_id", "rep", "rank").collect().rows()
    assert rows == [("0001", "Ann", 1), ("007", "Ann", 3)]
    versions = [
        {e.asset_key.path[-1]: e.tags["dagster/data_version"] for e in materialised(result)}
        for result in results
    ]
    assert versions[0] == versions[1]


def materialised(result) -> list[dg.AssetMaterialization]:
    return [
        e.step_materialization_data.materialization
        for e in result.get_asset_materialization_events()
    ]


@pytest.mark.parametrize("verdict", [None, False], ids=["without a verdict", "failed"])
def test_nothing_goes_out_of_a_list_that_has_not_passed(platform, verdict):
    with dg.DagsterInstance.ephemeral() as instance:
        if verdict is not None:
            prove(platform, instance, passed=verdict)
        result = deliver(platform, instance)
    assert not result.success
    told = [str(e.step_failure_data.error) for e in result.get_step_failure_events()]
    assert any("Not published" in text and f"whitespace[{DAY}]" in text for text in told)
    for contract in (LIST_EXPORTS, LIST_REPORT, SURFACED):
        assert not platform.store.has(Address(contract.name, DAY))


def test_the_page_tells_nothing_of_a_table_that_has_not_passed(platform):
    beside = Address(LIST_MOVEMENT.name, DAY)
    told = LIST_MOVEMENT.schema.create_empty()
    platform.store.write_table(
        beside, told, platform.freshness.provenance_of(LIST_MOVEMENT, beside)
    )
    with dg.DagsterInstance.ephemeral() as instance:
        prove(platform, instance)
        result = deliver(platform, instance)
    told = [str(e.step_failure_data.error) for e in result.get_step_failure_events()]
    assert len(told) == 1
    assert f"list_movement[{DAY}]: no verdict of list_movement_keeps_contract" in told[0]
    # The list itself goes out: it is not made from what is told beside it.
    assert platform.store.has(Address(LIST_EXPORTS.name, DAY))
    assert not platform.store.has(Address(LIST_REPORT.name, DAY))


@pytest.mark.parametrize(
    "given",
    [{"columns": ["rank", "reson"]}, {"crm": {"columns": {"reson": "x"}}}],
    ids=["files", "crm"],
)
def test_settings_that_name_no_column_of_the_list_are_told_before_anything_runs(tmp_path, given):
    settings = write_world(tmp_path, random_rows(1), {"delivery": given})
    with pytest.raises(ScopeError, match=r"delivery.*'reson'"):
        list_exports(Platform.of(settings))


def test_a_change_of_what_is_delivered_makes_the_files_stale_and_the_list_not(tmp_path):
    address = Address(LIST_EXPORTS.name, DAY)
    plain, other = (
        Platform.of(write_world(tmp_path, random_rows(1), {"delivery": given}))
        for given in ({}, {"decimals": 2})
    )
    files = [p.freshness.provenance_of(LIST_EXPORTS, address) for p in (plain, other)]
    lists = [p.freshness.provenance_of(WHITESPACE, LIST) for p in (plain, other)]
    assert files[0].settings_hash != files[1].settings_hash
    assert lists[0].settings_hash == lists[1].settings_hash
