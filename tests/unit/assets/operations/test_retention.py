"""Old runs and records go; what says where a stored partition comes from stays."""

import dataclasses
import datetime as dt

import dagster as dg
import pytest

from gosales_assets.operations.instance import home_of, open_instance
from gosales_assets.operations.plan import Request
from gosales_assets.operations.records import begin, end, records
from gosales_assets.operations.retention import prune, prune_daily
from gosales_assets.platform.platform import Platform
from tests.worlds.erp import row, write_world

SOON = dt.timedelta(minutes=1)
DAYS = dg.StaticPartitionsDefinition(["2024-03-31", "2024-06-30"])


@dg.asset(partitions_def=DAYS)
def dim_date() -> None:
    """Stands for any table."""


@pytest.fixture
def platform(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    return Platform.of(write_world(tmp_path, [row()]))


@pytest.fixture
def instance(platform):
    with open_instance(platform) as instance:
        # Made, made anew, and another partition.
        for day in ("2024-03-31", "2024-03-31", "2024-06-30"):
            assert dg.materialize([dim_date], instance=instance, partition_key=day).success
        yield instance


def test_nothing_that_is_young_goes(platform, instance):
    before = logs(platform)
    found = prune(platform, instance, dt.datetime.now(dt.UTC) - SOON)
    assert (found.runs, found.logs, found.records) == (0, 0, 0)
    assert logs(platform) == before
    assert len(before) == 3


def test_of_a_run_that_made_what_is_stored_the_log_alone_goes(platform, instance):
    newest = latest(instance)
    found = prune(platform, instance, dt.datetime.now(dt.UTC) + SOON)
    assert (found.runs, found.logs) == (1, 2)
    assert latest(instance) == newest
    assert {run.run_id for run in instance.get_runs()} == set(newest.values())
    assert logs(platform) == []


def test_records_of_old_commands_go_and_their_lines_stay(platform, instance):
    record = begin(platform, "x", Request((dt.date(2024, 3, 31),)), "command line", "first")
    end(platform, record, {"status": "done"})
    begin(platform, "x", Request((dt.date(2024, 3, 31),)), "command line", "second")
    assert prune(platform, instance, dt.datetime.now(dt.UTC) + SOON).records == 1
    assert [one.id for one in records(platform)] == ["second"]
    assert (platform.settings.store_root / "runs" / "runs.jsonl").read_text().count("\n") == 1


def test_it_is_done_once_a_day(platform, instance):
    operation = platform.settings.operation.model_copy(update={"keep_runs_days": -1})
    settings = platform.settings.model_copy(update={"operation": operation})
    eager = dataclasses.replace(platform, settings=settings)
    assert prune_daily(eager, instance).runs == 1
    assert dg.materialize([dim_date], instance=instance, partition_key="2024-03-31").success
    assert prune_daily(eager, instance).runs == 0


def latest(instance) -> dict[str, str]:
    found = {}
    for key in DAYS.get_partition_keys():
        asked = dg.AssetRecordsFilter(asset_key=dg.AssetKey("dim_date"), asset_partitions=[key])
        (record,) = instance.fetch_materializations(asked, limit=1).records
        found[key] = record.run_id
    return found


def logs(platform) -> list[str]:
    folder = home_of(platform) / "history" / "runs"
    return sorted(path.name for path in folder.glob("*.db") if path.name != "index.db")
