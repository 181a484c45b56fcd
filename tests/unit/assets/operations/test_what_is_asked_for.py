"""What a sensor asks for, from stamps and records alone, and what it does not ask for twice."""

import dataclasses
import datetime as dt

import dagster as dg
import pytest

from gosales_assets.operations import due, jobs, sensors
from gosales_assets.operations.due import Due, cutoff_due, new_raw_data, newest_due
from gosales_assets.operations.instance import open_instance
from gosales_assets.operations.jobs import REFRESH
from gosales_assets.operations.plan import Request
from gosales_assets.operations.records import begin, end
from gosales_assets.operations.sensors import ASKED_FOR, MOST_LOST, was_asked
from gosales_assets.operations.stamps import stamps_of
from gosales_assets.platform.platform import Platform
from tests.worlds.erp import row, write_world

NEWEST, EARLIER = dt.date(2024, 12, 31), dt.date(2024, 9, 30)


@pytest.fixture
def platform(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    return Platform.of(write_world(tmp_path, [row()]))


@pytest.fixture
def with_lists(monkeypatch):
    def put(*cutoffs):
        monkeypatch.setattr(due, "lists_made", lambda _: list(cutoffs))

    return put


def ended(platform, status="done", **request):
    record = begin(platform, "materialize", Request((NEWEST,), **request), "command line", status)
    return end(platform, record, {"status": status})


def test_new_rows_are_asked_for_and_what_was_made_of_them_is_not(platform, with_lists):
    with_lists(NEWEST)
    assert isinstance(new_raw_data(platform), Due)
    ended(platform)
    assert "raw inputs are those of" in new_raw_data(platform)
    log = platform.settings.source_dir / "sales_log.csv"
    log.write_bytes(log.read_bytes() + b"\n")
    found = new_raw_data(platform)
    assert (found.cutoffs, found.state) == ((NEWEST,), stamps_of(platform))


@pytest.mark.parametrize(
    ("status", "request_", "is_due"),
    [
        ("failed", {}, False),
        ("interrupted", {}, True),
        ("lost", {}, True),
        ("done", {"assets": ("dim_date",)}, True),
        ("done", {"divisions": ("simulation",)}, True),
    ],
    ids=["failed", "interrupted", "lost", "some assets", "some divisions"],
)
def test_only_a_whole_run_that_ended_by_itself_settles_new_rows(
    platform, with_lists, status, request_, is_due
):
    with_lists(NEWEST)
    ended(platform, status, **request_)
    assert isinstance(new_raw_data(platform), Due) == is_due


def test_what_a_person_accepts_is_tried_again(platform, with_lists):
    with_lists(NEWEST)
    ended(platform, "failed")
    assert isinstance(new_raw_data(platform), str)
    snapshot = platform.settings.config_file.parent / platform.settings.contracts.schema_snapshot
    snapshot.write_text("{}", encoding="utf-8")
    assert isinstance(new_raw_data(platform), Due)


def test_a_cutoff_is_due_when_a_list_was_made_and_it_has_none(platform, with_lists):
    with_lists()
    assert "first cutoff" in cutoff_due(platform)
    with_lists(EARLIER)
    assert cutoff_due(platform).cutoffs == (NEWEST,)
    with_lists(EARLIER, NEWEST)
    assert cutoff_due(platform) == f"The list of {NEWEST} is there."


def test_a_cutoff_waits_for_its_data(platform):
    today = dt.datetime.now(dt.UTC).date()
    calendar = platform.settings.calendar.model_copy(update={"end": None, "cadence_months": 1})
    automation = platform.settings.operation.automation
    for days in (0, 40):
        waits = automation.model_copy(update={"days_after_cutoff": days})
        operation = platform.settings.operation.model_copy(update={"automation": waits})
        changes = {"operation": operation, "calendar": calendar}
        found = newest_due(Platform.of(platform.settings.model_copy(update=changes)))
        assert days <= (today - found).days <= days + 31


@dg.job(name=REFRESH)
def refresh():
    pass


def asked(instance, status, state="s"):
    run = instance.create_run_for_job(refresh, tags={ASKED_FOR: state})
    event = {
        "FAILURE": dg.DagsterEventType.RUN_FAILURE,
        "SUCCESS": dg.DagsterEventType.RUN_SUCCESS,
        "CANCELED": dg.DagsterEventType.RUN_CANCELED,
    }[status]
    instance.report_dagster_event(dg.DagsterEvent(event.value, REFRESH), run.run_id)
    return run.run_id


@pytest.mark.parametrize("status", ["SUCCESS", "CANCELED"])
def test_what_was_made_or_stopped_by_a_person_is_not_asked_for_again(platform, status):
    with open_instance(platform) as instance:
        asked(instance, status)
        assert was_asked(platform, instance, REFRESH, "s")
        assert was_asked(platform, instance, REFRESH, "another state") is None


def test_what_failed_by_what_it_found_is_not_asked_for_again(platform):
    with open_instance(platform) as instance:
        run_id = asked(instance, "FAILURE")
        record = begin(platform, REFRESH, Request((NEWEST,)), "sensor new_raw_data", run_id)
        end(platform, record, {"status": "failed"})
        assert "mend what it found" in was_asked(platform, instance, REFRESH, "s")


def test_a_lost_run_is_asked_for_again_but_not_for_ever(platform):
    with open_instance(platform) as instance:
        for number in range(MOST_LOST):
            assert was_asked(platform, instance, REFRESH, "s") is None, number
            asked(instance, "FAILURE")
        assert "were lost" in was_asked(platform, instance, REFRESH, "s")


def test_every_sensor_is_off_until_its_own_setting_turns_it_on(platform):
    names = {"new_raw_data", "cutoff_due", "window_complete", "drift_over_bound"}
    for on in ("new_raw_data", "cutoff_due", "window_complete", "drift"):
        automation = platform.settings.operation.automation.model_copy(update={on: True})
        operation = platform.settings.operation.model_copy(update={"automation": automation})
        settings = platform.settings.model_copy(update={"operation": operation})
        declared = sensors.define_sensors(dataclasses.replace(platform, settings=settings))
        running = {s.name for s in declared if s.default_status.value == "RUNNING"}
        assert running & names == {"drift_over_bound" if on == "drift" else on}


def test_between_two_lists_that_are_validated_no_other_is_asked_for(platform):
    due = Due((dt.date(2024, 3, 31), dt.date(2024, 9, 30)), "windows are over", "s")
    asked = sensors._request("window_complete", "validate", due)
    form = asked.run_config["ops"]["validate_lists"]["config"]
    assert form == {"cutoffs": "2024-03-31,2024-09-30"}
    assert jobs._validated(platform, form["cutoffs"]) == due.cutoffs
