"""Settings of a database: no secret in them or in an error, and what is wrong is named."""

import traceback
from pathlib import Path

import pytest

from gosales_resources.errors import SettingsError, SourceError
from gosales_resources.settings.loading import load_settings
from gosales_resources.sources.files import open_inputs
from tests.worlds.databases import VARIABLE, Database, settings_with


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:tops3cret@host/db",
        "postgresql://ann@host/db?password=tops3cret",
        "mssql+pyodbc:///?odbc_connect=PWD%3Dtops3cret",
        "mssql://ann@host/db?driver=x&AccessToken=tops3cret",
        "postgresql//ann:tops3cret@host",
    ],
)
def test_a_password_in_the_settings_is_refused_and_not_repeated(tmp_path, url):
    with pytest.raises(SettingsError, match=r"database\.url") as error:
        load_settings(settings_with(tmp_path, {"url": url, "table": "t"}))
    assert "tops3cret" not in "".join(traceback.format_exception(error.value))


def test_a_wrong_password_is_not_shown(postgresql_database, monkeypatch):
    monkeypatch.setenv(VARIABLE, "tops3cret")
    with pytest.raises(SourceError, match="password authentication failed") as error:
        postgresql_database.frame("t")
    assert "tops3cret" not in "".join(traceback.format_exception(error.value))
    assert "tops3cret" not in repr(open_inputs(postgresql_database.source("t"), Path()))


def test_a_missing_password_names_its_variable(postgresql_database, monkeypatch):
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(SourceError, match=f"{VARIABLE} is not set"):
        postgresql_database.frame("t")


@pytest.mark.parametrize(
    ("database", "message"),
    [
        ({"url": "mysql://host/db", "table": "t"}, "'mysql' is not supported"),
        ({"url": "sqlite:///a.db", "table": "t", "password_env": "GOSALES_PW"}, "rename it"),
        ({"url": "sqlite:///a.db", "table": "t", "time_zone": "Mars"}, "no IANA time zone"),
        ({"url": "sqlite:///a.db", "table": "t", "password": "x"}, "unknown key"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path, database, message):
    with pytest.raises(SettingsError, match=message):
        load_settings(settings_with(tmp_path, database))


def test_a_server_that_is_not_there_and_a_file_that_is_not_there_are_named(tmp_path):
    with pytest.raises(SourceError, match="t: postgresql database failed"):
        Database(None, "postgresql://a@127.0.0.1:1/db", tmp_path).frame("t")
    (tmp_path / "sales.db").write_bytes(b"")
    with pytest.raises(SourceError, match=r"Did you mean 'sales\.db'"):
        Database(None, "sqlite:///sale.db", tmp_path).frame("t")
    assert not (tmp_path / "sale.db").exists()


def test_another_place_is_the_same_content(tmp_path):
    def hashed(**database) -> str:
        return load_settings(settings_with(tmp_path, database)).content_hash()

    one = hashed(url="sqlite:///a.db", table="t")
    assert one == hashed(url="postgresql://b@host/c", table="t", password_env="PW")
    assert one != hashed(url="sqlite:///a.db", table="other")
    assert one != hashed(url="sqlite:///a.db", table="t", columns=["a"])


def test_no_server_variable_leaks_into_the_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("GOSALES_TEST_POSTGRES", "postgresql://somewhere")
    place = {"url": "sqlite:///a.db", "table": "t"}
    assert load_settings(settings_with(tmp_path, place)).source.sales_log.place == "t"
