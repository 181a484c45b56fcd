"""Where one kind of raw data lies: files of any format, or a table of a database.

How its columns map to ours is in `source.py`. No secret is a setting: a password is named by its
environment variable.
"""

import datetime as dt
import re
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from pydantic import Field, field_validator, model_validator
from sqlalchemy.exc import ArgumentError

from gosales_resources.errors import nearest
from gosales_resources.settings.base import ENV_PREFIX, StrictModel

# Parts of a URL that would carry a secret, in the spellings of the drivers.
SECRET = re.compile(r"passw|pwd|secret|token|odbc_connect|passfile", re.IGNORECASE)
# Database -> the driver that its extra installs.
BACKENDS = {
    "postgresql": "postgresql+psycopg",
    "sqlite": "sqlite+pysqlite",
    "mssql": "mssql+pyodbc",
}

Scalar = bool | int | float | dt.datetime | dt.date | str


class Condition(StrictModel):
    """Keep the rows of a table whose column compares so; all conditions must hold."""

    column: str = Field(description="Column of the table.")
    op: Literal["=", "!=", "<", "<=", ">", ">=", "in"] = Field(description="Comparison.")
    value: Scalar | list[Scalar] = Field(
        description="What to compare with, bound as a parameter; a list for `in`. Never null."
    )

    @model_validator(mode="after")
    def _list_for_in(self) -> "Condition":
        if isinstance(self.value, list) != (self.op == "in"):
            raise ValueError("`in` takes a list of values, any other comparison takes one value")
        if self.value == []:
            raise ValueError("`in` takes at least one value")
        return self


class DatabaseTable(StrictModel):
    """A table or view of a SQL database."""

    url: str = Field(
        description="SQLAlchemy URL without a password: `postgresql://user@host:5432/db`, "
        "`sqlite:///sales.db` (relative to source.base_dir), `mssql+pyodbc://user@host/db?driver=...`."
    )
    password_env: str | None = Field(
        default=None, description="Environment variable that holds the password."
    )
    table: str = Field(
        min_length=1, description="Table or view; `schema.table` where it needs one."
    )
    columns: list[str] | None = Field(
        default=None, min_length=1, description="Columns to read; all when not given."
    )
    where: list[Condition] = Field(default_factory=list, description="Which rows to read.")
    time_zone: str = Field(
        default="UTC", description="Time zone that moments with a zone are turned into."
    )

    @field_validator("url")
    @classmethod
    def _without_secrets(cls, url: str) -> str:
        try:
            parsed = sa.make_url(url)
        except ArgumentError:
            # Its message shows the whole URL.
            raise ValueError("is no database URL; write postgresql://user@host:5432/db") from None
        if parsed.password or any(SECRET.search(key) for key in parsed.query):
            raise ValueError(
                "has a password in it; take it out, put it into an environment variable and name "
                "that in password_env"
            )
        if (backend := parsed.get_backend_name()) not in BACKENDS:
            raise ValueError(f"'{backend}' is not supported. {nearest(backend, BACKENDS)}")
        if parsed.drivername in BACKENDS:
            parsed = parsed.set(drivername=BACKENDS[backend])
        return parsed.render_as_string(hide_password=False)

    @field_validator("password_env")
    @classmethod
    def _not_a_setting(cls, name: str | None) -> str | None:
        if name is not None and name.upper().startswith(ENV_PREFIX):
            raise ValueError(f"variables that begin with {ENV_PREFIX} are settings; rename it")
        return name

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"'{name}' is no IANA time zone, such as America/Denver") from error
        return name


class FileSource(StrictModel):
    """A file, a folder or a glob of files, or a table of a database."""

    path: str = Field(
        default="",
        description="File, folder or glob (`**` for folders within folders); relative to "
        "source.base_dir. Not with database.",
    )
    format: Literal["csv", "parquet", "excel"] | None = Field(
        default=None, description="File format; by the file suffix when not given."
    )
    separator: str = Field(
        default=",", min_length=1, max_length=1, description="CSV field separator."
    )
    encoding: Literal["utf8", "latin1", "cp1252", "utf16"] = Field(
        default="utf8",
        description="Text encoding of CSV files: cp1252 is that of Windows, utf16 that of Excel's "
        "Unicode text.",
    )
    sheet: str | None = Field(default=None, description="Excel sheet; the first when not given.")
    database: DatabaseTable | None = Field(
        default=None, description="A table of a SQL database, in place of files."
    )

    @field_validator("separator")
    @classmethod
    def _plain_separator(cls, separator: str) -> str:
        if not separator.isascii() or separator in '"\r\n':
            raise ValueError("is one ASCII character, and neither a quote nor a line end")
        return separator

    @model_validator(mode="after")
    def _one_place(self) -> "FileSource":
        if bool(self.path) == (self.database is not None):
            raise ValueError("name either a path or a database")
        return self

    @property
    def place(self) -> str:
        """What it is called in messages: the path, or the table."""
        return self.database.table if self.database else self.path


def drop_place(part: dict[str, Any]) -> None:
    """Remove from a dumped source what says where it lies and not what it holds."""
    part.pop("path", None)
    if isinstance(table := part.get("database"), dict):
        del table["url"], table["password_env"]
