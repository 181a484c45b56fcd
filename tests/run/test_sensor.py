"""The sensor asks for what is stale or due, one run at a time, until everything is current."""

import csv
import shutil

import dagster as dg
import pytest

from gosales_assets.definitions import build_definitions
from gosales_assets.operations.instance import open_instance
from gosales_assets.operations.sensors import NAME
from gosales_assets.platform.platform import Platform
from gosales_resources.settings.loading import load_settings
from tests.run.worlds_run import OVERRIDES, materialize, stored
from tests.worlds.erp import HEADER, random_rows, row, write_world

MOST_RUNS = 40


@pytest.fixture
def keep_current(monkeypatch):
    """Tick the sensor and run what it asks for, until it asks for nothing; tell what ran."""

    def go(folder) -> list[tuple[str, ...]]:
        settings = load_settings(folder / "gosales.yaml")
        definitions = build_definitions(settings)
        sensor = definitions.resolve_sensor_def(NAME)
        job = definitions.resolve_implicit_global_asset_job_def()
        ran, keys = [], set()
        with open_instance(Platform.of(settings)) as instance:
            for _ in range(MOST_RUNS):
                context = dg.build_sensor_context(instance=instance, definitions=definitions)
                asked = sensor.evaluate_tick(context).run_requests
                if not asked:
                    return ran
                for request in asked:
                    assert request.run_key not in keys
                    keys.add(request.run_key)
                    selection = list(request.asset_selection)
                    done = job.execute_in_process(
                        instance=instance, asset_selection=selection, tags=request.tags
                    )
                    assert done.success
                    ran.append(tuple(sorted(key.path[-1] for key in selection)))
        raise AssertionError(f"not current after {MOST_RUNS} runs: {ran}")

    monkeypatch.setenv("DAGSTER_HOME", "")
    return go


@pytest.mark.slow
def test_it_makes_the_cutoffs_that_are_due_and_then_what_new_rows_touch(
    finished, tmp_path, keep_current
):
    folder = tmp_path / "w"
    shutil.copytree(finished, folder)
    ran = keep_current(folder)
    assert any("whitespace" in assets for assets in ran)
    assert keep_current(folder) == []
    with (folder / "sales_log.csv").open("a", newline="", encoding="utf-8") as handle:
        csv.DictWriter(handle, HEADER, restval="").writerow(row("0007", "2024-12-31"))
    ran = keep_current(folder)
    assert ran[0] == ("sales_ledger", "sales_log", "sales_log_rejects")
    assert materialize(folder, cutoffs="2024-03-31..2024-12-31") == 0
    whole = tmp_path / "whole"
    write_world(whole, [*random_rows(), row("0007", "2024-12-31")], OVERRIDES)
    assert materialize(whole, cutoffs="2024-03-31..2024-12-31") == 0
    assert stored(folder) == stored(whole)


def test_without_a_first_list_it_asks_for_nothing(tmp_path, keep_current):
    write_world(tmp_path, random_rows(20), OVERRIDES)
    assert keep_current(tmp_path) == []
