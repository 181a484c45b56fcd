"""Settings of how GoSales runs: they change no number."""

import re
import zoneinfo

from pydantic import Field, field_validator

from gosales_resources.settings.base import StrictModel

CRON = re.compile(r"[\d*/,LA-Za-z-]+(?:\s+[\d*/,#A-Za-z-]+){4}")
OWNER = re.compile(r"team:[\w .-]+|[^@\s]+@[^@\s]+\.[^@\s]+")


class AutomationSettings(StrictModel):
    """What starts runs without anybody; a daemon runs them (`gosales ui` has one)."""

    new_raw_data: bool = Field(
        default=False,
        description="Whether the list is made anew when a raw file or a setting has changed.",
    )
    cutoff_due: bool = Field(
        default=False, description="Whether the list of a cutoff that has fallen due is made."
    )
    window_complete: bool = Field(
        default=False,
        description="Whether a list is validated when its label window is over.",
    )
    drift: bool = Field(
        default=False,
        description="Whether retraining is proposed where the newest list has drifted; it starts "
        "nothing.",
    )
    refresh_cron: str | None = Field(
        default=None,
        description="When the newest due list is made whatever has changed, as a cron line (`0 6 * * "
        "*`: at six each day); without it not. For databases, which tell nothing without being read.",
    )
    time_zone: str = Field(default="UTC", description="Time zone of refresh_cron.")
    days_after_cutoff: int = Field(
        default=1,
        ge=0,
        le=60,
        description="Days after a cutoff until its data is taken to be in, and it falls due.",
    )

    @field_validator("refresh_cron")
    @classmethod
    def _is_cron(cls, line: str | None) -> str | None:
        # What each field may be Dagster says when the schedule is declared.
        if line is not None and not CRON.fullmatch(line.strip()):
            raise ValueError(f"'{line}' is no cron line; `0 6 * * *` is six o'clock each day")
        return line

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"'{name}' is no time zone; such as Europe/Berlin or UTC") from error
        return name


class OperationSettings(StrictModel):
    """Who owns the tables, how much of the machine is used, what starts by itself, what is kept."""

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
    keep_runs_days: int = Field(
        default=90,
        ge=1,
        description="Days that runs, their logs and the records of commands are kept. Of a run that "
        "made what is stored now, or judged it, the log goes and what it recorded stays.",
    )
    gauntlet_first: bool = Field(
        default=False,
        description="Before the first model of a target scores, make its cutoff anew in a temporary "
        "store and look for leaks (docs/leakage.md): minutes, once. A finding stops promotion.",
    )
    automation: AutomationSettings = Field(
        default_factory=AutomationSettings, description="What starts runs without anybody."
    )

    @field_validator("owners")
    @classmethod
    def _is_an_owner(cls, owners: list[str]) -> list[str]:
        for owner in owners:
            if not OWNER.fullmatch(owner):
                raise ValueError(f"'{owner}': write team:name or an e-mail address")
        return owners
