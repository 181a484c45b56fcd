"""Servers, databases and small worlds that unit tests share."""

import dagster as dg
import pytest
import sqlalchemy as sa

from gosales_assets.platform.platform import Platform
from gosales_resources.sources import sql
from tests.worlds.databases import VARIABLE, Database
from tests.worlds.erp import random_rows, write_world
from tests.worlds.postgres import running_server


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server, real, for the session."""
    with running_server() as server:
        yield server


@pytest.fixture
def sqlite(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'sales.db'}", poolclass=sa.NullPool)
    return Database(engine, "sqlite:///sales.db", tmp_path)


@pytest.fixture
def postgresql_database(postgres, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, postgres.password)
    # Schemas of its own: a server that was given may hold other things.
    options = {"options": "-csearch_path=gosales_test", "application_name": "gosales_test"}
    engine = sa.create_engine(postgres.engine().url.set(query=options), poolclass=sa.NullPool)
    with engine.begin() as connection:
        for schema in ("gosales_test", "gosales_test_erp"):
            connection.execute(sa.text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
            connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    url = sa.make_url(postgres.url).set(query=options).render_as_string(hide_password=False)
    return Database(engine, url, tmp_path, VARIABLE)


@pytest.fixture(params=["sqlite", "postgresql_database"], ids=["sqlite", "postgres"])
def database(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(sql, "FETCH_ROWS", 10)
    monkeypatch.setattr(sql, "BLOCK_ROWS", 40)


@pytest.fixture
def platform(tmp_path) -> Platform:
    return Platform.of(write_world(tmp_path, random_rows(1)))


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as made:
        yield made
