"""Where one kind of raw data lies: files of any format, or a table of a database.

How its columns map to ours is in `source.py`. No secret is a setting: a password is named by its
environment variable.
"""

import codecs
import datetime as dt
import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from pydantic import AfterValidator, Field, field_validator, model_validator
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


LISTED = ("in", "not in")
# What both strptime and the columnar parser know, with the widths and paddings that they take.
DIRECTIVE = re.compile(
    r"%(?:[-_0]?[YyCGgmbBhdejDFHIMSpPTRrsZaAuwUWVnt%cxkl]|[:#]{0,2}z|\.?[369]?f)"
)
DAY_OR_MONTH = re.compile(r"%[-_0]?[dejDFcxsmbBh]")
SERIAL = "serial"
# Python's name of an encoding -> ours, where it is another.
OWN_NAMES = {
    "utf-8": "utf8", "utf-8-sig": "utf8", "iso8859-1": "latin1", "utf-16": "utf16",
}  # fmt: skip
OF_NO_FILE = ("idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined")


def known_encoding(name: str) -> str:
    """Return the one name of a text encoding, whichever of its names is given."""
    try:
        found = codecs.lookup(name).name
        codecs.getincrementaldecoder(name)
        # Raised of what is no encoding of text, such as `hex`.
        "a,1\n".encode(name)
    except (LookupError, ValueError) as error:
        raise ValueError(
            f"{name!r} is no encoding of text that Python knows; known are utf8, utf16, cp1252, cp1250, "
            "cp1251, cp932, gb18030, mac_roman and many more"
        ) from error
    if found in OF_NO_FILE:
        raise ValueError(f"{name!r} is no encoding of files")
    return OWN_NAMES.get(found, found)


def known_zone(name: str) -> str:
    """Return the name of a time zone; refuse one that is none."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"'{name}' is no IANA time zone, such as America/Denver") from error
    return name


def legal_date_format(form: str) -> str:
    """Return a date format; refuse one that could read no date."""
    if form == SERIAL:
        return form
    if strays := re.findall("%.?", DIRECTIVE.sub("", form)):
        raise ValueError(f"'{form}' has {strays[0]!r}, which strptime does not know")
    if not DAY_OR_MONTH.search(form):
        raise ValueError(
            f"'{form}' reads neither a day nor a month; write %Y-%m-%d, %Y-%m or {SERIAL}"
        )
    return form


TimeZone = Annotated[str, AfterValidator(known_zone)]
DateFormat = Annotated[str, AfterValidator(legal_date_format)]
Encoding = Annotated[str, AfterValidator(known_encoding)]


class Condition(StrictModel):
    """Keep the rows of a table or file whose column compares so; all conditions must hold."""

    column: str = Field(description="Column of the table or file.")
    op: Literal["=", "!=", "<", "<=", ">", ">=", "in", "not in"] = Field(description="Comparison.")
    value: Scalar | list[Scalar] = Field(
        description="What to compare with; a list for `in` and `not in`. Never null. Its type "
        "decides how cells of a file are read: text, numbers, days, moments or yes and no."
    )

    @model_validator(mode="after")
    def _list_for_in(self) -> "Condition":
        if isinstance(self.value, list) != (self.op in LISTED):
            raise ValueError(
                "`in` and `not in` take a list of values, any other comparison takes one value"
            )
        if self.value == []:
            raise ValueError(f"`{self.op}` takes at least one value")
        if len({_kind(value) for value in self.values}) > 1:
            raise ValueError(f"`{self.op}` takes values of one type, not {self.value}")
        if isinstance(self.values[0], bool) and self.op in ("<", "<=", ">", ">="):
            raise ValueError(f"yes and no have no order to compare by `{self.op}`")
        return self

    @property
    def values(self) -> list[Scalar]:
        """The value, or the values of the list."""
        return self.value if isinstance(self.value, list) else [self.value]


def _kind(value: Scalar) -> str:
    if isinstance(value, bool):
        return "yes or no"
    return "number" if isinstance(value, int | float) else type(value).__name__


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
    time_zone: TimeZone = Field(
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
    encoding: Encoding = Field(
        default="utf8",
        description="Text encoding of CSV files, by any name that Python knows it by: cp1252 is that "
        "of Windows in the west of Europe, cp1250 in its middle, cp1251 Cyrillic, cp932 Japanese, "
        "gb18030 Chinese, mac_roman of old Macs, utf16 that of Excel's Unicode text.",
    )
    sheet: str | None = Field(default=None, description="Excel sheet; the first when not given.")
    database: DatabaseTable | None = Field(
        default=None, description="A table of a SQL database, in place of files."
    )
    where: list[Condition] = Field(
        default_factory=list,
        description="Which rows to take, of files and tables alike. A cell of a file that cannot be "
        "compared keeps its row; a database compares itself.",
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
    def may_have_no_file(self) -> bool:
        """Whether a pattern that no file matches yet is an empty table, and no error."""
        return False

    @property
    def file_where(self) -> list[Condition]:
        """Conditions on rows as they are read; those on a table are its database's to compare."""
        return [] if self.database else self.where

    @property
    def place(self) -> str:
        """What it is called in messages: the path, or the table."""
        return self.database.table if self.database else self.path


def drop_place(part: dict[str, Any]) -> None:
    """Remove from a dumped source what says where it lies and not what it holds."""
    part.pop("path", None)
    if isinstance(table := part.get("database"), dict):
        del table["url"], table["password_env"]
