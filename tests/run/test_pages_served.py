"""`gosales pages` as people start it, in a browser as people have it: work the list, an account, an alert."""

import contextlib
import csv
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from gosales.cli.alerts import alerts_in
from gosales.cli.main import main
from gosales_resources.settings.loading import load_settings
from tests.run.browser_tab import tab_of_browser
from tests.run.oidc_provider import CLIENT, provider
from tests.run.served_ui import free_port, wait_for
from tests.worlds.browser import PROGRAM

in_a_browser = pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed")


@contextlib.contextmanager
def served_pages(folder: Path, port: int, *options: str) -> Iterator[str]:
    """Serve the pages of a folder until the end; give where."""
    config = str(folder / "gosales.yaml")
    command = [sys.executable, "-m", "gosales", "pages", "--port", str(port), "--config", config]
    with (folder / f"pages-{port}.log").open("w") as log:
        process = subprocess.Popen([*command, *options], stdout=log, stderr=log, cwd=folder)
        try:
            wait_for(lambda: answers(port), 240)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(60)


def answers(port: int) -> bool:
    return status_of(port, {}) == 200


def status_of(port: int, headers: dict[str, str], path: str = "/_stcore/health") -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return 0


@pytest.fixture(scope="module")
def world(finished, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("served") / "world"
    shutil.copytree(finished, folder)
    config = folder / "gosales.yaml"
    config.write_text(config.read_text() + yaml.safe_dump({"alerts": {"enabled": True}}))
    assert main(["alerts", "send", "--config", str(config)]) == 0
    return folder


@pytest.fixture(scope="module")
def served(world):
    port = free_port()
    with served_pages(world, port) as url:
        yield url, port


@pytest.fixture
def tab(tmp_path):
    with tab_of_browser(tmp_path) as opened:
        yield opened


def downloaded(folder: Path, name: str) -> Path:
    return wait_for(lambda: next(folder.glob(name), None), 60)


@pytest.mark.slow
@in_a_browser
def test_what_is_filtered_is_what_is_downloaded(served, world, tab, tmp_path, capsys):
    tab.visit(served[0])
    tab.wait_for("Since your last list")
    tab.press("Download CSV")
    whole = downloaded(tmp_path, "list-2024-06-30.csv")
    command = ["list", "--config", str(world / "gosales.yaml"), "--format", "csv"]
    assert main([*command, "--out", str(tmp_path / "told.csv")]) == 0
    assert whole.read_bytes() == (tmp_path / "told.csv").read_bytes()
    whole.unlink()
    tab.fill("Find", "Name 0035")
    tab.wait_for("1 rows;")
    tab.press("Download CSV")
    told = downloaded(tmp_path, "list-2024-06-30.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(told.splitlines()))
    assert [row["Customer id"] for row in rows] == ["0035"]


@pytest.mark.slow
@in_a_browser
def test_a_row_leads_to_its_reasons_and_these_to_the_account(served, tab):
    tab.visit(served[0])
    tab.wait_for("Since your last list")
    tab.fill("Find", "Name 0035")
    tab.wait_for("1 rows;")
    at = tab.value(
        "(() => { const b = document.querySelector('[data-testid=stDataFrame]').getBoundingClientRect();"
        "return [b.x + 15, b.y + 50]; })()"
    )
    tab.click_at(*at)
    tab.wait_for("What the score is made of")
    tab.press("Open the account")
    tab.wait_for("What lists said of it")
    assert "Name 0035" in tab.text
    assert "Orders by month" in tab.text


@pytest.mark.slow
@in_a_browser
def test_an_alert_is_acknowledged_as_by_the_command(served, world, tab):
    settings = load_settings(world / "gosales.yaml")
    before = alerts_in(settings, ("open",))
    tab.visit(f"{served[0]}/alerts")
    tab.wait_for("Look after one")
    tab.fill("Who looks after it", "Ann <b>Lee</b>")
    tab.wait(lambda _: alerts_in(settings, ("acknowledged",)).height, "an alert is acknowledged")
    (known,) = alerts_in(settings, ("acknowledged",)).to_dicts()
    assert known["by"] == "Ann <b>Lee</b>"
    assert known["id"] == before["id"][0]


@pytest.mark.slow
@in_a_browser
def test_who_logs_in_sees_the_own_rows_and_who_is_not_known_none(finished, tmp_path):
    folder, port = tmp_path / "world", free_port()
    shutil.copytree(finished, folder)
    rights = {"managers": ["boss@x.example"], "sellers": {"eve@x.example": ["Somebody else"]}}
    with (folder / "gosales.yaml").open("a") as config:
        config.write(yaml.safe_dump({"pages": rights}))
    with provider() as known:
        auth = {
            "redirect_uri": f"http://127.0.0.1:{port}/oauth2callback", "cookie_secret": "c" * 32,
            "client_id": CLIENT, "client_secret": "none",
            "server_metadata_url": f"{known.url}/.well-known/openid-configuration",
        }  # fmt: skip
        login = tmp_path / "login.toml"
        login.write_text("[auth]\n" + "".join(f"{k} = '{v}'\n" for k, v in auth.items()))
        with served_pages(folder, port, "--login", str(login)) as url:
            for email, says, hides in (
                ("boss@x.example", "28 are ranked", "Log in"),
                ("eve@x.example", "0 of yours are ranked", "Runs"),
                ("mallory@x.example", "nobody has given you rows", "ranked"),
            ):
                known.user = {"email": email, "email_verified": True}
                (profile := tmp_path / email).mkdir()
                with tab_of_browser(profile) as tab:
                    tab.visit(url)
                    tab.wait_for("Log in")
                    assert "ranked" not in tab.text
                    tab.press("Log in")
                    tab.wait_for(says)
                    assert hides not in tab.text


@pytest.mark.slow
def test_no_foreign_page_reads_them(served):
    _, port = served
    assert status_of(port, {"Host": "evil.example"}) == 403
    assert status_of(port, {"Origin": "https://evil.example"}) == 403
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"ws://127.0.0.1:{port}/_stcore/stream", origin=Origin("https://evil.example"))
    with connect(f"ws://127.0.0.1:{port}/_stcore/stream", origin=Origin(served[0])) as own:
        assert own.protocol.state


@pytest.mark.parametrize(
    ("options", "says"),
    [(["--host", "0.0.0.0"], "Say how people log in"),  # noqa: S104
     (["--login", "nowhere.toml"], "nowhere.toml: No such file"),
     (["--set", "models.seed=3"], "read the settings file"),
     (["--login", "a.toml", "--public-url", "https://x.example"], "Leave it out"),
     (["--port", "70000"], "Port 70000 does not exist")],
)  # fmt: skip
def test_what_would_open_them_by_mistake_is_refused(
    tmp_path, monkeypatch, capsys, finished, options, says
):
    monkeypatch.chdir(tmp_path)
    assert main(["pages", "--config", str(finished / "gosales.yaml"), *options]) == 2
    assert says in capsys.readouterr().err
