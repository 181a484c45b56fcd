"""`gosales ui` as people start it: foreign requests, a second one, how it ends."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import dagster as dg
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from gosales.cli.main import main
from gosales_assets.operations.instance import open_instance
from gosales_assets.platform.platform import Platform
from tests.run.served_ui import answers, ask, free_port, served_ui, ui_command, wait_for
from tests.worlds.erp import row, write_world
from tests.worlds.foreign_requests import (
    ASSET,
    EVIL,
    JSON,
    WIPE,
    Sent,
    foreign_requests,
    posted,
    send,
)

WIPED = {"wipeAssets": {"__typename": "AssetWipeSuccess"}}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ui")
    return Platform.of(write_world(folder, [row()])), folder


@pytest.fixture(scope="module")
def served(world):
    platform, folder = world
    port = free_port()
    with served_ui(folder, port) as process:
        yield platform, folder, port, process


def files_of(platform: Platform) -> list[str]:
    """Return what the history knows of the asset, and every event of all that is about it."""
    with open_instance(platform) as instance:
        if not instance.fetch_materializations(dg.AssetKey(ASSET), limit=1).records:
            instance.report_runless_asset_event(dg.AssetMaterialization(ASSET))
        found = [
            record
            for kind in ("ASSET_MATERIALIZATION", "ASSET_OBSERVATION", "ASSET_CHECK_EVALUATION")
            for record in instance.event_log_storage.get_event_records(
                dg.EventRecordsFilter(dg.DagsterEventType(kind))
            )
        ]
    return [f"{record.storage_id} {record.event_log_entry}" for record in found]


@pytest.mark.slow
def test_no_foreign_request_changes_a_thing(served):
    platform, _, port, _ = served
    before = files_of(platform)
    said = {sent.name: send(port, sent).status for sent in foreign_requests(port)}
    assert {name for name, status in said.items() if status not in (400, 403, 405, 415)} == set()
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"ws://127.0.0.1:{port}/graphql", origin=Origin(EVIL))
    assert (len(said) > 20, files_of(platform)) == (True, before)


@pytest.mark.slow
def test_the_pages_own_requests_work(served):
    platform, _, port, _ = served
    before, own = files_of(platform), f"http://127.0.0.1:{port}"
    with connect(
        f"ws://127.0.0.1:{port}/graphql",
        origin=Origin(own),
        subprotocols=[Subprotocol("graphql-ws")],
    ) as socket:
        socket.send('{"type": "connection_init"}')
        assert json.loads(socket.recv())["type"] == "connection_ack"
    wiped = send(port, Sent("", headers={**JSON, "Origin": own}, body=posted(WIPE)))
    assert json.loads(wiped.text)["data"] == WIPED
    assert files_of(platform) != before


@pytest.mark.slow
def test_a_second_one_is_told_who_is_there_and_starts_nothing(served):
    _, folder, port, process = served
    on_its_port = subprocess.run(
        ui_command(folder, port), capture_output=True, text=True, check=False
    )
    assert (on_its_port.returncode, on_its_port.stdout) == (2, "")
    assert f"Port {port} of 127.0.0.1 is in use by process {process.pid}" in on_its_port.stderr
    assert f"gosales ui --port {port + 1}" in on_its_port.stderr
    other = subprocess.run(
        ui_command(folder, free_port()), capture_output=True, text=True, check=False
    )
    assert other.returncode == 2
    assert f"http://127.0.0.1:{port} (process {process.pid})" in other.stderr


@pytest.mark.slow
def test_read_only_it_shows_and_changes_nothing(served):
    platform, folder, _, _ = served
    before, port = files_of(platform), free_port()
    with served_ui(folder, port, "--read-only"):
        assert ask(port, WIPE, {})["wipeAssets"]["__typename"] == "UnauthorizedError"
        assert ask(port, "{ version }", {})["version"]
    assert files_of(platform) == before


def children_of(process: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, check=False
    )
    return [int(word) for word in listed.stdout.split()]


def runs(process: int) -> bool:
    state = Path(f"/proc/{process}/stat")
    return state.is_file() and state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_whatever_ends_it_ends_its_servers(tmp_path, by):
    write_world(tmp_path, [row()])
    port = free_port()
    with served_ui(tmp_path, port) as process:
        started = wait_for(lambda: c if len(c := children_of(process.pid)) > 1 else None, 60)
        started += [grandchild for child in started for grandchild in children_of(child)]
        os.kill(process.pid, by)
        assert process.wait(60) == (0 if by is not signal.SIGKILL else -signal.SIGKILL)
        # A killed one's server of the code waits 45 s for a sign of life.
        wait_for(lambda: not any(map(runs, started)), 120)
        assert not answers(port)


def test_it_is_not_opened_to_others_by_mistake(tmp_path, capsys):
    write_world(tmp_path, [row()])
    config = ["ui", "--config", str(tmp_path / "gosales.yaml"), "--host", "0.0.0.0"]  # noqa: S104
    for more in ([], ["--behind-login-proxy"], ["--public-url", "https://x.example"]):
        assert main([*config, *more]) == 2
        assert "put a proxy with a login" in capsys.readouterr().err
    assert not (tmp_path / "gosales_home").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [(["--port", "70000"], "Port 70000 does not exist"),
     (["--host", "localhost", "--port", "-1"], "Port -1 does not exist"),
     (["--set", "models.seed=3"], "read the settings file and GOSALES_ variables")],
)  # fmt: skip
def test_what_the_ui_cannot_do_is_refused(tmp_path, capsys, options, told):
    write_world(tmp_path, [row()])
    assert main(["ui", "--config", str(tmp_path / "gosales.yaml"), *options]) == 2
    assert told in capsys.readouterr().err


def test_a_busy_port_is_told_with_who_holds_it(tmp_path, capsys):
    write_world(tmp_path, [row()])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["ui", "--config", str(tmp_path / "gosales.yaml"), "--port", str(port)]) == 2
    told = capsys.readouterr().err
    assert f"Port {port} of 127.0.0.1 is in use by process {os.getpid()} (" in told
    assert f"--port {port + 1}" in told
