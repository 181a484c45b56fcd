"""Alerts: 10,000 failed checks, a receiver that is down for a while, a sensor that is killed at random.

`python benchmarks/alerts.py [checks] [kills]`. The event log is a real one; the receiver is a web server
in a process of its own that writes down what it took and what it refused; the sensor is a process that
looks and delivers again and again, and is ended by SIGKILL. Counted at the receiver: every alert's id at
least once, a message twice only where its receipt was lost.
"""

import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import apprise
import dagster as dg
import requests
from dagster._core.events import DagsterEventBatchMetadata, generate_event_batch_id
from dagster._core.storage.dagster_run import DagsterRun, DagsterRunStatus

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.world import machine, peak_mib, show
from gosales_assets.operations.alert_events import COMMAND, read_entries
from gosales_assets.operations.alerts import BATCH, collect_and_deliver
from gosales_assets.operations.instance import open_instance
from gosales_assets.platform.platform import Platform
from gosales_checks.partition_checks import CONTENT
from gosales_resources.delivery.outbox import Outbox
from tests.worlds.erp import random_rows, write_world

CHECKS, KILLS = 10_000, 100
# Of a sensor before it is killed, at most: long enough to get somewhere, short for what there is to do.
LIFE_SECONDS = 5
OUTAGE_KILLS = 6
ANSWER_SECONDS = 0.1
PER_RUN = 40
VARIABLE = "ALERTS_BENCHMARK_URL"
TOOK, REFUSED, DOWN = "took.jsonl", "refused.jsonl", "down"
FORK = multiprocessing.get_context("fork")


