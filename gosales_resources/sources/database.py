"""Connections to SQL databases and what their catalogues say; every failure is told in our words.

A password comes from the environment and goes to the driver, and nowhere else: not into a
message, not into the chain of an exception.
"""

import os
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from sqlalchemy.pool import NullPool

from gosales_resources.errors import SourceError, nearest
from gosales_resources.settings.inputs import DatabaseTable
from gosales_resources.sources.query import FoundTable

EXTRAS = {"postgresql": "postgres", "mssql": "mssql"}
HIDDEN = "***"


@dataclass
class Progress:
    """How many rows of a table have been read."""

    rows: int = 0


@contextmanager
def connected(wanted: DatabaseTable, base: Path, progress: Progress) -> Iterator[sa.Connection]:
    """Connect for reading: one transaction, in which the table stays as it is.

    Parameters
    ----------
    wanted
        Where the database is.
    base
        Folder that a relative SQLite path starts from.
    progress
        How far the reader is, for the error.

    Raises
    ------
    SourceError
        When it cannot be reached, or goes away or refuses while it is read.
    """
    password = _password(wanted)
    try:
        engine = _engine(wanted, base, password)
        with engine.connect() as connection:
            yield _isolated(connection)
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        # Not chained: a driver's own error may show how it connected.
        raise SourceError(_explain(wanted, error, password, progress)) from None


def find_table(connection: sa.Connection, wanted: DatabaseTable) -> FoundTable:
    """Look a table or view up in the catalogue.

    Raises
    ------
    SourceError
        When it is not there; the nearest names are offered.
    """
    look = sa.inspect(connection)
    schema, name = _located(look, wanted.table)
    with warnings.catch_warnings():
        # Of types that SQLAlchemy does not know: their values come as the driver has them.
        warnings.simplefilter("ignore", SAWarning)
        types = {column["name"]: column["type"] for column in look.get_columns(name, schema)}
    key = look.get_pk_constraint(name, schema)["constrained_columns"]
    return FoundTable(name, schema, types, key, connection.dialect.name != "sqlite")


def _located(look: sa.Inspector, table: str) -> tuple[str | None, str]:
    names = _names(look, None)
    if table in names:
        return None, table
    schema, dot, name = table.partition(".")
    if not dot:
        raise SourceError(f"table {table!r} does not exist. {nearest(table, names)}")
    schemas = look.get_schema_names()
    if schema not in schemas:
        raise SourceError(f"table {table!r}: no schema {schema!r}. {nearest(schema, schemas)}")
    if name not in (names := _names(look, schema)):
        raise SourceError(
            f"table {table!r}: schema {schema!r} has no {name!r}. {nearest(name, names)}"
        )
    return schema, name


def _names(look: sa.Inspector, schema: str | None) -> list[str]:
    names = [*look.get_table_names(schema), *look.get_view_names(schema)]
    is_postgres = look.dialect.name == "postgresql"
    return names + (look.get_materialized_view_names(schema) if is_postgres else [])


def _engine(wanted: DatabaseTable, base: Path, password: str | None) -> sa.Engine:
    url = sa.make_url(wanted.url).set(password=password)
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, poolclass=NullPool, hide_parameters=True)
    path = (base / Path(url.database or "").expanduser()).resolve()
    if not path.is_file():
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise SourceError(f"{path} does not exist. {nearest(path.name, beside)}")

    def read_only() -> sqlite3.Connection:
        # A plain connection would make an empty database of a name that is wrong.
        return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)

    return sa.create_engine(url, poolclass=NullPool, hide_parameters=True, creator=read_only)


def _isolated(connection: sa.Connection) -> sa.Connection:
    """Hold one state of the table; SQLite does so for a single statement by itself."""
    match connection.dialect.name:
        case "postgresql":
            return connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        case "mssql":
            # Snapshots do not lock writers out, but a database may have them switched off.
            state = "SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID()"
            has_snapshots = connection.execute(sa.text(state)).scalar() == 1
            connection.rollback()
            level = "SNAPSHOT" if has_snapshots else "REPEATABLE READ"
            return connection.execution_options(isolation_level=level)
    return connection


def _password(wanted: DatabaseTable) -> str | None:
    if wanted.password_env is None:
        return None
    if not (password := os.environ.get(wanted.password_env)):
        raise SourceError(
            f"{wanted.table}: environment variable {wanted.password_env} is not set; it is to hold "
            "the password of the database (password_env)."
        )
    return password


def _explain(
    wanted: DatabaseTable, error: Exception, password: str | None, progress: Progress
) -> str:
    url = sa.make_url(wanted.url)
    if isinstance(error, ModuleNotFoundError):
        extra = EXTRAS.get(url.get_backend_name(), "dev")
        return f"{wanted.table}: no driver {error.name!r}; pip install 'gosales[{extra}]'."
    cause = getattr(error, "orig", None) or error
    found = " ".join(str(cause).split())
    if password:
        found = found.replace(password, HIDDEN)
    return (
        f"{wanted.table}: {url.get_backend_name()} database failed behind row {progress.rows:,}: "
        f"{found}. Nothing of it was loaded; run again when it is there."
    )
