"""Stands before the UI: only its own pages, and programs on purpose, may drive it.

Dagster's web server has no login, answers any Host, runs GraphQL mutations that come by GET and takes
reports of materialisations and verdicts from anyone: a page in the user's browser could wipe a
history. What is refused and why is in docs/security.md. No Dagster here: any ASGI application can
stand behind it.
"""

import ipaddress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse
from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gosales_resources.errors import SettingsError
from gosales_resources.markdown import visible

GRAPHQL = "/graphql"
REPORTS = ("/report_asset_materialization/", "/report_asset_check/", "/report_asset_observation/")
READS = ("GET", "HEAD")
JSON = "application/json"
DEFAULT_PORTS = {"http": 80, "https": 443}
SHOWN = 120
# Pages keep a web socket open for good: it is cut, not waited for.
END_SECONDS = 3
# Of every answer: no page frames the UI or shows its answers, and it loads pictures from nowhere else.
HEADERS = {
    b"content-security-policy": b"frame-ancestors 'self'; form-action 'self'; img-src 'self' data: blob:",
    b"x-frame-options": b"SAMEORIGIN",
    b"cross-origin-resource-policy": b"same-origin",
}


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered."""

    status: int
    why: str


@dataclass(frozen=True)
class Access:
    """Under which names the UI is reached, and what it takes.

    Parameters
    ----------
    hosts
        Values of the header Host, in lower case.
    origins
        Values of the header Origin, in lower case.
    takes_reports
        Whether programs may report materialisations, observations and verdicts of checks.
    """

    hosts: frozenset[str]
    origins: frozenset[str]
    takes_reports: bool = False

    @classmethod
    def of(
        cls, address: str, port: int, public_url: str | None = None, *, takes_reports: bool = False
    ) -> "Access":
        """Name the doors of a UI: loopback, its own address, and the URL of a proxy before it.

        Raises
        ------
        SettingsError
            When `public_url` is not the URL of a server.
        """
        names = {"127.0.0.1", "localhost", "[::1]"}
        if not _is_every_address(address):
            names.add(f"[{address}]" if ":" in address else address.casefold())
        served = [_spellings("http", name, port) for name in sorted(names)]
        if public_url:
            served.append(_spellings(*_parts_of(public_url)))
        hosts = frozenset(host for spelt in served for host in spelt[0])
        return cls(hosts, frozenset(o for spelt in served for o in spelt[1]), takes_reports)

    def refuse(self, scope: Scope) -> Refusal | None:
        """Judge a request, or the opening of a web socket, by its first line and headers.

        Returns
        -------
        Refusal or None
            None when it may pass.
        """
        headers = _Headers(scope)
        method = scope.get("method", "GET") if scope["type"] == "http" else "GET"
        return (
            self._of_host(headers)
            or self._of_origin(headers, method, scope)
            or (None if scope["type"] != "http" else self._of_method(headers, method, scope))
        )

    def _of_host(self, headers: "_Headers") -> Refusal | None:
        host = headers.only("host")
        if host is None or host.casefold() not in self.hosts:
            return Refusal(
                403,
                f"Host {headers.shown('host')} is not this UI's; legal: {_listed(self.hosts)}. "
                "Behind a reverse proxy start it with --public-url.",
            )
        return None

    def _of_origin(self, headers: "_Headers", method: str, scope: Scope) -> Refusal | None:
        if headers.all("origin") and not self._is_own(headers.only("origin")):
            return self._foreign("Origin", headers)
        site, is_reading = (
            headers.only("sec-fetch-site"),
            scope["type"] == "http" and method in READS,
        )
        is_graphql = scope["path"].startswith(GRAPHQL)
        if headers.all("sec-fetch-site") and site not in ("same-origin", "none"):
            # A link to a page of the UI may lie anywhere; it asks for nothing but the page.
            opens = (headers.only("sec-fetch-mode"), headers.only("sec-fetch-dest"))
            if not is_reading or is_graphql or opens != ("navigate", "document"):
                return self._foreign("Sec-Fetch-Site", headers)
        if not is_reading or is_graphql:
            referer = headers.only("referer")
            if headers.all("referer") and not self._is_own(_origin_of(referer)):
                return self._foreign("Referer", headers)
        return None

    def _of_method(self, headers: "_Headers", method: str, scope: Scope) -> Refusal | None:
        path = scope["path"]
        if method in READS:
            return _of_query(scope) if path == GRAPHQL else None
        is_report = path.startswith(REPORTS)
        if is_report and not self.takes_reports:
            return Refusal(
                403, "Reports from outside are off. Start the UI with --take-reports to take them."
            )
        if method != "POST" or not (is_report or path == GRAPHQL):
            return Refusal(405, f"{method} {visible(path, SHOWN)} is nothing this UI takes.")
        # Other types come from a form of any page, without the browser asking first.
        kind = headers.only("content-type") or ""
        if kind.partition(";")[0].strip().casefold() != JSON:
            shown = headers.shown("content-type")
            return Refusal(415, f"Content-Type {shown} is not taken; legal: {JSON}.")
        return None

    def _is_own(self, origin: str | None) -> bool:
        return origin is not None and origin.casefold() in self.origins

    def _foreign(self, header: str, headers: "_Headers") -> Refusal:
        shown = headers.shown(header.casefold())
        return Refusal(
            403,
            f"{header} {shown} is not this UI's own; legal: {_listed(self.origins)}. "
            "Behind a reverse proxy start it with --public-url.",
        )


class Guard:
    """ASGI middleware that answers what `Access` refuses, and lets pass the rest."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or one web socket."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refusal = self.access.refuse(scope)
        if refusal is None:
            await self.app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            # Before it is accepted: the server answers 403.
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.why[:SHOWN]})
        else:
            await _answer(refusal, send)


