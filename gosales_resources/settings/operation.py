"""Settings of how GoSales runs: they change no number."""

import re

from pydantic import Field, field_validator

from gosales_resources.settings.base import StrictModel

OWNER = re.compile(r"team:[\w .-]+|[^@\s]+@[^@\s]+\.[^@\s]+")


class OperationSettings(StrictModel):
    """Who owns the tables, and how much of the machine is used."""

    owners: list[str] = Field(
        default_factory=lambda: ["team:gosales"],
        description="Who is asked about the tables, as the UI shows it: `team:name` or an e-mail "
        "address.",
    )
    threads: int | None = Field(
        default=None,
        ge=1,
        description="Threads that work side by side; without it as many as there are CPUs that the "
        "process may use.",
    )

    @field_validator("owners")
    @classmethod
    def _is_an_owner(cls, owners: list[str]) -> list[str]:
        for owner in owners:
            if not OWNER.fullmatch(owner):
                raise ValueError(f"'{owner}': write team:name or an e-mail address")
        return owners
