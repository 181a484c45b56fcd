"""What is made anew, and what is not: settings, code, raw data, checks and history, on real runs."""

import datetime as dt
import shutil

import dagster as dg
import pytest
import yaml

import gosales_checks.freshness.freshness as told
from gosales.cli.main import main
from gosales_assets.definitions import build_definitions
from gosales_assets.operations.instance import history_of, open_instance
from gosales_assets.operations.narrowing import Narrowing
from gosales_assets.operations.plan import Request, plan
from gosales_assets.operations.status import status_of
from gosales_assets.platform.platform import Platform
from gosales_assets.star.ingest import recall_digests
from gosales_checks.contracts.registry import CONTRACTS
from gosales_checks.freshness.code import Code
from gosales_resources.settings.loading import load_settings
from gosales_resources.store.address import Address
from tests.run.worlds_run import OVERRIDES, materialize, stored
from tests.worlds.erp import random_rows, write_world

EARLY, LATE = "2023-12-31", "2024-06-30"


@pytest.fixture
def world(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "w")
    return tmp_path / "w"


def platform_of(folder, **changed) -> Platform:
    return Platform.of(load_settings(folder / "gosales.yaml", changed))


def stale_of(platform: Platform) -> dict[str, set[str]]:
    """Return table -> why partitions of it are stale."""
    found: dict[str, set[str]] = {}
    with history_of(platform) as instance:
        for status in status_of(platform, instance, platform.space.cutoffs()):
            if status.state == "stale":
                found.setdefault(status.address.asset, set()).update(status.reasons)
    return found


def planned(platform: Platform, *cutoffs: str) -> set[Address]:
    """List what a request for some cutoffs makes, as a dry run tells."""
    request = Request(tuple(map(dt.date.fromisoformat, cutoffs)))
    with history_of(platform) as instance:
        log = recall_digests(platform.settings, platform.space.cutoffs(), platform.staging)
        dry = Narrowing(platform, instance, log, is_dry=True)
        left = [part for batch in plan(platform, request) for part in dry.left(batch)]
    return {address for batch in left for address in batch.addresses}


def test_a_finished_world_is_current(world):
    assert stale_of(platform_of(world)) == {}


@pytest.mark.slow
def test_code_that_made_a_table_makes_that_table_stale_and_no_other(world, monkeypatch):
    whole = Code.of_function

    def mended(self, module, function, schema):
        found = whole(self, module, function, schema)
        return "mended" if function == "prevalence" else found

    monkeypatch.setattr(told.Code, "of_function", mended)
    assert stale_of(platform_of(world)) == {"prevalence": {"code"}}
    before = stored(world, "prevalence", "violations")
    assert materialize(world) == 0
    # The same rows again: nothing that reads it is made, and what is now stored says who made it.
    assert {path.split("/")[0] for path, digest in stored(world).items()
            if before.get(path, digest) != digest} == {"prevalence"}  # fmt: skip
    assert stale_of(platform_of(world)) == {}


def test_a_setting_that_the_log_does_not_declare_does_not_have_it_read_again(world):
    # A copied file is another file: it is read once where it lies now, and nothing is made.
    before = stored(world)
    assert materialize(world) == 0
    assert stored(world) == before
    for changed in ({"models": {"seed": 3}}, {"promotion": {"margin_auc": 0.1}}):
        platform = platform_of(world, **changed)
        cutoffs = platform.space.cutoffs()
        assert recall_digests(platform.settings, cutoffs, platform.staging) is not None
    source = yaml.safe_load((world / "gosales.yaml").read_text(encoding="utf-8"))["source"]
    source["sales_log"]["home_currency"] = "EUR"
    other = platform_of(world, source={"sales_log": source["sales_log"]})
    assert recall_digests(other.settings, other.space.cutoffs(), other.staging) is None


