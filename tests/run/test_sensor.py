"""A day of the sensors: what ran, why, under which tags, and that nothing else ran."""

import shutil

import dagster as dg
import pytest

from gosales.cli.main import main
from gosales_assets.definitions import build_definitions
from gosales_assets.operations.instance import open_instance
from gosales_assets.operations.jobs import BACKFILL, STEPS
from gosales_assets.operations.records import records
from gosales_assets.platform.platform import Platform
from gosales_resources.settings.loading import load_settings
from tests.run.worlds_run import OVERRIDES, half_a_year_ago, materialize, stored
from tests.worlds.erp import random_rows, row, write_world

SENSORS = ("cutoff_due", "window_complete", "new_raw_data")
MOST_RUNS = 8


class Day:
    """Ticks of all sensors of a world; what they ask for runs at once."""

    def __init__(self, folder):
        settings = load_settings(folder / "gosales.yaml")
        self.platform, self.definitions = Platform.of(settings), build_definitions(settings)

    def go(self) -> list[tuple[str, str, str]]:
        """Tick until nothing is asked for; returns job, trigger and cutoffs of each run."""
        ran = []
        with open_instance(self.platform) as instance:
            for _ in range(MOST_RUNS):
                asked = [(job, request) for job, request in self.tick(instance)]
                if not asked:
                    return ran
                job, request = asked[0]
                done = self.definitions.resolve_job_def(job).execute_in_process(
                    instance=instance,
                    run_config=request.run_config,
                    tags=request.tags,
                    raise_on_error=False,
                )
                assert done.success
                tags = instance.get_run_by_id(done.run_id).tags
                ran.append((job, tags["gosales/trigger"], tags["gosales/cutoffs"]))
        raise AssertionError(f"not current after {MOST_RUNS} runs: {ran}")

    def tick(self, instance):
        for name in SENSORS:
            sensor = self.definitions.resolve_sensor_def(name)
            context = dg.build_sensor_context(instance=instance, definitions=self.definitions)
            for request in sensor.evaluate_tick(context).run_requests:
                yield sensor.job_name, request

    def fill_in(self, **form) -> dg.ExecuteInProcessResult:
        """Start `backfill` by its form, as the UI does."""
        with open_instance(self.platform) as instance:
            return self.definitions.resolve_job_def(BACKFILL).execute_in_process(
                instance=instance,
                run_config={"ops": {STEPS[BACKFILL]: {"config": form}}},
                raise_on_error=False,
            )


@pytest.fixture
def world(finished, tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    return shutil.copytree(finished, tmp_path / "w")


@pytest.mark.slow
def test_a_day_of_due_cutoffs_ended_windows_and_new_rows(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    folder = half_a_year_ago(tmp_path / "w")
    # The calendar has gone on since.
    write_world(folder, random_rows(), OVERRIDES)
    assert Day(folder).go() == [
        ("refresh_list", "sensor cutoff_due", "2024-12-31"),
        ("validate", "sensor window_complete", "2024-03-31..2024-06-30"),
    ]
    assert Day(folder).go() == []
    rows = [*random_rows(), row("0007", "2024-12-31")]
    write_world(folder, rows, OVERRIDES)
    ran = Day(folder).go()
    assert ran[0] == ("refresh_list", "sensor new_raw_data", "2024-12-31")
    assert Day(folder).go() == []
    whole = tmp_path / "whole"
    write_world(whole, rows, OVERRIDES)
    assert materialize(whole, cutoffs="2024-12-31") == 0
    # Who scores, and what looks back at earlier lists, follows from the lists that were made.
    up_to_models = ("sales_log", "fact_transactions", "customer_features", "features", "model")
    mine, theirs = stored(folder, *up_to_models), stored(whole, *up_to_models)
    assert {path: mine[path] for path in theirs} == theirs


@pytest.mark.slow
def test_the_form_of_backfill_makes_what_the_command_line_makes(world, tmp_path):
    other = shutil.copytree(world, tmp_path / "other")
    done = Day(world).fill_in(cutoffs="2024-09-30", divisions=["Simulation", "solid_works"])
    assert done.success
    assert materialize(other, "--divisions", "simulation,solid_works", cutoffs="2024-09-30") == 0
    assert stored(world) == stored(other)
    mine, theirs = (next(records(Day(folder).platform)) for folder in (world, other))
    assert mine.made == theirs.made
    assert (mine.command, mine.trigger) == ("backfill", "UI")


@pytest.mark.slow
def test_a_job_that_a_check_stops_fails_with_the_finding_and_its_remedy(world):
    settings = load_settings(world / "gosales.yaml")
    assert main(["schema", "accept", "--config", str(settings.config_file)]) == 0
    announced = world / settings.contracts.schema_snapshot
    text = announced.read_text(encoding="utf-8")
    announced.write_text(text.replace("Rec_Date", "Odd"), encoding="utf-8")
    done = Day(world).fill_in(cutoffs="2024-06-30", rebuild=True)
    (failed,) = [e for e in done.all_events if e.is_step_failure]
    said = str(failed.step_failure_data.user_failure_data)
    assert "schema_as_announced" in said
    assert "column Rec_Date added" in said
    assert "gosales schema accept" in said
    assert next(records(Day(world).platform)).status == "failed"


def test_without_a_first_list_nothing_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    write_world(tmp_path, random_rows(20), OVERRIDES)
    assert Day(tmp_path).go() == []
