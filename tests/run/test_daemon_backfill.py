"""A backfill started through the UI's own API and run by the daemon leaves the headless bytes."""

import pytest

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.registry import CONTRACTS
from tests.run.served_ui import ask, free_port, served_ui, wait_for
from tests.run.worlds_run import OVERRIDES, materialize, stored
from tests.worlds.erp import random_rows, write_world

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
# Beside another process on two cores it took fourteen.
MINUTES = 30


def backfill(platform: Platform, first: str, last: str) -> dict:
    """Select every asset over a range of cutoffs and all its divisions, as the UI does."""
    selected, cutoffs = [], platform.space.select_cutoffs(f"{first}..{last}")
    for name, contract in CONTRACTS.items():
        keys = list(map(str, platform.space.keys(contract.partitioned_by, cutoffs)))
        ranges = [{"start": key, "end": key} for key in keys]
        selected.append({"assetKey": {"path": [name]}, "partitions": {"ranges": ranges}})
    return {"params": {"partitionsByAssets": selected, "title": "test", "tags": []}}


@pytest.fixture
def served(tmp_path):
    """A world served by `gosales ui`, started where another world's `.env` lies."""
    settings = write_world(tmp_path, random_rows(), OVERRIDES)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".env").write_text("GOSALES_CONFIG=/nowhere/gosales.yaml\n", encoding="utf-8")
    port = free_port()
    with served_ui(tmp_path, port, cwd=elsewhere):
        yield Platform.of(settings), port, tmp_path


@pytest.mark.slow
def test_a_backfill_by_the_daemon_leaves_the_bytes_of_a_headless_one(served, tmp_path_factory):
    platform, port, folder = served
    first, last = "2023-03-31", "2024-12-31"
    launched = ask(port, LAUNCH, backfill(platform, first, last))["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    identity = {"id": launched["backfillId"]}

    def done():
        status = ask(port, STATUS, identity)["partitionBackfillOrError"]["status"]
        return status if status not in ("REQUESTED", "IN_PROGRESS") else None

    assert wait_for(done, MINUTES * 60) == "COMPLETED_SUCCESS"
    headless = tmp_path_factory.mktemp("headless")
    write_world(headless, random_rows(), OVERRIDES)
    assert materialize(headless, cutoffs=f"{first}..{last}") == 0
    mine, theirs = stored(folder), stored(headless)
    assert [p for p in sorted({*mine, *theirs}) if mine.get(p) != theirs.get(p)] == []
