"""Sinks on real receivers: a file, a web server and a mail server on loopback; nothing tells a secret."""

import io
import json
import logging
import sys

import pytest

from gosales_resources.delivery.composing import compose
from gosales_resources.delivery.delivering import deliver
from gosales_resources.delivery.outbox import Outbox
from gosales_resources.delivery.recording import begin, record
from gosales_resources.delivery.sinks import (
    DeliveryError,
    FileSink,
    Message,
    StdoutSink,
    open_sink,
)
from gosales_resources.errors import GosalesError, SettingsError
from tests.worlds.alerts import (
    HOSTILE,
    HOUR,
    NOW,
    failed,
    mail_server,
    nothing_runs,
    receiver,
)
from tests.worlds.erp import random_rows, write_world

CONTENT = {
    "title": "one", "text": "two", "severity": "ERROR", "command": "c", "count": 1, "ids": ["a"],
    "alerts": [],
}  # fmt: skip
MESSAGE = Message("0123abcd", "failed", CONTENT)
APPRISE = {"sinks": {"team": {"kind": "apprise", "url_variable": "TEAM_URL"}}}


@pytest.fixture
def world(tmp_path):
    """Make settings whose alerts go to the address in TEAM_URL."""

    def make(**alerts):
        told = {"enabled": True, "wait_minutes": 0, "digest_hour": None, **APPRISE, **alerts}
        told.setdefault("routes", [{"sink": name} for name in told["sinks"]])
        return write_world(tmp_path, random_rows(1), {"alerts": told})

    return make


def tell(settings, *events, now: float = NOW):
    """Do a round of the outbox of a world."""
    with Outbox(settings.alerts_root) as outbox:
        begin(outbox, NOW)
        if events:
            record(outbox, events, events[-1].event, 24, NOW)
        compose(outbox, settings.alerts, settings.name, now, nothing_runs)
        return deliver(
            outbox, settings.alerts, lambda s: open_sink(settings, s), lambda: now, now + 60
        )


def test_a_web_server_that_is_down_for_a_while_gets_each_message_once_with_all_ids(
    world, monkeypatch
):
    with receiver() as kept:
        monkeypatch.setenv("TEAM_URL", kept.url)
        kept.refuses = 5
        settings = world(shown=2)
        events = [failed(n, command=f"c{n % 2}") for n in range(1, 21)]
        for hour in range(8):
            tell(settings, *events, now=NOW + hour * HOUR)
    assert len(kept.got) == 2
    assert kept.tried == 7
    told = [one["gosales"] for one in kept.got]
    assert {alert for one in told for alert in one["ids"]} == {event.id for event in events}
    assert [len(one["alerts"]) for one in told] == [2, 2]
    for one, headers in zip(kept.got, kept.headers, strict=True):
        assert headers["X-GoSales-Message"] == one["gosales"]["id"]
        assert one["gosales"]["id"] in one["message"]
        assert one["type"] == "failure"


def test_a_mail_has_one_line_of_subject_no_foreign_header_and_text_that_does_nothing(
    world, monkeypatch
):
    with mail_server() as box:
        monkeypatch.setenv("TEAM_URL", box.url)
        done = tell(world(), failed(1, finding=HOSTILE, asset=HOSTILE))
    assert done.sent == 1, done.errors
    (mail,) = box.mails
    assert box.recipients == [["ann@shop.example"]]
    assert "Bcc" not in mail
    assert str(mail["Subject"]).strip()
    assert mail["X-GoSales-Message"] in str(mail.get_payload(decode=True).decode())
    html = mail.get_payload(decode=True).decode()
    assert "<script>" not in html
    assert "<a " not in html.lower()


def test_a_mail_server_that_is_gone_is_a_failed_try(world, monkeypatch):
    with mail_server() as box:
        monkeypatch.setenv("TEAM_URL", box.url)
    assert tell(world(), failed(1)).failed["team"] == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "TEAM_URL is not set"),
        ("dbus://hunter2", "has 'dbus'"),
        ("hunter2-without-a-schema", "no schema"),
        ("json://:::hunter2:::", "TEAM_URL"),
        ("slack://hunter2", "TEAM_URL"),
        ("json://user:hunter2@127.0.0.1:9/hunter2?+X-Token=hunter2", "did not take it"),
    ],
    ids=["unset", "not allowed", "no schema", "no host", "half a token", "nobody listens"],
)
def test_an_address_that_does_not_work_is_told_without_it(
    world, monkeypatch, caplog, capfd, url, said
):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("TEAM_URL", url)
    settings = world()
    with pytest.raises(GosalesError, match=said) as error:
        open_sink(settings, "team")(MESSAGE)
    printed = capfd.readouterr()
    assert "hunter2" not in f"{error.value} {caplog.text} {printed.out} {printed.err}"


def test_no_secret_is_on_disk_and_a_failure_is_tried_again_and_then_arrives(
    world, monkeypatch, tmp_path
):
    with receiver() as kept:
        monkeypatch.setenv("TEAM_URL", kept.url)
        kept.refuses = 1
        settings = world()
        done = tell(settings, failed(1))
        assert done.errors == {"team": "the service did not take it (failure, HTTP 503)"}
        assert tell(settings, now=NOW + 1).failed == {}
        assert tell(settings, now=NOW + HOUR).sent == 1
    for path in settings.alerts_root.iterdir():
        assert b"hunter2" not in path.read_bytes()
        assert b"secret-token" not in path.read_bytes()


def test_a_redirect_is_not_followed_to_whom_the_address_does_not_name(world, monkeypatch):
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    with receiver() as other:

        class Elsewhere(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(307)
                self.send_header("Location", f"http://127.0.0.1:{other.port}/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            monkeypatch.setenv("TEAM_URL", f"json://127.0.0.1:{server.server_address[1]}/")
            done = tell(world(), failed(1))
            server.shutdown()
            thread.join()
        assert (done.sent, other.tried) == (0, 0)


def test_without_apprise_the_error_names_the_extra(world, monkeypatch):
    monkeypatch.setenv("TEAM_URL", "json://127.0.0.1")
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(SettingsError, match=r"pip install 'gosales\[alerts\]'"):
        open_sink(world(), "team")(MESSAGE)


def test_a_torn_last_line_of_the_file_is_cut_off_and_whole_lines_stay(tmp_path):
    path = tmp_path / "deep" / "alerts.jsonl"
    sink = FileSink(path)
    sink(MESSAGE)
    whole = path.read_bytes()
    for torn in (whole[:-1], whole[: len(whole) // 2], b"x" * 200_000, b"\xff"):
        path.write_bytes(whole + torn)
        sink(MESSAGE)
        assert path.read_bytes() == whole * 2
    path.write_bytes(whole[:7])
    sink(MESSAGE)
    assert path.read_bytes() == whole
    assert json.loads(whole)["id"] == MESSAGE.id


def test_a_file_that_cannot_be_written_is_a_failed_try(tmp_path):
    (tmp_path / "taken").write_text("a file, not a folder")
    with pytest.raises(DeliveryError, match="cannot write"):
        FileSink(tmp_path / "taken" / "alerts.jsonl")(MESSAGE)


def test_standard_output_shows_control_signs_and_does_nothing_they_say():
    stream = io.StringIO()
    StdoutSink(stream)(Message("id", "failed", CONTENT | {"text": "a\x1b[31m\u202e"}))
    assert stream.getvalue() == "one\na\\x1b[31m\\u202e\nmessage id\n"
