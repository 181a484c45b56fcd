"""The outbox: what is recorded, kept back, acknowledged, good again; and kills at any line."""

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gosales_resources.delivery.alert import RunPassed
from gosales_resources.delivery.outbox import Outbox
from gosales_resources.delivery.pruning import forget
from gosales_resources.delivery.recording import CURSOR, begin, record, start_anew
from gosales_resources.errors import ScopeError, StorageError
from tests.worlds.alerts import HOUR, NOW, failed, passed

COOLDOWN = 24


@pytest.fixture
def outbox(tmp_path):
    with Outbox(tmp_path / "alerts") as made:
        begin(made, NOW)
        yield made


def put(outbox, *events, cooldown: float = COOLDOWN) -> int:
    return record(outbox, events, events[-1].event, cooldown, NOW)


def told(outbox) -> list[tuple[str, str | None]]:
    return [
        (row["state"], row["kept_back"])
        for row in outbox.rows("SELECT * FROM alerts ORDER BY at, event")
    ]


def test_what_is_read_twice_is_one_alert(outbox):
    assert put(outbox, failed(1), failed(2)) == 2
    assert put(outbox, failed(1), failed(2)) == 0
    assert outbox.fact(CURSOR) == 2


def test_a_failure_of_another_run_content_or_severity_is_another_alert(outbox):
    one = failed(1)
    others = [failed(1, run="r2"), failed(1, cause="other"), failed(1, severity="WARN")]
    assert len({one.id, *(other.id for other in others)}) == 4


@pytest.mark.parametrize(
    ("hours", "kept_back"), [(1, "told within the cool-down"), (25, None)], ids=["within", "after"]
)
def test_a_repeated_failure_is_told_again_only_after_the_cool_down(outbox, hours, kept_back):
    again = failed(2, partition="2024-06-30|d1", at=NOW + hours * HOUR)
    put(outbox, failed(1), again)
    assert told(outbox) == [("open", None), ("open", kept_back)]


def test_a_failure_that_is_worse_is_told_within_the_cool_down(outbox):
    put(outbox, failed(1, severity="WARN"), failed(2, partition="2024-06-30|d1", at=NOW + 1))
    assert told(outbox) == [("open", None), ("open", None)]


def test_a_pass_recovers_what_failed_before_it_and_a_failure_after_it_is_told(outbox):
    first = failed(1)
    again = failed(3, partition=first.partition, at=NOW + 2)
    put(outbox, first, passed(first, 2, at=NOW + 1), again)
    assert told(outbox) == [("recovered", None), ("open", None)]
    # Read once more, the pass leaves the later failure alone.
    put(outbox, passed(first, 2))
    assert told(outbox) == [("recovered", None), ("open", None)]


def test_what_is_good_again_is_forgotten_in_time_and_not_told_anew_when_it_is_read_again(outbox):
    over, still, late = failed(1), failed(2), failed(3, at=NOW + 50 * HOUR)
    good = [passed(over, 4, at=NOW + HOUR), passed(late, 5, at=NOW + 51 * HOUR)]
    put(outbox, over, still, late, *good)
    moment = dt.datetime.fromtimestamp(NOW + 49 * HOUR, dt.UTC)
    assert forget(outbox, moment) == (1, 0)
    left = outbox.rows("SELECT id, state FROM alerts ORDER BY at")
    assert [(r["id"], r["state"]) for r in left] == [(still.id, "open"), (late.id, "recovered")]
    put(outbox, over)
    assert ("open", "before alerts were turned on") in told(outbox)


