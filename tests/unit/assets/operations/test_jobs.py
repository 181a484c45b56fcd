"""The jobs have forms that say what is wrong, and none leaves a result that must be unpickled."""

import dagster as dg
import pytest

from gosales_assets.operations.jobs import STEPS, define_jobs
from gosales_assets.platform.platform import Platform
from tests.worlds.erp import row, write_world


@pytest.fixture
def jobs(tmp_path) -> dict[str, dg.JobDefinition]:
    return {job.name: job for job in define_jobs(Platform.of(write_world(tmp_path, [row()])))}


def run(job: dg.JobDefinition, form: dict) -> dg.ExecuteInProcessResult:
    config = {"ops": {STEPS[job.name]: {"config": form}}}
    with dg.DagsterInstance.ephemeral() as instance:
        return job.execute_in_process(run_config=config, instance=instance, raise_on_error=False)


def test_every_job_has_one_step_whose_result_goes_through_no_io_manager(jobs):
    assert set(jobs) == set(STEPS)
    for name, job in jobs.items():
        (node,) = job.nodes
        assert node.name == STEPS[name]
        assert all(out.dagster_type.is_nothing for out in node.definition.output_dict.values())


@pytest.mark.parametrize(
    ("name", "form", "told"),
    [
        ("backfill", {"cutoffs": "2024-02-30"}, "2024-02-30"),
        (
            "backfill",
            {"cutoffs": "2024-03-31", "divisions": ["Simulacion"]},
            "Did you mean 'Simulation'",
        ),
        ("backfill", {"cutoffs": "2024-03-31", "assets": ["modle"]}, "Did you mean 'model'"),
        ("validate", {}, "No list has met its outcome yet"),
        ("ablate", {"families": [], "cutoffs": "2024-03-31"}, "No family is named"),
        ("gauntlet", {"cutoff": "2024-03-31", "tests": ["static"]}, "Unknown test 'static'"),
    ],
    ids=["cutoff", "division", "asset", "nothing to validate", "no family", "test"],
)
def test_a_form_that_is_filled_in_wrongly_says_how(jobs, name, form, told):
    (failed,) = [e for e in run(jobs[name], form).all_events if e.is_step_failure]
    assert told in failed.step_failure_data.user_failure_data.description


def test_the_gauntlet_as_a_job_shows_its_results(jobs):
    done = run(jobs["gauntlet"], {"cutoff": "2024-03-31", "tests": ["static_code"]})
    assert done.success
    (output,) = [e for e in done.all_events if e.event_type_value == "STEP_OUTPUT"]
    assert "static_code" in output.step_output_data.metadata["results"].md_str
