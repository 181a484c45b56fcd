"""The guard before Dagster's own web application, over real sockets; `gosales ui` as a whole: tests/run/test_ui.py."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator

import dagster as dg
import pytest
import uvicorn
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from starlette.types import ASGIApp
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from gosales.ui.guard import Access
from gosales.ui.port import take_port
from gosales.ui.server import guarded
from gosales_resources.errors import SettingsError
from tests.worlds.foreign_requests import (
    ASSET,
    EVIL,
    JSON,
    JUDGED,
    MATERIALISED,
    OBSERVED,
    UPGRADE,
    WIPE,
    Sent,
    by_get,
    foreign_requests,
    names,
    posted,
    send,
)

WS = [Subprotocol("graphql-ws")]
PROXY = "https://sales.example.com"


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("home"))) as instance:
        yield instance


@pytest.fixture(scope="module")
def context(instance):
    target = EmptyWorkspaceTarget()
    with WorkspaceProcessContext(instance, version="9", workspace_load_target=target) as context:
        yield context


@contextlib.contextmanager
def served(make: Callable[[int], ASGIApp]) -> Iterator[int]:
    """Serve an application on loopback, made for its port."""
    with take_port("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(make(port), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
        thread.start()
        try:
            yield port
        finally:
            server.should_exit = True
            thread.join(30)


def access(port: int, **more) -> Access:
    return Access.of("127.0.0.1", port, **more)


@pytest.fixture(scope="module")
def port(context):
    with served(lambda port: guarded(context, access(port))) as port:
        yield port


def history(instance) -> list[str]:
    """Materialise once; return what the event log has of it."""
    instance.report_runless_asset_event(dg.AssetMaterialization(ASSET))
    return events(instance)


def events(instance) -> list[str]:
    key = dg.AssetKey(ASSET)
    found = [
        *instance.fetch_materializations(key, limit=100).records,
        *instance.fetch_observations(key, limit=100).records,
    ]
    checks = dg.EventRecordsFilter(dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found += instance.event_log_storage.get_event_records(checks)
    return [f"{record.storage_id} {record.event_log_entry}" for record in found]


@pytest.mark.parametrize("name", names())
def test_what_a_foreign_page_can_send_changes_nothing(instance, port, name):
    (sent,) = (one for one in foreign_requests(port) if one.name == name)
    before = history(instance)
    answer = send(port, sent)
    assert answer.status in (400, 403, 405, 415)
    assert answer.text.startswith("Refused by gosales ui: ")
    assert not [name for name, _ in answer.headers if name.startswith("access-control-")]
    assert events(instance) == before


@pytest.mark.parametrize(
    "name", ["mutation by GET from a page", "verdict reported", "materialisation reported"]
)
def test_without_the_guard_the_same_request_changes_the_history(instance, context, name):
    before = history(instance)
    with served(lambda port: guarded(context, access(port)).app) as port:
        send(port, next(one for one in foreign_requests(port) if one.name == name))
    assert events(instance) != before


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", None])
def test_the_pages_own_mutation_is_made(instance, port, host):
    history(instance)
    own = {"Host": f"{host}:{port}", "Origin": f"http://{host}:{port}", "Sec-Fetch-Site": "same-origin"}  # fmt: skip
    answer = send(port, Sent("", headers=JSON | (own if host else {}), body=posted(WIPE)))
    assert answer.status == 200
    assert not instance.fetch_materializations(dg.AssetKey(ASSET), limit=1).records


def test_a_query_is_answered_by_post_and_by_get(port):
    asked = Sent("", headers=JSON, body=posted("{version}")), Sent("", "GET", by_get("{version}"))
    for sent in asked:
        assert json.loads(send(port, sent).text) == {"data": {"version": "9"}}


def test_a_link_from_elsewhere_opens_a_page_that_nobody_may_frame(port):
    opened = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}  # fmt: skip
    answer = send(port, Sent("", "GET", "/assets", opened | {"Referer": f"{EVIL}/wiki"}))
    assert answer.status == 200
    assert ("x-frame-options", "SAMEORIGIN") in answer.headers
    policies = [value for name, value in answer.headers if name == "content-security-policy"]
    assert "img-src 'self' data: blob:" in policies[-1]


def test_reports_are_taken_when_asked_for_from_programs_alone(instance, context):
    before = history(instance)
    with served(lambda port: guarded(context, access(port, takes_reports=True))) as port:
        for path in (MATERIALISED, JUDGED, OBSERVED):
            foreign = Sent("", path=path, headers=JSON | {"Origin": EVIL}, body="{}")
            assert [send(port, s).status for s in (foreign, Sent("", path=path))] == [403, 415]
        assert events(instance) == before
        for path in (MATERIALISED, JUDGED, OBSERVED):
            assert send(port, Sent("", path=path, headers=JSON, body="{}")).status == 200
    assert len(events(instance)) == len(before) + 3


@pytest.mark.parametrize("foreign", ["Origin", "null", "Host", "Sec-Fetch-Site", "same-site"])
def test_a_foreign_web_socket_is_not_opened(port, foreign):
    headers = {
        "Origin": {"Origin": EVIL},
        "null": {"Origin": "null"},
        "Host": {"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"},
        "Sec-Fetch-Site": {"Sec-Fetch-Site": "cross-site"},
        "same-site": {"Sec-Fetch-Site": "same-site", "Origin": f"http://127.0.0.1:{port}"},
    }[foreign]
    assert send(port, Sent("", "GET", headers=UPGRADE | headers)).status == 403


def test_a_web_socket_of_the_pages_is_opened_and_takes_no_mutation(instance, port):
    before = history(instance)
    own = f"http://127.0.0.1:{port}"
    with connect(f"ws://127.0.0.1:{port}/graphql", origin=Origin(own), subprotocols=WS) as socket:
        socket.send('{"type": "connection_init"}')
        assert json.loads(socket.recv())["type"] == "connection_ack"
        socket.send(json.dumps({"type": "start", "id": "1", "payload": {"query": WIPE}}))
        assert json.loads(socket.recv())["type"] == "error"
    assert events(instance) == before


def test_behind_a_proxy_its_name_is_the_uis_too(context):
    with served(lambda port: guarded(context, access(port, public_url=PROXY))) as port:
        for more, status in (
            ({"Host": "sales.example.com", "Origin": PROXY}, 200),
            ({"Origin": PROXY}, 200),
            ({"Origin": "https://other.example.com"}, 403),
            ({"Host": "other.example.com"}, 403),
        ):
            asked = Sent("", headers=JSON | more, body=posted("{version}"))
            assert send(port, asked).status == status


@pytest.mark.parametrize(
    "url",
    ["sales.example.com", "ftp://x", "https://", "https://x/path", "https://u@x", "http://x:y"],
)
def test_what_is_no_url_of_a_server_is_refused(url):
    with pytest.raises(SettingsError, match="--public-url"):
        Access.of("127.0.0.1", 3000, url)


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Type: application/json"],
        ["Host: {own}", "Host: evil.example", "Content-Type: application/json"],
        ["Host: evil.example", "Host: {own}", "Content-Type: application/json"],
        ["Host: {own}", f"Origin: {EVIL}", "Origin: http://{own}", "Content-Type: application/json"],
        ["Host: {own}", f"Origin: http://{{own}}, {EVIL}", "Content-Type: application/json"],
        ["Host: {own}", "Content-Type: application/json", "Content-Type: text/plain"],
        ["Host: {own}", "Origin: http://{own}", f"Referer: {EVIL}/p", "Content-Type: application/json"],
        ["Host:", "Content-Type: application/json"],
    ],
    ids=["no Host", "two Hosts", "Hosts turned", "two Origins", "a list of Origins", "two types",
         "own Origin, foreign Referer", "empty Host"],
)  # fmt: skip
def test_headers_that_are_there_twice_or_not_at_all_change_nothing(instance, port, lines):
    before, body = history(instance), posted(WIPE)
    head = ["POST /graphql HTTP/1.0", *(line.format(own=f"127.0.0.1:{port}") for line in lines)]
    head += [f"Content-Length: {len(body)}", "", body]
    with socket.create_connection(("127.0.0.1", port), timeout=60) as raw:
        raw.sendall("\r\n".join(head).encode())
        status = raw.makefile("rb").readline().split()[1]
    assert status in (b"400", b"403", b"415")
    assert events(instance) == before
