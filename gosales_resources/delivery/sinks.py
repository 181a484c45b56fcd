"""Where messages go: a file of JSON lines, standard output, and the services that apprise knows.

A sink sends one message or raises `DeliveryError`, which says why and never where to: addresses hold
tokens. To try again is not a sink's business.
"""

import contextlib
import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from gosales_resources.delivery.wording import BREAK
from gosales_resources.errors import GosalesError, SettingsError, nearest
from gosales_resources.markdown import printable
from gosales_resources.settings.alerts import AlertSettings, SinkSettings
from gosales_resources.settings.tree import Settings

FILE = "alerts.jsonl"
ID_HEADER, KIND_HEADER = "X-GoSales-Message", "X-GoSales-Kind"
# A tick of the sensor has a minute for all of them.
SEND_SECONDS = 15
# Who may log an address, or a part of it.
LOGGERS = ("apprise", "urllib3.connectionpool")
HTTP_STATUS = re.compile(r"error=(\d{3})\b")


class DeliveryError(GosalesError):
    """A message could not be delivered this time."""


@dataclass(frozen=True)
class Message:
    """What is sent."""

    id: str
    """Names it: a receiver that gets it twice drops the second."""
    kind: str
    """`failed`, `recovered`, `digest` or `test`."""
    content: Mapping[str, Any]
    """As `wording` makes it."""

    @property
    def text(self) -> str:
        """The text for people, with the id."""
        return f"{self.content['text']}\nmessage {self.id}"

    @property
    def fields(self) -> dict[str, Any]:
        """What programs get; `alerts` and `ids` hold ids of alerts."""
        names = ("severity", "command", "count", "ids", "alerts")
        return {"id": self.id, "kind": self.kind} | {name: self.content[name] for name in names}


# Sends, and returns a receipt: what is known of the delivery.
Sink = Callable[[Message], str]


def open_sink(settings: Settings, name: str, stdout: TextIO | None = None) -> Sink:
    """Return what sends to a sink of the settings.

    Raises
    ------
    SettingsError
        When its address is missing, or not of an allowed kind.
    """
    sink = settings.alerts.sinks.get(name)
    if sink is None:
        raise SettingsError(f"no sink '{name}' any more. {nearest(name, settings.alerts.sinks)}")
    if sink.kind == "file":
        folder = settings.config_file.parent / sink.folder if sink.folder else settings.alerts_root
        return FileSink(folder.resolve() / FILE)
    if sink.kind == "stdout":
        return StdoutSink(stdout or sys.stdout)
    return AppriseSink(name, sink, settings.alerts)


class FileSink:
    """JSON lines, a message each, appended whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, message: Message) -> str:
        """Append it, flushed to the disk."""
        titled = {name: message.content[name] for name in ("title", "text")}
        line = json.dumps(message.fields | titled, ensure_ascii=False).encode() + b"\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab+") as file:
                _heal(file)
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DeliveryError(f"cannot write {self._path}: {error.strerror or error}") from error
        return f"appended to {self._path.name}"


def _heal(file: Any) -> None:
    """Cut off what a writer that was killed left of its line; that message is written again."""
    end = file.seek(0, os.SEEK_END)
    start, tail = end, b""
    while start and b"\n" not in tail:
        start = max(0, start - 65_536)
        file.seek(start)
        tail = file.read(end - start)
    if tail and not tail.endswith(b"\n"):
        file.truncate(start + tail.rfind(b"\n") + 1)


class StdoutSink:
    """Text for eyes, or for whoever keeps what a process prints."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, message: Message) -> str:
        """Print it."""
        try:
            # A terminal makes nothing of mentions, and shows the breaks in them.
            text = f"{message.content['title']}\n{message.text}\n".replace(BREAK, "")
            self._stream.write(printable(text))
            self._stream.flush()
        except (OSError, UnicodeEncodeError) as error:
            raise DeliveryError(f"cannot print: {type(error).__name__}") from error
        return "printed"


