"""Settings of alerts: who is told of failed checks and runs, how, and how often.

They change no number. A sink's address is a secret: the settings name the environment variable that
holds it.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from gosales_resources.errors import nearest
from gosales_resources.settings.base import ENV_PREFIX, StrictModel

# Services that people are told by, out of those that apprise knows. None of them runs a command or
# writes on this machine.
SCHEMAS = [
    "mailto", "mailtos", "json", "jsons", "slack", "workflows", "discord", "mmost",
    "mmosts", "rocket", "rockets", "gchat", "wxteams", "tgram", "matrix", "matrixs", "zulip",
    "ntfy", "ntfys", "pagerduty", "opsgenie",
]  # fmt: skip
Severity = Literal["WARN", "ERROR"]
SinkName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class SinkSettings(StrictModel):
    """One way to reach people or programs."""

    kind: Literal["file", "stdout", "apprise"] = Field(
        description="`file`: JSON lines; `stdout`: text on standard output; `apprise`: mail, chats, "
        "webhooks and more (extra `gosales[alerts]`)."
    )
    folder: str | None = Field(
        default=None,
        description="Of kind file: where `alerts.jsonl` is written, relative to the settings file; "
        "without it `alerts` in the store.",
    )
    url_variable: str | None = Field(
        default=None,
        pattern=r"^[A-Z][A-Z0-9_]*$",
        description="Of kind apprise: the environment variable that holds the service's address.",
    )

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> "SinkSettings":
        if (self.url_variable is not None) != (self.kind == "apprise"):
            raise ValueError("url_variable: of kind apprise, which needs it, and of no other")
        if self.url_variable and self.url_variable.startswith(ENV_PREFIX):
            raise ValueError(
                f"url_variable: variables that start with {ENV_PREFIX} are settings: name another"
            )
        if self.folder is not None and self.kind != "file":
            raise ValueError("folder: of kind file alone")
        return self


class RouteSettings(StrictModel):
    """Which alerts a sink gets."""

    sink: SinkName = Field(description="One of `alerts.sinks`.")
    lowest: Severity = Field(default="WARN", description="The lowest severity that it gets.")
    assets: list[str] = Field(
        default=["*"], min_length=1, description="Assets, as patterns with `*` and `?`."
    )
    checks: list[str] = Field(
        default=["*"],
        min_length=1,
        description="Checks, as patterns; a failed run has the check `run`.",
    )


class AlertSettings(StrictModel):
    """Who is told of failed checks and failed runs (docs/alerts.md)."""

    enabled: bool = Field(
        default=False,
        description="Whether anybody is told: turns the sensor `alerts` on, and lets commands tell "
        "at their end.",
    )
    sinks: dict[SinkName, SinkSettings] = Field(
        default={"file": SinkSettings(kind="file")},
        min_length=1,
        description="Name -> how people or programs are reached.",
    )
    routes: list[RouteSettings] = Field(
        default=[RouteSettings(sink="file")],
        min_length=1,
        description="Which sink gets which alerts: all routes that fit, each sink once.",
    )
    allowed_schemas: list[str] = Field(
        default=SCHEMAS,
        min_length=1,
        description="Kinds of addresses that sinks of kind apprise may have: what stands before `://`.",
    )
    ui_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s@/?#]+(/[^\s@?#]*)?$",
        description="Where readers open the UI, such as `https://dagster.example.com`: alerts link "
        "there.",
    )
    interval_seconds: int = Field(
        default=30, ge=5, le=86_400, description="How often the sensor looks."
    )
    wait_minutes: int = Field(
        default=15,
        ge=0,
        le=1_440,
        description="How long an alert waits at most for others of its command, so that they are one "
        "message; 0 sends at once.",
    )
    cooldown_hours: float = Field(
        default=24,
        ge=0,
        le=8_760,
        description="For how long a check that fails again on the same partition is recorded and not "
        "told again, unless it passed in between or is worse than it was.",
    )
    shown: int = Field(
        default=10,
        ge=1,
        le=500,
        description="Alerts that a message spells out; the rest it counts.",
    )
    digest_hour: int | None = Field(
        default=7,
        ge=0,
        le=23,
        description="Hour (UTC) of the daily digest, which says that somebody looks; none: no digest.",
    )
    retry_seconds: float = Field(
        default=30,
        gt=0,
        le=86_400,
        description="Wait after a first failed delivery; it doubles with each.",
    )
    retry_longest_minutes: float = Field(
        default=30, gt=0, le=1_440, description="The longest wait between two tries."
    )
    give_up_hours: float = Field(
        default=72,
        gt=0,
        le=8_760,
        description="After that long a message is tried no more; `gosales alerts list` shows it.",
    )

    @model_validator(mode="after")
    def _routes_end_in_sinks(self) -> "AlertSettings":
        for route in self.routes:
            if route.sink not in self.sinks:
                raise ValueError(
                    f"routes: no sink '{route.sink}'. {nearest(route.sink, self.sinks)}"
                )
        return self
