"""A backfill started through the UI's own API and run by the daemon leaves the headless bytes."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from gosales_assets.platform import Platform
from gosales_assets.registry import CONTRACTS
from gosales_resources.partitions import partition_key
from tests.run.worlds_run import CUTOFFS, OVERRIDES, stored
from tests.worlds import random_rows, write_world

LAUNCH = """
mutation Launch($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}"""
STATUS = """
query Status($id: String!) {
  partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } }
}"""
MINUTES = 12


def ask(port: int, query: str, variables: dict) -> dict:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)["data"]


def backfill(platform: Platform, first: str, last: str) -> dict:
    """Select every asset over a range of cutoffs and all its divisions, as the UI does."""
    known = platform.settings.divisions
    ends = {"cutoff": (None, None), "division_cutoff": known.slugs, "target_cutoff": known.targets}
    selected = []
    for name, contract in CONTRACTS.items():
        divisions = ends[contract.partitioned_by]
        keys = [str(partition_key(day, division)) for day in platform.space.select_cutoffs(
            f"{first}..{last}") for division in sorted(set(divisions), key=str)]  # fmt: skip
        ranges = [{"start": key, "end": key} for key in keys]
        selected.append({"assetKey": {"path": [name]}, "partitions": {"ranges": ranges}})
    return {"params": {"partitionsByAssets": selected, "title": "test", "tags": []}}


def wait_for(condition, seconds: float):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(2)
    raise AssertionError(f"not within {seconds} s")


def answers(port: int) -> bool:
    try:
        return bool(ask(port, "query { version }", {}))
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@pytest.fixture
def served(tmp_path):
    """A world served by `gosales ui`: webserver, daemon and code server."""
    settings = write_world(tmp_path, random_rows(), OVERRIDES)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gosales_assets", "ui", "--port", str(port),
               "--config", str(tmp_path / "gosales.yaml")]  # fmt: skip
    with (tmp_path / "ui.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for(lambda: answers(port), 120)
            yield Platform.of(settings), port, tmp_path
        finally:
            os.killpg(process.pid, 15)
            process.wait(60)


@pytest.mark.slow
def test_a_backfill_by_the_daemon_leaves_the_bytes_of_a_headless_one(served, finished):
    platform, port, folder = served
    first, last = "2023-03-31", "2024-12-31"
    launched = ask(port, LAUNCH, backfill(platform, first, last))["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    identity = {"id": launched["backfillId"]}

    def done():
        status = ask(port, STATUS, identity)["partitionBackfillOrError"]["status"]
        return status if status not in ("REQUESTED", "IN_PROGRESS") else None

    assert wait_for(done, MINUTES * 60) == "COMPLETED_SUCCESS"
    assert CUTOFFS.endswith("2024-06-30")
    mine, theirs = stored(folder), stored(Path(finished))
    # What is looked over differs: the daemon was asked for every asset at every cutoff.
    theirs = {path: digest for path, digest in theirs.items() if "violations" not in path}
    assert {path: mine.get(path) for path in theirs} == theirs
