"""What every raw input is: files of one kind, by path, format and encoding."""

from typing import Literal

from pydantic import Field

from gosales_resources.settings.base import StrictModel


class FileSource(StrictModel):
    """A file, a folder or a glob of files of one kind."""

    path: str = Field(description="File, folder or glob; relative to source.base_dir.")
    format: Literal["csv", "parquet"] | None = Field(
        default=None, description="File format; by the file suffix when not given."
    )
    separator: str = Field(
        default=",", min_length=1, max_length=1, description="CSV field separator."
    )
    encoding: Literal["utf8", "latin1", "cp1252"] = Field(
        default="utf8",
        description="Text encoding of CSV files; cp1252 is what Windows calls ANSI (it has the "
        "euro sign, latin1 has none).",
    )
