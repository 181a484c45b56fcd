"""Servers that unit tests share."""

import pytest

from tests.worlds.postgres import running_server


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server, real, for the session."""
    with running_server() as server:
        yield server
