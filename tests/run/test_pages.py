"""Every page on a finished world: what it says, what it says where something is missing or hostile."""

import json
import shutil
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from gosales.cli.main import main
from gosales.pages.desk import LOGIN_VARIABLE
from gosales.pages.server import PROGRAM
from gosales.pages.viewers import Viewer
from gosales_assets.operations.instance import open_instance
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.accounts import DIM_CUSTOMER
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.movement import LIST_MOVEMENT
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.instance.recorded import CHECKSUM
from gosales_resources.settings.loading import CONFIG_VARIABLE, load_settings
from gosales_resources.store.address import Address
from tests.run.pages_script import PAGES, script
from tests.worlds.erp import random_rows, write_world

streamlit = pytest.importorskip("streamlit")
AppTest = pytest.importorskip("streamlit.testing.v1").AppTest
CUTOFF = "2024-06-30"
HOSTILE = [
    "<img src=x onerror=alert(1)>", "=cmd()", "[click](javascript:alert(1))", "$x$ :red[y]",
]  # fmt: skip
SECONDS = 120
MARKDOWN = (
    "markdown",
    "title",
    "header",
    "subheader",
    "caption",
    "info",
    "error",
    "warning",
    "success",
)


@pytest.fixture(scope="module")
def world(finished, tmp_path_factory) -> Path:
    """A copy that a test may change."""
    folder = tmp_path_factory.mktemp("pages") / "world"
    shutil.copytree(finished, folder)
    return folder


@pytest.fixture
def page(monkeypatch):
    def shown(folder: Path, name: str, viewer: Viewer | None = None):
        monkeypatch.setenv(CONFIG_VARIABLE, str(folder / "gosales.yaml"))
        streamlit.cache_resource.clear()
        source = script(name, viewer) if viewer else script(name)
        return AppTest.from_string(source, default_timeout=SECONDS).run()

    return shown


def texts(page) -> list[str]:
    return [one.value for kind in MARKDOWN for one in getattr(page, kind)]


def told(page) -> str:
    return "\n".join(texts(page))


def table(page, at: int = 0) -> pl.DataFrame:
    return pl.from_pandas(page.dataframe[at].value)


def put_anew(folder: Path, contract: Contract, change) -> None:
    """Let the history make a table anew with other rows."""
    platform = Platform.of(load_settings(folder / "gosales.yaml"))
    address = Address(contract.name, platform.space.select_cutoff(CUTOFF))
    rows = change(platform.read(contract, *address.key).collect())
    provenance = platform.freshness.provenance_of(contract, address)
    written = platform.store.write_table(address, rows, provenance)
    with open_instance(platform) as instance:
        instance.report_runless_asset_event(
            dg.AssetMaterialization(
                contract.name, partition=CUTOFF, metadata={CHECKSUM: written.sha256}
            )
        )


@pytest.mark.parametrize(
    ("name", "says"),
    [("list", "are ranked"), ("account", "Divisions"), ("models", "Champion and challenger"),
     ("brought", "at random"), ("drift", "Alarms, worst first"), ("alerts", "Alerts are off"),
     ("data", "Checks that do not hold"), ("runs", "partitions made")],
)  # fmt: skip
def test_every_page_of_a_finished_world_shows_what_it_is_for(page, finished, name, says):
    shown = page(finished, name)
    assert not shown.exception
    assert says in told(shown)
    assert not shown.error


def test_the_lists_figures_are_those_of_the_command(page, finished, capsys):
    shown = table(page(finished, "list"))
    command = ["list", "--config", str(finished / "gosales.yaml"), "--format", "json"]
    capsys.readouterr()
    assert main(command) == 0
    rows = json.loads(capsys.readouterr().out)
    assert shown["rank"].to_list() == [row["rank"] for row in rows]
    assert shown["p_icp"].to_list() == [round(100 * round(row["p_icp"], 3), 1) for row in rows]
    assert shown["ev"].to_list() == [round(row["ev"], 0) for row in rows]
    assert shown["nba_reason"].to_list() == [row["nba_reason"] for row in rows]