class _Headers:
    """The headers of a request; two of a name are no value."""

    def __init__(self, scope: Scope) -> None:
        self._pairs: list[tuple[bytes, bytes]] = list(scope["headers"])

    def all(self, name: str) -> list[str]:
        wanted = name.encode()
        return [value.decode("latin-1") for key, value in self._pairs if key.lower() == wanted]

    def only(self, name: str) -> str | None:
        values = self.all(name)
        return values[0].strip() if len(values) == 1 else None

    def shown(self, name: str) -> str:
        values = self.all(name)
        return " and ".join(f"'{visible(value, SHOWN)}'" for value in values) or "is missing and"


def _of_query(scope: Scope) -> Refusal | None:
    """Refuse GraphQL by GET that is not one plain query, whatever operation it names to run."""
    queries = QueryParams(scope.get("query_string", b"")).getlist("query")
    if not queries:
        return None
    if len(queries) > 1:
        return Refusal(400, "Two parameters 'query' in one request: send one, by POST.")
    try:
        definitions = parse(queries[0]).definitions
    except (GraphQLError, RecursionError):
        return Refusal(400, "The parameter 'query' is not GraphQL.")
    kinds = [d.operation for d in definitions if isinstance(d, OperationDefinitionNode)]
    if any(kind is not OperationType.QUERY for kind in kinds):
        return Refusal(405, "By GET only queries are answered: send a mutation by POST.")
    return None


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [
                (name, value)
                for name, value in message.get("headers", [])
                if not name.lower().startswith(b"access-control-")
            ]
            message = {**message, "headers": [*kept, *HEADERS.items()]}
        await send(message)

    return sent


async def _answer(refusal: Refusal, send: Send) -> None:
    body = f"Refused by gosales ui: {refusal.why}\n".encode()
    headers: list[Any] = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
        *HEADERS.items(),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _parts_of(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingsError(f"--public-url '{visible(url, SHOWN)}': {error}.") from error
    is_bare = parts.path in ("", "/") and not (parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or not is_bare:
        raise SettingsError(
            f"--public-url '{visible(url, SHOWN)}' is not the URL of a server. Legal: what people "
            "type to reach the proxy, without a path, such as https://sales.example.com."
        )
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return parts.scheme, name, port or DEFAULT_PORTS[parts.scheme]


def _spellings(scheme: str, name: str, port: int) -> tuple[set[str], set[str]]:
    """Return how Host and Origin spell a server: the usual port may be left out."""
    hosts = {f"{name}:{port}"} | ({name} if port == DEFAULT_PORTS[scheme] else set())
    return hosts, {f"{scheme}://{host}" for host in hosts}


def _origin_of(url: str | None) -> str | None:
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}"


def _is_every_address(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_unspecified
    except ValueError:
        return False


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


def web_server(app: Guard) -> uvicorn.Server:
    """Prepare a server of what the guard stands before: no proxy is believed, nothing says what it is."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=END_SECONDS,
    )
    return uvicorn.Server(config)
