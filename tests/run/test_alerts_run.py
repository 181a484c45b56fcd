"""Alerts on a real Dagster instance: what failing checks and runs tell, over ranges and single ones."""

import json

import dagster as dg
import pytest

from gosales_assets.definitions import build_definitions
from gosales_assets.operations.alerts import NAME, collect_and_deliver
from gosales_assets.operations.batches import RANGE_END, RANGE_START
from gosales_assets.operations.instance import open_instance
from gosales_assets.operations.tags import COMMAND, JOB
from gosales_assets.platform.platform import Platform
from gosales_checks.partition_checks import partition_check
from gosales_resources.delivery.outbox import Outbox
from gosales_resources.partitions.space import expecting_beta_warnings
from tests.worlds.alerts import HOSTILE, receiver
from tests.worlds.erp import random_rows, write_world

FIRST, LAST = "2024-03-31|simulation", "2024-06-30|solid_works"
ALERTS = {
    "enabled": True,
    "digest_hour": None,
    "ui_url": "https://ui.example/dagster/",
    "sinks": {"file": {"kind": "file"}, "team": {"kind": "apprise", "url_variable": "TEAM_URL"}},
    "routes": [{"sink": "file"}, {"sink": "team", "lowest": "ERROR"}],
}
# Partition -> what is found there, and whether the asset behind the check fails.
WRONG: dict[str, dict[str, int]] = {}
BROKEN: list[str] = []


@pytest.fixture
def platform(tmp_path, monkeypatch) -> Platform:
    monkeypatch.setenv("DAGSTER_HOME", "")
    WRONG.clear()
    BROKEN.clear()
    return Platform.of(write_world(tmp_path, random_rows(1), {"alerts": ALERTS}))


@pytest.fixture
def job(platform) -> dg.JobDefinition:
    """A table with a blocking check, one made from it, and one beside it that may raise."""
    with expecting_beta_warnings():
        of_targets = platform.space.definition("target_cutoff")
        how = {"partitions_def": of_targets, "backfill_policy": dg.BackfillPolicy.single_run()}

        @dg.asset(**how)
        def scores() -> None: ...

        @dg.asset(deps=["scores"], **how)
        def whitespace() -> None: ...

        @dg.asset(**how)
        def labels() -> None:
            if BROKEN:
                raise ValueError(BROKEN[0])

        check = partition_check(
            "scores",
            "lift_above_floor",
            "lift",
            of_targets,
            lambda address: WRONG.get(str(address.key), {}),
            lambda address: f"content of {address.key}",
            blocking=True,
            severity=dg.AssetCheckSeverity.ERROR,
        )
        definitions = dg.Definitions(
            assets=[scores, whitespace, labels],
            asset_checks=[check],
            executor=dg.in_process_executor,
        )
        return definitions.resolve_implicit_global_asset_job_def()


def run(job, instance, *assets: str, partition: str | None = None, command: str = "c1"):
    range_ = {RANGE_START: FIRST, RANGE_END: LAST}
    key = (
        dg.MultiPartitionKey(dict(zip(("cutoff", "division"), partition.split("|"), strict=True)))
        if partition
        else None
    )
    return job.execute_in_process(
        instance=instance,
        asset_selection=[dg.AssetKey(name) for name in assets],
        tags={COMMAND: command} | ({} if partition else range_),
        partition_key=key,
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )


def tell(platform, instance, **how):
    return collect_and_deliver(platform, instance, **({"finished": None} | how))


def messages(platform) -> list[dict]:
    path = platform.settings.alerts_root / "alerts.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_range_run_tells_each_failed_partition_once_in_one_message_and_its_repair(
    platform, job, monkeypatch
):
    WRONG.update({FIRST: {"lift 0.8": 1}, LAST: {HOSTILE: 3, "other": 1}})
    with receiver() as team, open_instance(platform) as instance:
        monkeypatch.setenv("TEAM_URL", team.url)
        assert not run(job, instance, "scores", "whitespace").success
        assert tell(platform, instance).new == 2
        # The run failed because the check did: no alert of its own. Nor is anything told twice.
        assert tell(platform, instance).new == 0
        (message,) = messages(platform)
        first, last = message["alerts"]
        assert (first["partition"], first["finding"]) == (FIRST, "lift 0.8")
        assert (last["division"], message["command"]) == ("Solid Works", "c1")
        assert last["finding"].endswith(" (and 1 more)")
        assert first["link"] == (
            "https://ui.example/dagster/assets/scores?view=checks&checkDetail=lift_above_floor"
        )
        assert first["cure"].startswith("gosales metrics --config ")
        WRONG.clear()
        assert run(job, instance, "scores", partition=FIRST, command="c2").success
        tell(platform, instance)
        (_, good) = messages(platform)
        assert (good["kind"], good["ids"]) == ("recovered", [first["id"]])
        assert [one["gosales"]["kind"] for one in team.got] == ["failed", "recovered"]


@pytest.mark.slow
def test_a_single_partition_tells_once_and_within_the_cool_down_not_again(
    platform, job, monkeypatch
):
    WRONG.update({FIRST: {"lift 0.8": 1}})
    with receiver() as team, open_instance(platform) as instance:
        monkeypatch.setenv("TEAM_URL", team.url)
        for command in ("c1", "c2"):
            run(job, instance, "scores", partition=FIRST, command=command)
            assert tell(platform, instance).new == 1
        assert len(messages(platform)) == len(team.got) == 1
        assert messages(platform)[0]["alerts"][0]["finding"] == "lift 0.8"