class AppriseSink:
    """A service by its address, which an environment variable holds."""

    def __init__(self, name: str, sink: SinkSettings, alerts: AlertSettings) -> None:
        where = f"alerts.sinks.{name}"
        url = os.environ.get(sink.url_variable or "", "").strip()
        if not url:
            raise SettingsError(
                f"{where}: the environment variable {sink.url_variable} is not set."
            )
        schema = url.partition("://")[0].casefold()
        if "://" not in url or schema not in alerts.allowed_schemas:
            # Without :// the text before it may be anything, a password too.
            found = f"'{schema}'" if re.fullmatch(r"[a-z0-9+]{1,20}", schema) else "no schema"
            raise SettingsError(
                f"{where}: the address in {sink.url_variable} has {found}, which alerts.allowed_schemas "
                f"does not have. {nearest(schema if '://' in url else '', alerts.allowed_schemas)}"
            )
        self._where, self._url, self._schema = where, url, schema
        self._variable = sink.url_variable

    def __call__(self, message: Message) -> str:
        """Send it once."""
        with _logging_no_address():
            return self._send(message)

    def _send(self, message: Message) -> str:
        apprise = _apprise()
        asset = apprise.AppriseAsset(
            app_id="gosales",
            app_desc="gosales",
            async_mode=False,
            # Elsewhere somebody else would read the token.
            http_redirects=False,
            service_timeout=SEND_SECONDS,
        )
        with warnings.catch_warnings():
            # The first address loads all plugins, and one of them what Python 3.13 no longer has.
            warnings.simplefilter("ignore", DeprecationWarning)
            service = apprise.Apprise.instantiate(self._url, asset=asset)
        if service is None:
            raise DeliveryError(f"apprise makes nothing of the address in {self._variable}")
        _attach(service, message)
        # Plain text, which apprise escapes for what the service reads.
        sent = apprise.Apprise(service, asset=asset).notify(
            body=message.text,
            title=message.content["title"],
            notify_type=_look_of(message),
            body_format="text",
        )
        if not sent:
            raise DeliveryError(_why_not(sent))
        return f"accepted by {self._schema}"


def _look_of(message: Message) -> str:
    """Return the colour or sign that a service shows, in apprise's words."""
    if message.kind == "failed":
        return "warning" if message.content["severity"] == "WARN" else "failure"
    return "success" if message.kind == "recovered" else "info"


def _attach(service: Any, message: Message) -> None:
    """Let the id travel where the service has room beside the text: headers, JSON."""
    if isinstance(getattr(service, "headers", None), dict):
        service.headers |= {ID_HEADER: message.id, KIND_HEADER: message.kind}
    if isinstance(getattr(service, "payload_extras", None), dict):
        service.payload_extras |= {"gosales": message.fields}


def _why_not(sent: Any) -> str:
    """Say how a delivery ended, without what apprise logs of it: that may name the address."""
    codes = [found[1] for log in sent.logs() if (found := HTTP_STATUS.search(str(log.message)))]
    answer = f", HTTP {codes[-1]}" if codes else ""
    return f"the service did not take it ({sent.status.name.lower()}{answer})"


def _apprise() -> Any:
    try:
        # Half a second, and most commands send nothing.
        import apprise  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            "Alerts of kind apprise need the extra: pip install 'gosales[alerts]'"
        ) from error
    return apprise


class _NoAddresses(logging.Filter):
    """Leaves of a record what is no address: the status that a server answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        found = HTTP_STATUS.search(record.getMessage())
        record.msg, record.args, record.exc_info = found[0] if found else "left out", (), None
        return True


@contextlib.contextmanager
def _logging_no_address() -> Iterator[None]:
    """Let nobody log addresses while a message is sent, whatever logging is set to."""
    hidden = _NoAddresses()
    loggers = [logging.getLogger(name) for name in LOGGERS]
    for logger in loggers:
        logger.addFilter(hidden)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(hidden)
