"""Settings of the store: where artifacts lie."""

from pydantic import Field

from gosales_resources.settings.base import StrictModel


class StorageSettings(StrictModel):
    """Where artifacts and Dagster's own records lie."""

    root: str = Field(
        default="gosales_home", description="Folder of the store; relative to the file."
    )