def test_a_message_goes_with_the_last_alert_that_it_told_and_not_before(outbox):
    one, other = failed(1), failed(2)
    put(outbox, one, other)
    sent = "INSERT INTO messages (id, sink, kind, content, created, state, next_attempt) VALUES "
    outbox.do(sent + "('m', 'file', 'failed', '{}', ?, 'sent', 0)", NOW)
    outbox.do(sent + "('w', 'file', 'recovered', '{}', ?, 'waiting', 0)", NOW)
    for alert in (one, other):
        outbox.do("INSERT INTO told VALUES (?, 'm')", alert.id)
    outbox.do("INSERT INTO told VALUES (?, 'w')", other.id)
    moment = dt.datetime.fromtimestamp(NOW + 49 * HOUR, dt.UTC)
    put(outbox, passed(one, 3, at=NOW + 1), passed(other, 4, at=NOW + 1))
    # Somebody is still to hear of the other.
    assert forget(outbox, moment) == (1, 0)
    outbox.do("UPDATE messages SET state = 'sent'")
    assert forget(outbox, moment) == (1, 2)
    assert outbox.rows("SELECT * FROM told") == []


def test_a_pass_of_another_partition_recovers_nothing(outbox):
    put(outbox, failed(1), passed(failed(7), 8))
    assert told(outbox) == [("open", None)]


def test_what_is_acknowledged_is_not_told_again_until_it_recovers(outbox):
    first = failed(1)
    put(outbox, first)
    (row,) = outbox.acknowledge([first.id[:8]], "Ann", "the supplier knows", NOW)
    assert (row["state"], row["note"]) == ("acknowledged", "the supplier knows")
    subject = {"partition": first.partition}
    put(outbox, failed(2, **subject, at=NOW + 90 * HOUR))
    assert told(outbox)[-1] == ("acknowledged", "acknowledged")
    put(outbox, passed(first, 3, at=NOW + 90.5 * HOUR))
    put(outbox, failed(4, **subject, at=NOW + 91 * HOUR))
    assert told(outbox)[-1] == ("open", None)


def test_what_is_acknowledged_as_a_warning_is_told_as_an_error(outbox):
    first = failed(1, severity="WARN")
    put(outbox, first)
    outbox.acknowledge([first.id], "Ann", "", NOW)
    put(outbox, failed(2, partition=first.partition, at=NOW + 1))
    assert told(outbox)[-1] == ("open", None)


def test_failures_long_before_the_first_look_are_recorded_and_not_told(outbox):
    put(outbox, failed(1, at=NOW - 25 * HOUR), failed(2, at=NOW - 23 * HOUR))
    assert told(outbox) == [("open", "before alerts were turned on"), ("open", None)]


def test_a_failed_run_is_good_again_when_a_later_run_makes_what_it_did_not(outbox):
    run = failed(1, check="run", asset="model, scores", partition="2024-03-31..2024-06-30")
    put(outbox, run)
    for assets, partition, state in (
        ({"labels"}, "2024-06-30", "open"),
        ({"scores"}, "2024-09-30", "open"),
        ({"scores"}, "2024-06-30|pdm", "recovered"),
    ):
        put(outbox, RunPassed(9, NOW, frozenset(assets), partition, "r", "r"))
        assert told(outbox) == [(state, None)]


def test_a_history_made_anew_is_read_from_its_start_and_recovers_what_was_open(outbox):
    first = failed(500)
    put(outbox, first)
    start_anew(outbox)
    assert outbox.fact(CURSOR) == 0
    put(outbox, passed(first, 1))
    assert told(outbox) == [("recovered", None)]


def test_a_history_that_is_read_again_reopens_nothing_and_recovers_nothing_that_failed_later(
    outbox,
):
    first = failed(1)
    old_pass, again = passed(first, 2, at=NOW + 1), failed(3, partition=first.partition, at=NOW + 2)
    put(outbox, first, old_pass, again)
    before = told(outbox)
    start_anew(outbox)
    put(outbox, first, old_pass, again)
    assert told(outbox) == before == [("recovered", None), ("open", None)]


@pytest.mark.parametrize("prefix", ["", "ffff", "%", "_"], ids=["empty", "none", "like", "any"])
def test_an_id_that_names_no_one_alert_is_refused(outbox, prefix):
    put(outbox, failed(1), failed(2))
    with pytest.raises(ScopeError, match="gosales alerts list"):
        outbox.acknowledge([prefix], "Ann", "", NOW)


