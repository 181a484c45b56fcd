"""Alerts that tests tell: failures, outboxes, and receivers on loopback that really listen."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gosales_resources.delivery.alert import Failed, Passed
from gosales_resources.settings.alerts import AlertSettings

NOW = 1_750_000_000.0
HOUR, MINUTE = 3_600, 60
# What a customer, a file or a column may be called.
HOSTILE = (
    "Acme\r\nBcc: thief@evil.example\n<!channel> @everyone <script>alert(1)</script> **b** _i_ "
    "[k](http://evil.example) `c` \x1b[31m \u202e | https://evil.example/pay"
)


def failed(number: int = 1, **changed: object) -> Failed:
    """Make the failure of a check; `number` tells apart events, runs and partitions."""
    plain = {
        "event": number,
        "at": NOW,
        "asset": "scores",
        "check": "lift_above_floor",
        "partition": f"2024-06-30|d{number}",
        "severity": "ERROR",
        "cause": f"content {number}",
        "run": f"run {number}",
        "command": f"run {number}",
        "finding": "lift@10 is 0.8, the floor is 1.2",
    }
    return Failed(**(plain | changed))


def passed(failure: Failed, event: int, **changed: object) -> Passed:
    """Make the later pass of what failed."""
    plain = {"event": event, "at": NOW + HOUR, "run": "good", "command": "good"}
    subject = {name: getattr(failure, name) for name in ("asset", "check", "partition")}
    return Passed(**(plain | subject | changed))


def alert_settings(**changed: object) -> AlertSettings:
    """Make settings of one sink that is told at once, and of no digest."""
    plain = {"enabled": True, "wait_minutes": 0, "digest_hour": None}
    return AlertSettings.model_validate(plain | changed)


def nothing_runs(_: object) -> set[str]:
    return set()


@dataclass
class Receiver:
    """A web server that keeps what it was sent, and refuses while it is told to."""

    port: int = 0
    refuses: int = 0
    """How many requests more are answered by 503."""
    got: list[dict] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    tried: int = 0

    @property
    def url(self) -> str:
        return f"json://user:hunter2@127.0.0.1:{self.port}/secret-token"


@contextlib.contextmanager
def receiver() -> Iterator[Receiver]:
    """Listen on a port of loopback."""
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.tried += 1
            is_refused = kept.refuses > 0
            kept.refuses -= is_refused
            if not is_refused:
                kept.got.append(json.loads(body))
                kept.headers.append(dict(self.headers))
            self.send_response(503 if is_refused else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Mailbox:
    """What a mail server took."""

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"mailto://127.0.0.1:{self.port}/?from=gosales@shop.example&to=ann@shop.example&mode=insecure"

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content))
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 taken"


@contextlib.contextmanager
def mail_server() -> Iterator[Mailbox]:
    """Listen for mail on a port of loopback."""
    from aiosmtpd.smtp import SMTP

    box = Mailbox()
    loop = asyncio.new_event_loop()
    started = threading.Event()

    async def serve() -> None:
        server = await loop.create_server(lambda: SMTP(box, loop=loop), "127.0.0.1", 0)
        box.port = server.sockets[0].getsockname()[1]
        started.set()
        async with server:
            await stop.wait()

    stop = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    started.wait(30)
    try:
        yield box
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
