"""The event log that keeps its connections, held against Dagster's own."""

import sqlite3
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.events import DagsterEventBatchMetadata

from gosales_assets.operations.instance import INSTANCE_SETTINGS
from gosales_resources.instance.event_log import BATCH_EVENTS, BATCH_VARIABLE, _put_new

RUN = "00000000-0000-0000-0000-000000000001"
ASSET = dg.AssetKey("labels")
SCHEMA = "select type, name, sql from sqlite_master order by type, name"
REVISION = "select version_num from alembic_version"
KEYS = [f"2024-0{month}-28" for month in range(1, 9)]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An instance with our event log, storing in batches."""
    (tmp_path / "dagster.yaml").write_text(INSTANCE_SETTINGS)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv(BATCH_VARIABLE, str(BATCH_EVENTS))
    with dg.DagsterInstance.get() as instance:
        yield instance


def test_a_batch_leaves_what_dagsters_own_log_leaves(kept: dg.DagsterInstance, tmp_path: Path):
    (home := tmp_path / "plain").mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as plain:
        for instance in (kept, plain):
            report(instance, KEYS)
            report(instance, KEYS[:2])
        assert told(kept) == told(plain)
        assert len(told(kept)[0]) == len(KEYS) + 2


def test_of_a_batch_that_cannot_be_stored_nothing_is_stored(kept: dg.DagsterInstance):
    report(kept, KEYS[:1])
    records = kept.event_log_storage.get_records_for_run(RUN).records
    broken: list[Any] = [records[0].event_log_entry, "no event"]
    with pytest.raises(dg._check.CheckError):
        kept.event_log_storage.store_event_batch(broken)
    assert len(kept.event_log_storage.get_records_for_run(RUN).records) == 1
    assert len(told(kept)[0]) == 1


def test_the_file_of_a_second_run_has_the_tables_of_the_first(kept: dg.DagsterInstance):
    other = RUN.replace("1", "2")
    report(kept, KEYS[:2])
    report(kept, KEYS[2:5], other)
    files = [Path(kept.root_directory) / "history" / "runs" / f"{run}.db" for run in (RUN, other)]
    schemas = [sqlite3.connect(file).execute(SCHEMA).fetchall() for file in files]
    revisions = [sqlite3.connect(file).execute(REVISION).fetchall() for file in files]
    assert schemas[0]
    assert schemas[0] == schemas[1]
    assert revisions[0]
    assert revisions[0] == revisions[1]
    stored = [len(kept.event_log_storage.get_records_for_run(run).records) for run in (RUN, other)]
    assert stored == [2, 3]


def test_a_file_that_another_process_made_first_is_kept(tmp_path: Path):
    (tmp_path / "run.db").write_bytes(b"theirs")
    assert not _put_new(tmp_path / "run.db", b"ours")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"theirs"]


def report(instance: dg.DagsterInstance, keys: list[str], run: str = RUN) -> None:
    """Report a materialisation of each partition, as one batch."""
    for count, key in enumerate(keys, start=1):
        done = dg.AssetMaterialization(ASSET, partition=key, metadata={"rows": count})
        event = dg.DagsterEvent(
            dg.DagsterEventType.ASSET_MATERIALIZATION.value,
            job_name="job",
            event_specific_data=dg._core.events.StepMaterializationData(done),
        )
        batch = DagsterEventBatchMetadata(f"{keys}", is_end=count == len(keys))
        instance.report_dagster_event(event, run, batch_metadata=batch, timestamp=float(count))


def told(instance: dg.DagsterInstance) -> tuple[list, set, object]:
    """Return partitions and rows in the order they were stored, the partitions, the latest."""
    found = instance.fetch_materializations(ASSET, limit=100, ascending=True).records
    latest = instance.get_latest_materialization_event(ASSET)
    assert latest is not None
    done = [r.asset_materialization for r in found]
    return (
        [(one.partition, one.metadata["rows"]) for one in done if one is not None],
        instance.get_materialized_partitions(ASSET),
        latest.asset_materialization,
    )
