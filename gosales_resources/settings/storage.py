"""Settings of the store: where artifacts lie."""

import re

from pydantic import Field, field_validator

from gosales_resources.settings.base import StrictModel

BUCKET = re.compile(r"(s3|gs|az)://[a-z0-9][a-z0-9.-]+(/[A-Za-z0-9_=-][A-Za-z0-9._=-]*)*")


class StorageSettings(StrictModel):
    """Where artifacts and Dagster's own records lie."""

    root: str = Field(
        default="gosales_home",
        description="Folder of the store, of the run history, and of what can be made again; relative "
        "to the file.",
    )
    url: str | None = Field(
        default=None,
        description="Bucket that the store lies in, and a folder of it: `s3://company/gosales` (or "
        "gs://, az://; extra `objects`). The folder has copies then. Credentials are those of the "
        "environment (docs/deployment.md).",
    )

    @field_validator("url")
    @classmethod
    def _is_a_bucket(cls, url: str | None) -> str | None:
        if url is not None and not BUCKET.fullmatch(url):
            raise ValueError(
                "write s3://bucket/folder, or with gs:// or az://; letters, digits, dots, lines. "
                "Credentials and addresses of servers belong into the environment"
            )
        return url
