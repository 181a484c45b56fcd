"""What a page that a user has open elsewhere, or a name that was made to point here, can send."""

import http.client
import json
from dataclasses import dataclass, field
from urllib.parse import quote

EVIL = "http://evil.example"
ASSET = "dim_date"
WIPE = (
    'mutation Wipe { wipeAssets(assetPartitionRanges: [{assetKey: {path: ["dim_date"]}}]) '
    "{ __typename } }"
)
TWO = "query Look { version } " + WIPE
JSON = {"Content-Type": "application/json"}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "graphql-ws",
}
MATERIALISED = f"/report_asset_materialization/{ASSET}"
JUDGED = f"/report_asset_check/{ASSET}?check_name=dim_date_contract&passed=true"
OBSERVED = f"/report_asset_observation/{ASSET}"


@dataclass(frozen=True)
class Sent:
    """A request; what it does not say of Host is that of the UI."""

    name: str
    method: str = "POST"
    path: str = "/graphql"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


def by_get(query: str, **more: str) -> str:
    parameters = {"query": query, **more}
    return "/graphql?" + "&".join(f"{k}={quote(v)}" for k, v in parameters.items())


def posted(query: str, **more: object) -> str:
    return json.dumps({"query": query, **more})


def from_page(**headers: str) -> dict[str, str]:
    return {**JSON, "Origin": EVIL, **headers}


def foreign_requests(port: int) -> list[Sent]:
    """Every kind; each wipes, reports or asks for leave to when nobody stands before the server."""
    own, neighbour = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
    form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": EVIL}
    return [
        Sent("mutation by GET", "GET", by_get(WIPE)),
        Sent("mutation by GET from a page", "GET", by_get(WIPE), {"Origin": EVIL}),
        Sent("mutation by GET as a picture", "GET", by_get(WIPE), {"Sec-Fetch-Site": "cross-site"}),
        Sent("mutation by GET, by its name", "GET", by_get(TWO, operationName="Wipe")),
        Sent("mutation by GET, a query named", "GET", by_get(TWO, operationName="Look")),
        Sent("mutation by GET, query first", "GET", by_get("{version}") + "&" + by_get(WIPE)[9:]),
        Sent("mutation by GET, path spelt otherwise", "GET", "/%67raphql" + by_get(WIPE)[8:]),
        Sent("mutation by GET, behind a fragment", "GET", by_get("fragment F on Query {version} " + WIPE)),
        Sent("mutation by GET with variables", "GET", by_get(
            "mutation W($a: [PartitionsByAssetSelector!]!) { wipeAssets(assetPartitionRanges: $a) "
            "{ __typename } }", variables='[{"assetKey": {"path": ["dim_date"]}}]')),
        Sent("mutation as a link", "GET", by_get(WIPE), {
            "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
            "Referer": f"{EVIL}/page"}),
        Sent("POST from a page", headers=from_page(), body=posted(WIPE)),
        Sent("POST from no origin", headers=from_page(Origin="null"), body=posted(WIPE)),
        Sent("POST from a page of another port", headers=from_page(Origin=neighbour), body=posted(WIPE)),
        Sent("POST from https", headers=from_page(Origin=own.replace("http:", "https:")), body=posted(WIPE)),
        Sent("POST from a name that begins like ours", headers=from_page(
            Origin="http://127.0.0.1.evil.example"), body=posted(WIPE)),
        Sent("POST with a foreign Referer alone", headers={**JSON, "Referer": f"{EVIL}/p"}, body=posted(WIPE)),
        Sent("POST from another site, Origin withheld", headers={
            **JSON, "Sec-Fetch-Site": "cross-site"}, body=posted(WIPE)),
        Sent("POST from the same site", headers={**JSON, "Sec-Fetch-Site": "same-site"}, body=posted(WIPE)),
        Sent("POST of text", headers={"Content-Type": "text/plain"}, body=posted(WIPE)),
        Sent("POST of text that names JSON", headers={
            "Content-Type": "text/plain; a=application/json"}, body=posted(WIPE)),
        Sent("POST of a form", path=by_get(WIPE), headers=form, body="a=b"),
        Sent("POST of a form from nowhere", path=by_get(WIPE), headers={
            "Content-Type": "application/x-www-form-urlencoded"}, body="a=b"),
        Sent("POST of an upload", headers={"Content-Type": "multipart/form-data; boundary=application/json"},
             body=posted(WIPE)),
        Sent("POST without a type", path=by_get(WIPE)),
        Sent("POST of GraphQL as such", headers={"Content-Type": "application/graphql"}, body=WIPE),
        Sent("batch from a page", headers=from_page(), body=f"[{posted(WIPE)}]"),
        Sent("a name made to point here", headers={**JSON, "Host": f"evil.example:{port}"}, body=posted(WIPE)),
        Sent("that name and its own Origin", headers={
            **JSON, "Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"}, body=posted(WIPE)),
        Sent("our name of another port", headers={**JSON, "Host": "127.0.0.1:80"}, body=posted(WIPE)),
        Sent("our name without a port", headers={**JSON, "Host": "localhost"}, body=posted(WIPE)),
        Sent("every address", headers={**JSON, "Host": f"0.0.0.0:{port}"}, body=posted(WIPE)),
        Sent("a name before ours", headers={**JSON, "Host": f"a@127.0.0.1:{port}"}, body=posted(WIPE)),
        Sent("pages under a foreign name", "GET", "/", {"Host": f"evil.example:{port}"}),
        Sent("a frame", "GET", "/", {
            "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}),
        Sent("materialisation reported", path=MATERIALISED),
        Sent("materialisation reported from a page", path=MATERIALISED, headers=from_page(), body="{}"),
        Sent("materialisation reported as JSON", path=MATERIALISED, headers=JSON, body="{}"),
        Sent("verdict reported", path=JUDGED),
        Sent("verdict reported as JSON", path=JUDGED, headers=JSON, body="{}"),
        Sent("observation reported", path=OBSERVED, headers=JSON, body="{}"),
        Sent("leave asked for", "OPTIONS", headers={
            "Origin": EVIL, "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type"}),
        Sent("PUT", "PUT", headers=JSON, body=posted(WIPE)),
        Sent("PATCH from a page", "PATCH", headers=from_page(), body=posted(WIPE)),
    ]  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: list[tuple[str, str]]
    text: str


def send(port: int, sent: Sent) -> Answer:
    """Send a request as it is written: no header more than Host, the path as it is spelt."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest(sent.method, sent.path, skip_host=True, skip_accept_encoding=True)
    body = sent.body.encode()
    length = {"Content-Length": str(len(body))} if body or sent.method != "GET" else {}
    for name, value in ({"Host": f"127.0.0.1:{port}"} | sent.headers | length).items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return Answer(answer.status, [(n.lower(), v) for n, v in answer.getheaders()], text)


def names(port: int = 0) -> list[str]:
    return [sent.name for sent in foreign_requests(port)]
