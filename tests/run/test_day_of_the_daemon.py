"""A day on a running daemon: what falls due, what is lost, new rows; each run with its trigger."""

import contextlib
import csv
import os
import re
import signal
from collections import Counter

import pytest

from gosales_assets.operations.records import records
from gosales_assets.platform.platform import Platform
from gosales_resources.settings.loading import load_settings
from tests.run.served_ui import ask, free_port, served_ui, wait_for
from tests.run.worlds_run import OVERRIDES, half_a_year_ago
from tests.worlds.erp import HEADER, random_rows, row, write_world

RUNS = """
query Runs {
  runsOrError { ... on Runs { results { runId jobName status tags { key value } } } }
}"""
EVENTS = """
query Events($id: ID!) {
  logsForRun(runId: $id) {
    ... on EventConnection { events { ... on MessageEvent { message } } }
  }
}"""
JOBS = ("refresh_list", "validate", "backfill", "ablate")
MINUTES = 20


def jobs(port) -> list[dict]:
    """List the runs of jobs, the oldest first; the runs of assets beside them are theirs."""
    found = ask(port, RUNS, {})["runsOrError"]["results"]
    for run in found:
        run["tags"] = {tag["key"]: tag["value"] for tag in run["tags"]}
    return [run for run in reversed(found) if run["jobName"] in JOBS]


def at_work(port, job) -> dict | None:
    """Return the run of a job that works now: whichever sensor was looked at first."""
    found = (run for run in jobs(port) if run["jobName"] == job and run["status"] == "STARTED")
    return next(found, None)


def ended(port, count) -> list[dict] | None:
    found = jobs(port)
    done = [run for run in found if run["status"] in ("SUCCESS", "FAILURE", "CANCELED")]
    return found if len(done) >= count else None


def all_ended(port, count) -> list[dict] | None:
    found = ended(port, count)
    return found if found and ended(port, len(found)) else None


def process_of(port, run_id) -> int | None:
    """Return the process that works on a run, as its log says."""
    for event in ask(port, EVENTS, {"id": run_id})["logsForRun"]["events"]:
        if told := re.search(r"in process \(pid: (\d+)\)", event.get("message", "")):
            return int(told[1])
    return None


@pytest.mark.slow
def test_what_is_due_runs_what_is_lost_runs_again_and_nothing_else(tmp_path):
    folder = half_a_year_ago(tmp_path / "w")
    # The calendar has gone on since.
    write_world(folder, random_rows(), OVERRIDES)
    on = {"new_raw_data": "true", "cutoff_due": "true", "window_complete": "true"}
    config = folder / "gosales.yaml"
    lines = [f"    {name}: {value}" for name, value in on.items()]
    text = config.read_text(encoding="utf-8")
    config.write_text("\n".join([text, "operation:", "  automation:", *lines, ""]))
    port = free_port()
    with served_ui(folder, port):
        # The run of the due cutoff is killed while it works.
        first = wait_for(lambda: at_work(port, "refresh_list"), 240)
        process = wait_for(lambda: process_of(port, first["runId"]), 120)
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        runs = wait_for(lambda: ended(port, 3), MINUTES * 60)
        told = sorted((r["jobName"], r["status"], r["tags"]["gosales/cutoffs"]) for r in runs)
        assert told == [
            ("refresh_list", "FAILURE", "2024-12-31"),
            ("refresh_list", "SUCCESS", "2024-12-31"),
            ("validate", "SUCCESS", "2024-03-31..2024-06-30"),
        ]
        triggers = {r["tags"]["gosales/trigger"] for r in runs}
        assert triggers <= {f"sensor {name}" for name in on}
        with (folder / "sales_log.csv").open("a", newline="", encoding="utf-8") as handle:
            csv.DictWriter(handle, HEADER, restval="").writerow(row("0007", "2024-12-31"))
        # What these rows ask for may come after them: nothing is cut off by the end of the server.
        runs = wait_for(lambda: all_ended(port, 4), MINUTES * 60)
        assert runs[3]["tags"]["gosales/trigger"] == "sensor new_raw_data"
    kept = records(Platform.of(load_settings(config)))
    ended_so = Counter((one.command, one.status) for one in kept)
    assert ended_so == {
        ("materialize", "done"): 1,
        ("refresh_list", "lost"): 1,
        ("refresh_list", "done"): 2,
        ("validate", "done"): 1 + (len(runs) - 4),
    }