def test_a_failed_run_is_told_with_what_it_did_not_make_and_is_good_again_when_that_is_made(
    platform, job, monkeypatch
):
    BROKEN.append("no room on the disk\nat all")
    with receiver() as team, open_instance(platform) as instance:
        monkeypatch.setenv("TEAM_URL", team.url)
        failed = run(job, instance, "labels", "scores")
        tell(platform, instance)
        (alert,) = messages(platform)[0]["alerts"]
        assert (alert["check_name"], alert["asset"]) == ("run", "labels")
        assert "no room on the disk at all" in alert["finding"]
        assert "Traceback" not in alert["finding"]
        assert alert["link"] == f"https://ui.example/dagster/runs/{failed.run_id}"
        assert alert["cure"].endswith(" --cutoffs 2024-03-31..2024-06-30")
        BROKEN.clear()
        run(job, instance, "scores", command="c2")
        assert len(messages(platform)) == 1
        run(job, instance, "labels", partition=LAST, command="c3")
        tell(platform, instance)
        assert [m["kind"] for m in messages(platform)] == ["failed", "recovered"]


@pytest.mark.parametrize("of_part", [True, False], ids=["its part failed", "it failed by itself"])
def test_a_jobs_run_is_told_by_the_run_that_it_made_where_that_failed(platform, job, of_part):
    @dg.op
    def make_list(context: dg.OpExecutionContext) -> None:
        if of_part:
            BROKEN.append("no")
            run(job, context.instance, "labels", command=context.run_id)
        raise dg.Failure("labels failed" if of_part else "no such cutoff", allow_retries=False)

    graph = dg.GraphDefinition(name="refresh_list", node_defs=[make_list])
    with open_instance(platform) as instance:
        outer = graph.to_job(tags={JOB: "refresh_list"}).execute_in_process(
            instance=instance, raise_on_error=False
        )
        tell(platform, instance, finished={outer.run_id})
        (message,) = messages(platform)
    (alert,) = message["alerts"]
    assert alert["asset"] == ("labels" if of_part else "refresh_list")
    assert (alert["run"] == outer.run_id) is not of_part


@pytest.mark.slow
def test_what_one_command_fails_in_two_runs_is_one_message_when_it_has_ended(platform, job):
    WRONG.update({FIRST: {"lift 0.8": 1}})
    BROKEN.append("no")
    with open_instance(platform) as instance:
        run(job, instance, "scores")
        tell(platform, instance, finished=())
        run(job, instance, "labels")
        assert messages(platform) == []
        tell(platform, instance, finished={"c1"})
        (message,) = messages(platform)
    assert {alert["check_name"] for alert in message["alerts"]} == {"lift_above_floor", "run"}


@pytest.mark.slow
def test_a_history_that_was_made_anew_is_read_from_its_start(platform, job):
    WRONG.update({FIRST: {"lift 0.8": 1}})
    with open_instance(platform) as instance:
        run(job, instance, "scores")
        run(job, instance, "scores", partition=FIRST)
        tell(platform, instance)
        instance.wipe()
        WRONG.clear()
        run(job, instance, "scores", partition=FIRST)
        tell(platform, instance)
    assert [m["kind"] for m in messages(platform)] == ["failed", "recovered"]


@pytest.mark.slow
def test_batches_smaller_than_the_history_leave_nothing_out(platform, job, monkeypatch):
    monkeypatch.setattr("gosales_assets.operations.alerts.BATCH", 1)
    monkeypatch.setattr("gosales_assets.operations.alerts.OVERLAP", 0)
    WRONG.update({FIRST: {"lift 0.8": 1}, LAST: {"lift 0.9": 1}})
    BROKEN.append("no")
    with open_instance(platform) as instance:
        run(job, instance, "scores", "whitespace", "labels")
        run(job, instance, "labels", command="c2")
        assert tell(platform, instance).new == 4


def test_the_sensor_runs_where_alerts_are_on_tells_and_says_what_it_did(platform, job):
    WRONG.update({FIRST: {"lift 0.8": 1}})
    definitions = build_definitions(platform.settings)
    sensor = definitions.resolve_sensor_def(NAME)
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    with open_instance(platform) as instance:
        run(job, instance, "scores")
        context = dg.build_sensor_context(instance=instance, definitions=definitions)
        tick = sensor.evaluate_tick(context)
        assert (tick.run_requests, tick.skip_message) == ([], "1 new alerts, 0 messages delivered.")
    with Outbox(platform.settings.alerts_root) as outbox:
        assert len(outbox.rows("SELECT * FROM alerts")) == 1


def test_where_alerts_are_off_nobody_is_told_and_no_file_is_made(tmp_path, job):
    off = Platform.of(write_world(tmp_path / "off", random_rows(1)))
    definitions = build_definitions(off.settings)
    sensor = definitions.resolve_sensor_def(NAME)
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
    with open_instance(off) as instance:
        run(job, instance, "scores")
        assert collect_and_deliver(off, instance, finished=None).new == 0
        context = dg.build_sensor_context(instance=instance, definitions=definitions)
        assert "alerts.enabled is false" in sensor.evaluate_tick(context).skip_message
    assert not off.settings.alerts_root.exists()