def test_a_server_that_is_up_since_before_the_taxonomy_changed_says_what_a_fresh_one_says(world):
    up, path = platform_of(world), world / "taxonomy.csv"
    contract = CONTRACTS["fact_transactions"]
    address = Address(contract.name, dt.date(2024, 6, 30), "simulation")
    before = up.freshness.provenance_of(contract, address)
    text = path.read_text(encoding="utf-8")
    # The SKU that a route names has another home now.
    path.write_text(text.replace("Seats,Simulation", "Seats,Solid Works"), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text
    fresh = platform_of(world).freshness.provenance_of(contract, address)
    assert up.freshness.provenance_of(contract, address) == fresh
    path.write_text(text, encoding="utf-8")
    assert up.freshness.provenance_of(contract, address) == before


@pytest.mark.slow
def test_earlier_cutoffs_beside_a_current_later_one_leave_its_models_alone(tmp_path):
    write_world(tmp_path, random_rows(), OVERRIDES)
    assert materialize(tmp_path, cutoffs=LATE) == 0
    models = stored(tmp_path, "model", "pooled_model")
    platform = platform_of(tmp_path)
    made = planned(platform, EARLY, "2024-03-31", LATE)
    late = {a.asset for a in made if a.cutoff == dt.date.fromisoformat(LATE)}
    # It has earlier models to be compared with now; that is all that is new for it.
    assert "model" not in late
    assert "pooled_model" not in late
    assert {"model", "labels", "features"} <= {a.asset for a in made}
    assert materialize(tmp_path, cutoffs=f"{EARLY}..{LATE}") == 0
    after = stored(tmp_path, "model", "pooled_model")
    assert {path: after[path] for path in models} == models


def test_a_check_that_is_run_again_writes_nothing(world):
    platform = platform_of(world)
    definitions = build_definitions(platform.settings)
    before = stored(world)
    name = CONTRACTS["labels"].check_name
    key = dg.AssetCheckKey(dg.AssetKey("labels"), name)
    job = definitions.resolve_implicit_global_asset_job_def()
    only = job.get_subset(asset_selection=set(), asset_check_selection={key})
    with open_instance(platform) as instance:
        tags = {"dagster/partition": f"{LATE}|simulation"}
        result = only.execute_in_process(instance=instance, tags=tags)
        assert [e.passed for e in result.get_asset_check_evaluations()] == [True]
    assert stored(world) == before
    assert stale_of(platform_of(world)) == {}


def test_without_its_history_a_store_has_no_verdicts_and_nothing_is_published(world, capsys):
    shutil.rmtree(world / "gosales_home" / "dagster")
    before = stored(world, "whitespace")
    assert materialize(world, "--select", "whitespace", cutoffs=LATE) == 1
    said = capsys.readouterr().err
    assert "Not published" in said
    assert "no verdict of sales_log_keeps_contract" in said
    assert stored(world, "whitespace") == before
    reasons = stale_of(platform_of(world))
    assert reasons["labels"] == {"no verdict of labels_keeps_contract"}


@pytest.mark.slow
def test_without_its_history_a_store_is_made_anew_to_the_same_bytes(world):
    shutil.rmtree(world / "gosales_home" / "dagster")
    whole = stored(world)
    assert materialize(world) == 0
    assert stored(world) == whole


def test_a_run_of_one_partition_has_its_content_as_dagsters_data_version(world):
    platform = platform_of(world)
    job = build_definitions(platform.settings).resolve_implicit_global_asset_job_def()
    with open_instance(platform) as instance:
        for key in (f"{LATE}|simulation", f"{LATE}|solid_works"):
            result = job.execute_in_process(
                instance=instance, asset_selection=[dg.AssetKey("labels")], partition_key=key
            )
            (event,) = [e for e in result.all_events if e.is_step_materialization]
            tags = event.step_materialization_data.materialization.tags
            address = Address("labels", dt.date(2024, 6, 30), key.partition("|")[2])
            assert tags["dagster/data_version"] == platform.store.content(address)


def test_evaluations_of_a_range_point_to_the_materialisation_they_are_of(world):
    check = dg.AssetCheckKey(dg.AssetKey("labels"), CONTRACTS["labels"].check_name)
    with open_instance(platform_of(world)) as instance:
        log = instance.event_log_storage
        found = {i.partition_key: i for i in log.get_asset_check_partition_info([check])}
    assert f"{LATE}|simulation" in found
    assert all(info.is_current for info in found.values())
    assert all(info.latest_target_materialization_storage_id for info in found.values())


@pytest.mark.slow
def test_dagster_dev_in_the_folder_opens_the_same_graph_and_history(tmp_path):
    write_world(tmp_path, random_rows(20), OVERRIDES)
    (tmp_path / ".env").write_text("MINE=1\n", encoding="utf-8")
    assert materialize(tmp_path, "--staging-only") == 0
    lines = (tmp_path / ".env").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "MINE=1"
    said = dict(line.split("=", 1) for line in lines if "=" in line)
    assert said["GOSALES_CONFIG"] == str(tmp_path / "gosales.yaml")
    assert said["DAGSTER_HOME"] == str(tmp_path / "gosales_home" / "dagster")
    workspace = yaml.safe_load((tmp_path / "workspace.yaml").read_text(encoding="utf-8"))
    assert workspace == {"load_from": [{"python_module": "gosales_assets.definitions"}]}
    # The second time it says the same; what a person wrote since stays.
    (tmp_path / "workspace.yaml").write_text("load_from: []\n", encoding="utf-8")
    assert main(["status", "--config", str(tmp_path / "gosales.yaml")]) == 0
    assert materialize(tmp_path, "--staging-only") == 0
    assert (tmp_path / ".env").read_text(encoding="utf-8").splitlines() == lines
    assert (tmp_path / "workspace.yaml").read_text(encoding="utf-8") == "load_from: []\n"