def test_an_account_stands_beside_the_customers_most_like_it(page, finished):
    shown = page(finished, "account")
    (peers,) = (
        found for found in (table(shown, n) for n in range(len(shown.dataframe)))
        if "alike" in found.columns
    )  # fmt: skip
    assert 1 <= peers.height <= 5
    assert peers["alike"].is_sorted(descending=True)
    asked = shown.selectbox[-1].value
    assert asked not in peers["customer_id"].to_list()


def test_a_row_that_is_asked_about_shows_parts_that_sum_and_drivers_with_values(page, finished):
    shown = page(finished, "list")
    shown.selectbox(key="asked").select_index(0).run()
    assert not shown.exception
    assert "What the score is made of" in told(shown)
    parts, drivers = (
        next(t for t in (table(shown, n) for n in range(len(shown.dataframe))) if name in t.columns)
        for name in ("signal", "fact")
    )
    score = float(told(shown).partition("= score ")[2].split()[0])
    assert parts["adds"].sum() == pytest.approx(score, abs=0.001)
    assert drivers.height
    assert "not known" not in drivers["value"].to_list()


def test_a_filter_and_an_order_change_the_table(page, finished):
    shown = page(finished, "list")
    before = table(shown).height
    shown.toggle[0].set_value(False).run()
    assert table(shown).height > before
    shown.text_input[0].set_value("0035").run()
    assert set(table(shown)["customer_id"]) == {"0035"}
    shown.text_input[0].set_value("nobody is called so").run()
    assert "take a filter off" in told(shown)


@pytest.mark.slow
def test_a_seller_sees_the_own_rows_and_accounts_alone(page, finished):
    nobodys = Viewer("eve", sees_all=False, reps=frozenset({"somebody else"}))
    own = Viewer("ann", sees_all=False, reps=frozenset({"ann"}))
    assert "take a filter off" in told(page(finished, "list", nobodys))
    assert "No account of yours" in told(page(finished, "account", nobodys))
    asked = page(finished, "account", nobodys)
    asked.query_params["account"] = "0035"
    assert "0035" not in told(asked.run())
    seen = table(page(finished, "list", own))
    assert seen.height == table(page(finished, "list")).height
    assert "rep" not in seen.columns


@pytest.fixture
def app(finished, monkeypatch):
    """The whole program, with rights of its own, as somebody opens it."""
    monkeypatch.setenv(CONFIG_VARIABLE, str(finished / "gosales.yaml"))
    monkeypatch.setenv("GOSALES_PAGES__MANAGERS", '["boss@x.example"]')
    monkeypatch.setenv("GOSALES_PAGES__SELLERS", '{"ann@x.example": ["Ann"]}')
    monkeypatch.delenv(LOGIN_VARIABLE, raising=False)
    streamlit.cache_resource.clear()

    def opened(**user: object):
        test = AppTest.from_file(str(PROGRAM), default_timeout=SECONDS)
        test.user = user
        return test.run()

    yield opened
    streamlit.cache_resource.clear()


@pytest.mark.slow
def test_who_has_logged_in_gets_the_list_and_who_has_not_a_button(app):
    assert "are ranked" in told(app(is_logged_in=True, email="boss@x.example"))
    assert "of yours are ranked" in told(app(is_logged_in=True, email="ann@x.example"))
    for user in ({"is_logged_in": False}, {"is_logged_in": False, "email": "boss@x.example"}):
        shown = app(**user)
        assert [one.label for one in shown.button] == ["Log in"]
        assert not shown.dataframe
    shown = app(is_logged_in=True, email="<b>eve</b>@x.example")
    assert "nobody has given you rows" in told(shown)
    assert "<b>" not in told(shown).replace("\\<", "")
    assert not shown.dataframe


@pytest.mark.slow
def test_a_server_with_a_login_shows_nothing_to_who_has_none(app, monkeypatch):
    assert "are ranked" in told(app())
    monkeypatch.setenv(LOGIN_VARIABLE, "required")
    assert not app().dataframe


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_an_empty_store_says_what_to_do(page, tmp_path, name):
    write_world(tmp_path, random_rows(1))
    shown = page(tmp_path, name)
    assert not shown.exception
    commands = [one.value for one in shown.code]
    if name in ("alerts", "runs"):
        assert shown.info
    else:
        assert commands == ["gosales materialize --cutoffs 2024-12-31"]
    assert not (tmp_path / "gosales_home").exists()


