"""What starts runs without anybody: sensors and a schedule, off until a setting or a person turns them on.

A tick looks at stamps and at what is stored and asks for a run of a job; it reads no row. What was
asked for is not asked for again until something it follows from has changed, unless the run was lost.
"""

from collections.abc import Callable, Iterator

import dagster as dg

from gosales_assets.operations.alerts import define_alert_sensor
from gosales_assets.operations.due import Due, cutoff_due, drifted, new_raw_data, windows_complete
from gosales_assets.operations.jobs import REFRESH, STEPS, VALIDATE
from gosales_assets.operations.lost import lost_in
from gosales_assets.operations.records import record_called
from gosales_assets.operations.tags import ALL, ASKED_FOR, CUTOFFS, DIVISIONS, TRIGGER, span_of
from gosales_assets.platform.platform import Platform
from gosales_resources.errors import GosalesError

SECONDS = 60
SCHEDULE = "refresh_on_schedule"
DAILY = "0 6 * * *"
# A run that is lost each time (out of memory) does not get better by being asked for for ever.
MOST_LOST = 3
UNFINISHED = [s for s in dg.DagsterRunStatus if s not in (
    dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED,
)]  # fmt: skip
Look = Callable[[dg.SensorEvaluationContext], Due | str]


def define_sensors(platform: Platform) -> list[dg.SensorDefinition]:
    """Declare the sensors."""
    on = platform.settings.operation.automation
    return [
        _sensor(
            platform,
            "new_raw_data",
            REFRESH,
            lambda _: new_raw_data(platform),
            "Asks for the newest due list when a raw file or a setting has changed.",
            is_on=on.new_raw_data,
        ),
        _sensor(
            platform,
            "cutoff_due",
            REFRESH,
            lambda _: cutoff_due(platform),
            "Asks for the list of a cutoff that has fallen due.",
            is_on=on.cutoff_due,
        ),
        _sensor(
            platform,
            "window_complete",
            VALIDATE,
            lambda context: windows_complete(platform, context.instance),
            "Asks for the validation of lists whose label window is over.",
            is_on=on.window_complete,
        ),
        _drift_sensor(platform),
        define_alert_sensor(platform),
    ]


def define_schedules(platform: Platform) -> list[dg.ScheduleDefinition]:
    """Declare the schedule: for sources that tell nothing without being read."""
    on = platform.settings.operation.automation
    return [
        dg.ScheduleDefinition(
            name=SCHEDULE,
            job_name=REFRESH,
            cron_schedule=on.refresh_cron or DAILY,
            execution_timezone=on.time_zone,
            description="Makes the newest due list, and what is stale of what it is made from.",
            default_status=_status(dg.DefaultScheduleStatus, is_on=on.refresh_cron is not None),
        )
    ]


def _status(kind, *, is_on: bool):  # noqa: ANN001, ANN202 (two enumerations of Dagster's, alike)
    return kind.RUNNING if is_on else kind.STOPPED


def _sensor(
    platform: Platform, name: str, job: str, look: Look, description: str, *, is_on: bool
) -> dg.SensorDefinition:
    @dg.sensor(
        name=name,
        job_name=job,
        minimum_interval_seconds=SECONDS,
        description=description,
        default_status=_status(dg.DefaultSensorStatus, is_on=is_on),
    )
    def sensor(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        lost_in(platform, context.instance, context.log.warning)
        if running := context.instance.get_runs(
            dg.RunsFilter(job_name=job, statuses=UNFINISHED), limit=1
        ):
            yield dg.SkipReason(f"{job} is running or waits already: {running[0].run_id[:8]}.")
            return
        try:
            due = look(context)
        except GosalesError as error:
            # Such as an input that is missing: the next tick looks again.
            yield dg.SkipReason(str(error))
            return
        if isinstance(due, str):
            yield dg.SkipReason(due)
            return
        if reason := was_asked(platform, context.instance, job, due.state):
            yield dg.SkipReason(f"{due.why}; {reason}")
            return
        context.log.info(f"{job}: {due.why}")
        yield _request(name, job, due)

    return sensor


def _request(sensor: str, job: str, due: Due) -> dg.RunRequest:
    # One by one: between two lists may lie cutoffs that have none.
    asked = (
        {"cutoff": str(due.cutoffs[-1])}
        if job == REFRESH
        else {"cutoffs": ",".join(map(str, due.cutoffs))}
    )
    return dg.RunRequest(
        run_config={"ops": {STEPS[job]: {"config": asked}}},
        tags={
            TRIGGER: f"sensor {sensor}",
            ASKED_FOR: due.state,
            CUTOFFS: span_of(due.cutoffs),
            DIVISIONS: ALL,
        },
    )


def was_asked(platform: Platform, instance: dg.DagsterInstance, job: str, state: str) -> str | None:
    """Say why a state is not asked for again; None where it is.

    A run that ended by what it found, or that a person stopped, is not; one that was lost is.
    """
    asked = dg.RunsFilter(job_name=job, tags={ASKED_FOR: state})
    lost = 0
    for run in instance.get_runs(asked, limit=MOST_LOST + 1):
        if run.status is dg.DagsterRunStatus.SUCCESS:
            return f"made by run {run.run_id[:8]}."
        if run.status is dg.DagsterRunStatus.CANCELED:
            return f"somebody stopped run {run.run_id[:8]}: start {job} by hand."
        if _ended_by_itself(platform, run.run_id):
            return f"run {run.run_id[:8]} failed: mend what it found, or start {job} by hand."
        lost += 1
    if lost >= MOST_LOST:
        return f"{lost} runs of it were lost: look at memory and machine, then start {job} by hand."
    return None


def _ended_by_itself(platform: Platform, run_id: str) -> bool:
    record = record_called(platform, run_id)
    # Without one it never came so far as to leave it.
    return record is not None and record.status in ("failed", "unusable", "defect")


def _drift_sensor(platform: Platform) -> dg.SensorDefinition:
    @dg.sensor(
        name="drift_over_bound",
        job_name=REFRESH,
        minimum_interval_seconds=SECONDS,
        description="Proposes to train anew where the newest list has drifted; it starts nothing.",
        default_status=_status(
            dg.DefaultSensorStatus, is_on=platform.settings.operation.automation.drift
        ),
    )
    def drift_over_bound(context: dg.SensorEvaluationContext) -> Iterator[dg.SkipReason]:
        found = drifted(platform)
        if found is None:
            yield dg.SkipReason("No list was made yet: materialise a first cutoff.")
            return
        cutoff, divisions = found
        if not divisions:
            yield dg.SkipReason(f"Nothing of the list of {cutoff} has drifted beyond its bound.")
            return
        proposal = (
            f"Retraining is proposed: the list of {cutoff} has drifted in {'; '.join(divisions)}. Look "
            f"at `gosales show drift --cutoff {cutoff}` and `gosales model list DIVISION`; models of "
            "the newest cutoff are trained by refresh_list, and `gosales model rollback DIVISION "
            f"--cutoff {cutoff} --to {cutoff} --reason drift` lets the newest one score."
        )
        state = f"{cutoff} {'; '.join(divisions)}"
        if context.cursor != state:
            context.log.warning(proposal)
            context.update_cursor(state)
        yield dg.SkipReason(proposal)

    return drift_over_bound