def test_nobody_is_acknowledged_where_one_id_is_wrong(outbox):
    put(outbox, failed(1))
    with pytest.raises(ScopeError):
        outbox.acknowledge([failed(1).id, "ffff"], "Ann", "", NOW)
    assert told(outbox) == [("open", None)]


def test_a_damaged_outbox_says_what_to_do(tmp_path):
    (tmp_path / "outbox.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match="move it away"):
        Outbox(tmp_path)


def test_an_outbox_of_a_later_version_is_left_alone(tmp_path):
    with Outbox(tmp_path) as outbox:
        outbox.do("PRAGMA user_version=99")
    with pytest.raises(StorageError, match="Upgrade gosales"):
        Outbox(tmp_path)


# Forks rounds of one process: a round records 30 failures in batches, makes messages and sends them to
# a file, and dies at the n-th line of our code that it executes, as kill -9 would end it.
ROUNDS = """
import json, os, random, sys
from pathlib import Path
import gosales_resources.delivery.delivering
from gosales_resources.delivery.composing import compose
from gosales_resources.delivery.delivering import deliver
from gosales_resources.delivery.outbox import Outbox
from gosales_resources.delivery.pruning import forget
from gosales_resources.delivery.recording import begin, record
from gosales_resources.delivery.sinks import FileSink
from tests.worlds.alerts import NOW, alert_settings, failed, nothing_runs

def work(folder):
    settings = alert_settings()
    with Outbox(folder) as outbox:
        for batch in range(begin(outbox, NOW) // 10, 3):
            events = [failed(n, command=f"c{batch}") for n in range(batch * 10 + 1, batch * 10 + 11)]
            record(outbox, events, events[-1].event, 24, NOW)
        compose(outbox, settings, "w", NOW, nothing_runs)
        deliver(outbox, settings, lambda _: FileSink(folder / "got.jsonl"), lambda: NOW, NOW + 9)

def round(folder, last):
    if process := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    count = 0
    def lines(frame, event, _):
        nonlocal count
        if "/delivery/" not in frame.f_code.co_filename:
            return None
        count += event == "line"
        if last and count >= last:
            os._exit(9)
        return lines
    sys.settrace(lines)
    work(folder)
    sys.settrace(None)
    (folder / "lines").write_text(str(count))
    os._exit(0)

base, draw = Path(sys.argv[1]), random.Random(19)
assert round(base / "whole", 0) == 0
lines = int((base / "whole" / "lines").read_text())
for number in range(int(sys.argv[2])):
    # Some are hit again and again.
    codes = [round(base / str(number), draw.randint(1, lines)) for _ in range(1 + number % 3)]
    assert round(base / str(number), 0) == 0
    (base / str(number) / "kills").write_text(str(codes.count(9)))
"""


@pytest.mark.skipif(os.name != "posix", reason="forks")
@pytest.mark.parametrize("rounds", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_killed_at_any_line_every_alert_arrives_and_a_double_has_lost_its_receipt(tmp_path, rounds):
    root = Path(__file__).parents[4]
    done = subprocess.run(
        [sys.executable, "-c", ROUNDS, str(tmp_path), str(rounds)],
        env=os.environ | {"PYTHONPATH": str(root)},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    killed = 0
    for number in range(rounds):
        folder = tmp_path / str(number)
        got = [json.loads(line) for line in (folder / "got.jsonl").read_text().splitlines()]
        assert {alert for message in got for alert in message["ids"]} == {
            failed(n).id for n in range(1, 31)
        }
        messages, kills = [message["id"] for message in got], int((folder / "kills").read_text())
        assert len(set(messages)) == 3
        assert len(messages) - 3 <= kills
        killed += kills
    assert killed > rounds