def alerts(checks: int = CHECKS, kills: int = KILLS) -> None:
    """Measure delivery undisturbed, then with kills and an outage, and count at the receiver."""
    with tempfile.TemporaryDirectory(prefix="gosales-alerts-") as name:
        folder = Path(name)
        port = FORK.Queue()
        server = FORK.Process(target=_receive, args=(folder, port), daemon=True)
        server.start()
        os.environ[VARIABLE] = f"json://127.0.0.1:{port.get()}/"
        platform = _platform(folder)
        _load()
        began = time.perf_counter()
        _in_child(_fail, platform, checks, "first")
        stored = time.perf_counter() - began
        calm = _in_child(_undisturbed, platform)
        calm |= _in_child(_yardsticks, platform)
        (folder / TOOK).unlink()
        shown = _disturbed(folder, platform, checks, kills)
        _in_child(_fail, platform, checks // 5, "again")
        again = _in_child(_undisturbed, platform, False)
        server.terminate()
    _show(checks, stored, calm, shown, again)


def _load() -> None:
    """Load the services once, as a sensor's process does; each child would for a second or two."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        apprise.Apprise.instantiate(os.environ[VARIABLE])


def _platform(folder: Path) -> Platform:
    alerts = {
        "enabled": True, "wait_minutes": 0, "digest_hour": None, "retry_seconds": 0.5,
        "retry_longest_minutes": 0.1, "shown": 10,
        "sinks": {"hook": {"kind": "apprise", "url_variable": VARIABLE}},
        "routes": [{"sink": "hook"}],
    }  # fmt: skip
    return Platform.of(write_world(folder / "world", random_rows(1), {"alerts": alerts}))


def _receive(folder: Path, port) -> None:
    """Take messages, or refuse them while the file `down` is there; write each down."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            is_down = (folder / DOWN).exists()
            told = body.get("gosales", {})
            line = json.dumps({"id": told.get("id"), "ids": told.get("ids", [])})
            with (folder / (REFUSED if is_down else TOOK)).open("a") as file:
                file.write(line + "\n")
            # Kills fall into what is between: it has the message, and nobody has the receipt.
            time.sleep(ANSWER_SECONDS)
            self.send_response(503 if is_down else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        port.put(server.server_address[1])
        server.serve_forever()


def _fail(platform: Platform, checks: int, name: str) -> None:
    """Put failed checks into the event log, `PER_RUN` a run, as runs over ranges leave them."""
    with open_instance(platform) as instance:
        for number in range(checks // PER_RUN):
            run = f"{name}-{number:05d}"
            instance.add_run(
                DagsterRun(
                    "bench", run, status=DagsterRunStatus.SUCCESS, tags={COMMAND: f"c-{run}"}
                )
            )
            batch = generate_event_batch_id()
            for at in range(PER_RUN):
                evaluation = dg.AssetCheckEvaluation(
                    asset_key=dg.AssetKey("scores"),
                    check_name=f"check_{at}",
                    passed=False,
                    partition=f"2024-06-30|d{number}",
                    severity=dg.AssetCheckSeverity.ERROR if at % 4 else dg.AssetCheckSeverity.WARN,
                    description="lift@10 is 0.8, the floor is 1.2",
                    metadata={CONTENT: f"{number}"},
                )
                event = dg.DagsterEvent(
                    dg.DagsterEventType.ASSET_CHECK_EVALUATION.value,
                    "bench",
                    event_specific_data=evaluation,
                )
                together = DagsterEventBatchMetadata(batch, is_end=at == PER_RUN - 1)
                instance.report_dagster_event(event, run, batch_metadata=together)


def _in_child(work, *arguments):
    """Do work in a process of its own, so that this one opens no database and starts no thread."""
    answers = FORK.Queue()
    child = FORK.Process(target=lambda: answers.put(work(*arguments)))
    child.start()
    found = answers.get()
    child.join()
    return found


def _tick(platform: Platform, instance: dg.DagsterInstance) -> bool:
    """Look once, as the sensor does; tell whether nothing is left to do."""
    told = collect_and_deliver(platform, instance)
    if not told.is_complete:
        return False
    with Outbox(platform.settings.alerts_root) as outbox:
        return not outbox.rows("SELECT 1 FROM messages WHERE state = 'waiting' LIMIT 1")


def _undisturbed(platform: Platform, is_forgotten: bool = True) -> dict:
    """Time one sensor that nobody disturbs; its outbox is removed where `is_forgotten`."""
    with open_instance(platform) as instance:
        began, ticks = time.perf_counter(), 1
        while not _tick(platform, instance):
            ticks += 1
        seconds = time.perf_counter() - began
    root = platform.settings.alerts_root
    with Outbox(root) as outbox:
        (count,) = outbox.rows(
            "SELECT (SELECT count(*) FROM alerts) AS alerts, (SELECT count(*) FROM messages) AS messages, "
            "(SELECT count(*) FROM alerts WHERE kept_back = 'told within the cool-down') AS cool"
        )
    size = sum(path.stat().st_size for path in root.iterdir()) / 2**20
    if is_forgotten:
        for path in root.iterdir():
            path.unlink()
    return count | {"seconds": seconds, "ticks": ticks, "mib": size, "peak": peak_mib()}


def _yardsticks(platform: Platform) -> dict:
    """Read the same events once; post as many messages as there are, one by one."""
    with open_instance(platform) as instance:
        began, position, events = time.perf_counter(), 0, 0
        while entries := read_entries(instance, position, BATCH):
            position, events = entries[-1][0], events + len(entries)
        reading = time.perf_counter() - began
    url, count = os.environ[VARIABLE].replace("json://", "http://"), events // PER_RUN
    began = time.perf_counter()
    for _ in range(count):
        requests.post(url, json={}, timeout=9)
    return {"reading": reading, "posting": time.perf_counter() - began, "posts": count}


def _disturbed(folder: Path, platform: Platform, checks: int, kills: int) -> dict:
    """Kill the sensor at random moments, with an outage in between, until all is delivered."""
    draw, killed, down_since = random.Random(19), 0, None
    messages = checks // PER_RUN
    began = time.perf_counter()
    while True:
        # Down from a third of the messages on, for some lives.
        if down_since is None and _lines(folder / TOOK) >= messages // 3:
            down_since = killed
        is_down = down_since is not None and killed < min(down_since + OUTAGE_KILLS, kills)
        (folder / DOWN).touch() if is_down else (folder / DOWN).unlink(missing_ok=True)
        is_open = FORK.Event()
        child = FORK.Process(target=_sensor, args=(platform, is_open))
        child.start()
        # To open the history takes long on a busy machine, and is not what is looked at.
        is_open.wait()
        child.join(draw.uniform(0, LIFE_SECONDS) if killed < kills else None)
        if child.exitcode is None:
            os.kill(child.pid, signal.SIGKILL)
            child.join()
        killed += child.exitcode == -signal.SIGKILL
        if child.exitcode == 0:
            break
    seconds = time.perf_counter() - began
    return _counted(folder, platform) | {"killed": killed, "seconds": seconds}


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def _sensor(platform: Platform, is_open) -> None:
    with open_instance(platform) as instance:
        is_open.set()
        while not _tick(platform, instance):
            time.sleep(0.05)


def _counted(folder: Path, platform: Platform) -> dict:
    took = [json.loads(line) for line in (folder / TOOK).read_text().splitlines()]
    lines = (folder / REFUSED).read_text().splitlines() if _lines(folder / REFUSED) else []
    refused = Counter(json.loads(line)["id"] for line in lines)
    times = Counter(message["id"] for message in took)
    with Outbox(platform.settings.alerts_root) as outbox:
        attempts = {r["id"]: r["attempts"] for r in outbox.rows("SELECT * FROM messages")}
        known = {row["id"] for row in outbox.rows("SELECT id FROM alerts")}
    got = {one for message in took for one in message["ids"]}
    doubles = {name: count - 1 for name, count in times.items() if count > 1}
    # A try whose answer nobody wrote down: neither refused nor the last one.
    unexplained = [n for n, extra in doubles.items() if extra > attempts[n] - refused[n] - 1]
    return {
        "alerts": len(known), "missing": len(known - got), "messages": len(attempts),
        "refused": refused.total(), "doubles": sum(doubles.values()),
        "unexplained": len(unexplained), "lost": _lost(attempts, refused),
        "more_than_one": sum(len(m["ids"]) != PER_RUN for m in took),
    }  # fmt: skip


def _lost(attempts: dict, refused: Counter) -> int:
    """Count the tries that ended with the process: before the receiver, or before the receipt."""
    return sum(tries - 1 - refused[name] for name, tries in attempts.items())


def _show(checks: int, stored: float, calm: dict, found: dict, again: dict) -> None:
    print(machine())
    post = calm["posting"]
    rows = [
        ("yardstick: reading the same events once", f"{calm['reading']:.1f} s", ""),
        (f"yardstick: {calm['posts']} bare posts", f"{post:.1f} s", ""),
        ("undisturbed, events to receipts", f"{calm['seconds']:.1f} s, {calm['ticks']} ticks", ""),
        ("  over reading and posting", f"{calm['seconds'] / (calm['reading'] + post):.1f} x", ""),
        ("  alerts, messages", f"{calm['alerts']:,}, {calm['messages']:,}", "one a command"),
        ("  outbox, peak memory", f"{calm['mib']:.0f} MiB, {calm['peak']:.0f} MiB", ""),
        ("killed sensors, seconds", f"{found['killed']}, {found['seconds']:.0f} s", ""),
        ("  refused while down", f"{found['refused']:,}", ""),
        ("  ids that never came", f"{found['missing']} of {found['alerts']:,}", "0"),
        ("  messages that came again", f"{found['doubles']}", f"<= {found['killed']} kills"),
        ("  of these without a lost receipt", f"{found['unexplained']}", "0"),
        ("  tries that ended with their process", f"{found['lost']}", ""),
        ("  messages that are not of one whole run", f"{found['more_than_one']}", "0"),
        (
            "the same checks again: kept back, messages",
            f"{again['cool']:,}, {again['messages'] - found['messages']}",
            f"{checks // 5:,}, 0",
        ),
    ]
    show(
        f"alerts: {checks:,} failed checks in {checks // PER_RUN} runs, stored in {stored:.0f} s",
        rows,
    )


if __name__ == "__main__":
    alerts(*(int(argument) for argument in sys.argv[1:]))
