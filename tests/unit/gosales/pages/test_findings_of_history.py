"""Which checks fail now, read from the run history once and then on from there."""

import datetime as dt
import uuid

import dagster as dg
import pytest

from gosales.pages.findings import Findings
from gosales.pages.reading import Reading
from gosales_assets.operations.history import INDEX, put_aside
from gosales_assets.operations.instance import home_of, open_instance
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.errors import PartitionMissingError

DAY = "2024-06-30"
CUTOFF = dt.date.fromisoformat(DAY)


def judged(platform, check: str, *, passed: bool, partition: str = DAY) -> None:
    evaluation = dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey("labels"), check_name=check, passed=passed, partition=partition,
        severity=dg.AssetCheckSeverity.WARN, description="7 rows",
    )  # fmt: skip
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION.value
    event = dg.DagsterEvent(kind, "test", event_specific_data=evaluation)
    with open_instance(platform) as instance:
        # Outside a run a check is recorded once.
        instance.report_dagster_event(event, str(uuid.uuid4()))


def test_the_last_verdict_on_a_partition_counts(platform):
    findings = Findings(Reading(platform))
    assert findings.failed() == []
    judged(platform, "one", passed=False)
    judged(platform, "two", passed=False, partition="2024-03-31")
    (one,) = findings.of_cutoff(CUTOFF)
    assert (one.check, one.finding, one.severity) == ("one", "7 rows", "WARN")
    assert {found.check for found in findings.failed()} == {"one", "two"}
    judged(platform, "one", passed=True)
    assert [found.check for found in findings.failed()] == ["two"]


def test_a_history_that_was_begun_anew_is_read_anew(platform):
    findings = Findings(Reading(platform))
    judged(platform, "one", passed=False)
    assert len(findings.failed()) == 1
    put_aside(home_of(platform) / INDEX, "for the test")
    judged(platform, "two", passed=False)
    assert [found.check for found in findings.failed()] == ["two"]


def test_what_is_not_stored_is_told_with_what_makes_it(platform):
    reading = Reading(platform)
    assert reading.cutoffs(WHITESPACE) == []
    with pytest.raises(PartitionMissingError, match="gosales materialize --select whitespace"):
        reading.read(WHITESPACE, [CUTOFF])
    assert reading.try_read(WHITESPACE, [CUTOFF])[0] is None
    assert not (platform.settings.store_root / "store").exists()