@pytest.mark.slow
def test_a_failed_check_is_a_banner_with_its_cure(page, world):
    platform = Platform.of(load_settings(world / "gosales.yaml"))
    with open_instance(platform) as instance:
        instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey("sales_log"), check_name="sales_log_keeps_contract",
                passed=False, partition=CUTOFF, description="<b>7 rows</b> break it $x$",
                severity=dg.AssetCheckSeverity.ERROR,
            )
        )  # fmt: skip
    shown = page(world, "list")
    (banner,) = [one.value for one in shown.error]
    assert "sales log keeps contract" in banner
    assert "\\<b\\>7 rows\\</b\\> break it \\$x\\$" in banner
    assert any(one.value.startswith("gosales show violations") for one in shown.code)
    assert table(shown).height


def test_a_list_of_another_log_says_that_it_is_stale(page, world):
    with (world / "sales_log.csv").open("a", newline="") as log:
        log.write("0001,Late,2024-06-01,2024-06-01,I-late,Solid Works,Ann,USD,,$1,1,,,,,\r\n")
    shown = page(world, "list")
    assert not shown.exception
    assert "not current" in shown.warning[0].value
    assert f"gosales materialize --cutoffs {CUTOFF}" in [one.value for one in shown.code]
    assert table(shown).height


def test_a_list_of_other_settings_is_not_shown(page, world):
    config = world / "gosales.yaml"
    config.write_text(config.read_text() + "\nwhitespace: {cooldown_factor: 0.5}\n")
    shown = page(world, "list")
    assert not shown.exception
    assert "under other settings" in told(shown)
    assert f"gosales materialize --select whitespace --cutoffs {CUTOFF}" in [
        one.value for one in shown.code
    ]
    assert not shown.dataframe


def test_a_list_that_is_not_what_was_made_is_not_shown(page, finished, tmp_path):
    folder = tmp_path / "world"
    shutil.copytree(finished, folder)
    platform = Platform.of(load_settings(folder / "gosales.yaml"))
    file = platform.store.path_of(Address(WHITESPACE.name, platform.space.select_cutoff(CUTOFF)))
    assert file is not None
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.write_bytes(content)
    shown = page(folder, "list")
    assert not shown.exception
    assert "is damaged" in told(shown)
    assert not shown.dataframe


def test_without_a_table_that_it_can_do_without_the_list_is_shown(page, finished, tmp_path):
    folder = tmp_path / "world"
    shutil.copytree(finished, folder)
    shutil.rmtree(folder / "gosales_home" / "store" / LIST_MOVEMENT.name)
    shown = page(folder, "list")
    assert not shown.exception
    assert table(shown).height
    assert any(LIST_MOVEMENT.name in one.value for one in shown.info)
    assert "moved" not in table(shown).columns


def test_a_hostile_name_is_text_on_every_page_that_has_names(page, finished, tmp_path):
    folder = tmp_path / "world"
    shutil.copytree(finished, folder)
    names = pl.int_range(pl.len()) % len(HOSTILE)
    hostile = names.replace_strict(dict(enumerate(HOSTILE)), return_dtype=pl.String)
    for contract in (WHITESPACE, DIM_CUSTOMER):
        put_anew(folder, contract, lambda rows: rows.with_columns(customer_name=hostile))
    shown = page(folder, "list")
    shown.selectbox(key="asked").select_index(0).run()
    account = page(folder, "account")
    for at in (shown, account):
        assert not at.exception
        for text in (
            one for one in texts(at) if any(part in one for part in ("img", "click", "red"))
        ):
            assert "<img" not in text.replace("\\<", "")
            assert "[click](" not in text
            assert "$x$" not in text
            assert ":red[" not in text
    assert set(table(shown)["customer_name"]) <= set(HOSTILE)
    assert "\\<img src=x onerror=alert(1)\\>" in told(shown)
