"""What died with its process is told as lost, and nothing else is."""

import datetime as dt

import dagster as dg
import pytest

from gosales_assets.operations.instance import home_of, open_instance
from gosales_assets.operations.lost import lost_in
from gosales_assets.operations.plan import Request
from gosales_assets.operations.records import begin, record_of
from gosales_assets.platform.platform import Platform
from gosales_resources.instance.alive import alive
from tests.worlds.erp import row, write_world


@dg.job
def nothing():
    pass


@pytest.fixture
def platform(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    return Platform.of(write_world(tmp_path, [row()]))


def left_by_a_kill(platform, name):
    path = home_of(platform) / "alive" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def started(instance) -> dg.DagsterRun:
    run = instance.create_run_for_job(nothing)
    event = dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, nothing.name)
    instance.report_dagster_event(event, run.run_id)
    return run


def status(instance, run):
    return instance.get_run_by_id(run.run_id).status


def test_a_run_whose_process_is_gone_has_failed_and_one_that_works_goes_on(platform):
    told = []
    with open_instance(platform) as instance:
        gone, working, of_others = (started(instance) for _ in range(3))
        left_by_a_kill(platform, gone.run_id)
        with alive(home_of(platform), working.run_id):
            assert lost_in(platform, instance, told.append) == 1
        assert status(instance, gone) is dg.DagsterRunStatus.FAILURE
        assert status(instance, working) is dg.DagsterRunStatus.STARTED
        # Nothing is known of it: it may run on another machine.
        assert status(instance, of_others) is dg.DagsterRunStatus.STARTED
    assert gone.run_id[:8] in told[0]


def test_a_command_that_was_killed_is_on_record_as_lost(platform):
    request = Request((dt.date(2024, 3, 31),))
    for name in ("killed", "working"):
        begin(platform, "materialize", request, "command line", name)
    left_by_a_kill(platform, "killed")
    with open_instance(platform) as instance, alive(home_of(platform), "working"):
        assert lost_in(platform, instance, lambda _: None) == 1
        assert lost_in(platform, instance, lambda _: None) == 0
    assert record_of(platform, "killed").status == "lost"
    assert record_of(platform, "killed").exit_code is None
    # What lies there now need not be what it read.
    assert record_of(platform, "killed").inputs == ()
    assert record_of(platform, "working").status == "running"
