"""The whole settings tree and how it is loaded: file, then environment, then command line.

Later sources win. Unknown keys are rejected with the nearest legal name. `content_hash` names
what the numbers depend on; places (store, source folders) are not part of it, so that the same
data in another folder gives the same bytes.
"""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from gosales_resources.dates import cutoffs_between, is_month_end, month_end
from gosales_resources.errors import SettingsError, nearest
from gosales_resources.instance.cpus import usable_cpus
from gosales_resources.settings.base import StrictModel, slugify
from gosales_resources.settings.contracts import ContractSettings
from gosales_resources.settings.inputs import drop_place
from gosales_resources.settings.models import ExplanationSettings, ModelSettings, PromotionSettings
from gosales_resources.settings.operation import OperationSettings
from gosales_resources.settings.phases import (
    FeatureSettings,
    LabelSettings,
    ValidationSettings,
    WhitespaceSettings,
)
from gosales_resources.settings.source import SourceSettings

ENV_PREFIX = "GOSALES_"
CONFIG_VARIABLE = "GOSALES_CONFIG"
# The second names a server for the tests.
NOT_SETTINGS = (CONFIG_VARIABLE, "GOSALES_TEST_POSTGRES")


class CalendarSettings(StrictModel):
    """The as-of dates: month ends from start to end."""

    start: dt.date = Field(description="First cutoff; its increment holds all before.")
    end: dt.date | None = Field(
        default=None, description="Last cutoff; without it the calendar grows with the days."
    )
    cadence_months: Literal[1, 3] = Field(default=3, description="Months between cutoffs: 1 or 3.")

    @field_validator("start", "end")
    @classmethod
    def _month_end(cls, day: dt.date | None) -> dt.date | None:
        if day is not None and not is_month_end(day):
            raise ValueError(f"{day} is not a month end; use {month_end(day)}")
        return day

    @model_validator(mode="after")
    def _on_grid(self) -> "CalendarSettings":
        if self.end is not None and self.end not in cutoffs_between(
            self.start, self.end, self.cadence_months
        ):
            raise ValueError(
                f"end {self.end} is not start {self.start} plus a multiple of "
                f"{self.cadence_months} months"
            )
        if self.cadence_months == 3 and self.start.month % 3:
            raise ValueError(f"a quarterly calendar starts at a quarter end, not {self.start}")
        return self


class DivisionSettings(StrictModel):
    """The divisions that exist; the taxonomy may name no other."""

    names: list[str] = Field(min_length=1, description="Division names as in the taxonomy.")
    predictor_only: list[str] = Field(
        default_factory=list, description="Divisions that feed features and get no model."
    )
    sku_targets: dict[str, Annotated[list[str], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="Further targets: name -> the SKUs that it counts, whatever division their "
        "lines are in. It gets labels, a model and a place in the list like a division.",
    )

    @model_validator(mode="after")
    def _known_and_distinct(self) -> "DivisionSettings":
        names = [*self.names, *self.sku_targets]
        slugs = [slugify(n) for n in names]
        if "" in slugs:
            name = names[slugs.index("")]
            raise ValueError(
                f"'{name}' has no Latin letter and no digit: a partition key needs one"
            )
        if len(set(slugs)) != len(slugs):
            raise ValueError(
                "names of divisions and SKU targets must be distinct without case, accents and signs"
            )
        for name in self.predictor_only:
            if slugify(name) not in self.slugs:
                raise ValueError(f"predictor_only: '{name}' unknown. {nearest(name, self.names)}")
        if not self.targets:
            raise ValueError("at least one division must be modelled")
        return self

    @property
    def slugs(self) -> list[str]:
        """All divisions as partition keys, sorted."""
        return sorted(slugify(n) for n in self.names)

    @property
    def targets(self) -> list[str]:
        """What gets a model, as partition keys, sorted: divisions and sets of SKUs."""
        modelled = set(self.slugs) - {slugify(n) for n in self.predictor_only}
        return sorted(modelled | {slugify(n) for n in self.sku_targets})

    def skus_of(self, target: str) -> list[str] | None:
        """Return the SKUs that a target counts, sorted; None for a division: all of its lines."""
        sets = {slugify(name): skus for name, skus in self.sku_targets.items()}
        return sorted(set(sets[target])) if target in sets else None

    def divisions_of(self, target: str) -> list[str]:
        """Return the divisions that a target's lines can be in.

        The taxonomy is data, and the graph is drawn from settings alone: SKUs can be in any.
        """
        return [target] if self.skus_of(target) is None else self.slugs


class StorageSettings(StrictModel):
    """Where artifacts and Dagster's own records lie."""

    root: str = Field(
        default="gosales_home", description="Folder of the store; relative to the file."
    )


class Settings(BaseSettings):
    """Everything GoSales can be told; see `docs/settings.md`, generated from these fields."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        # What is refused may hold a password, and an error is logged.
        hide_input_in_errors=True,
    )

    name: str = Field(
        default="gosales", pattern=r"^[a-z][a-z0-9_]*$", description="Name of this set-up."
    )
    value: Literal["gross_profit", "revenue"] = Field(
        default="gross_profit",
        description="The measure that labels, features and values are made of.",
    )
    mode: Literal["strict", "fail_soft"] = Field(
        default="strict",
        description="A row that breaches its contract, or that a table beside the sales log has "
        "wrong: strict stops what comes after, fail_soft quarantines the row and goes on.",
    )
    calendar: CalendarSettings
    divisions: DivisionSettings
    source: SourceSettings
    contracts: ContractSettings = Field(default_factory=ContractSettings)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    labels: LabelSettings = Field(default_factory=LabelSettings)
    features: FeatureSettings = Field(default_factory=FeatureSettings)
    models: ModelSettings = Field(default_factory=ModelSettings)
    explanation: ExplanationSettings = Field(default_factory=ExplanationSettings)
    promotion: PromotionSettings = Field(default_factory=PromotionSettings)
    whitespace: WhitespaceSettings = Field(default_factory=WhitespaceSettings)
    validation: ValidationSettings = Field(default_factory=ValidationSettings)
    operation: OperationSettings = Field(default_factory=OperationSettings)
    config_file: Path = Field(description="The file these settings came from.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line (given at construction) over environment over file."""
        config_file = init_settings()["config_file"]
        return (
            init_settings,
            EnvSettingsSource(settings_cls),
            YamlConfigSettingsSource(settings_cls, yaml_file=config_file),
        )

    @model_validator(mode="after")
    def _routes_end_somewhere(self) -> "Settings":
        for route in self.source.taxonomy.routes:
            if slugify(route.division) not in self.divisions.slugs:
                raise ValueError(
                    f"source.taxonomy.routes: division '{route.division}' of SKU '{route.sku}' is "
                    f"not in divisions.names. {nearest(route.division, self.divisions.names)}"
                )
        return self

    @property
    def store_root(self) -> Path:
        """Folder that holds the store, as an absolute path."""
        return (self.config_file.parent / self.storage.root).resolve()

    @property
    def staging_root(self) -> Path:
        """Folder of raw rows typed by content; it can be removed at any time."""
        return self.store_root / "staging"

    @property
    def threads_used(self) -> int:
        """How many threads work side by side."""
        return self.operation.threads or usable_cpus()

    @property
    def source_dir(self) -> Path:
        """Folder that relative source paths start from, as an absolute path."""
        return (self.config_file.parent / self.source.base_dir).resolve()

    def content_hash(self) -> str:
        """Hash what the numbers depend on; a partition's own part of it is in its provenance.

        Returns
        -------
        str
            16 hexadecimal digits, equal on every machine for equal settings.
        """
        tree = self.model_dump(mode="json", exclude={"config_file", "storage", "name", "operation"})
        tree["source"].pop("base_dir")
        for part in tree["source"].values():
            if isinstance(part, dict):
                drop_place(part)
        text = json.dumps(tree, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def load_settings(
    config_file: Path | str | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Load the tree from a YAML file, the environment and overrides.

    Parameters
    ----------
    config_file
        The settings file; `GOSALES_CONFIG` names it when not given.
    overrides
        Nested mapping of what the command line sets; see `parse_overrides`.

    Raises
    ------
    SettingsError
        When the file is missing or not YAML, a key is unknown, or a value is out of bounds. All
        findings are listed at once.
    """
    chosen = config_file or os.environ.get(CONFIG_VARIABLE)
    if not chosen:
        raise SettingsError(
            f"No settings file. Give --config FILE or set {CONFIG_VARIABLE}; "
            "`make demo` writes one to start from."
        )
    path = Path(chosen).expanduser().resolve()
    if not path.is_file():
        raise SettingsError(f"Settings file {path} does not exist.")
    _reject_unreadable_yaml(path)
    _reject_unknown_variables()
    try:
        return Settings(config_file=path, **dict(overrides or {}))  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        raise SettingsError(_explain(path, error)) from error


def parse_overrides(assignments: list[str]) -> dict[str, Any]:
    """Turn `a.b=c` assignments into a nested mapping; values are read as YAML.

    Raises
    ------
    SettingsError
        When an assignment has no `=` or an empty key.

    Examples
    --------
    >>> parse_overrides(["labels.window_months=3", "value=revenue"])
    {'labels': {'window_months': 3}, 'value': 'revenue'}
    """
    tree: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        parts = key.strip().split(".")
        if not equals or not all(parts):
            raise SettingsError(f"--set {assignment!r}: write it as section.key=value.")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise SettingsError(f"--set {assignment!r}: the value is not YAML: {error}") from error
        node = tree
        for part in parts[:-1]:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise SettingsError(f"--set {assignment!r}: '{part}' was already given a value.")
        node[parts[-1]] = value
    return tree


def _reject_unreadable_yaml(path: Path) -> None:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not a YAML file: {error}") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{path} is empty or not a mapping of settings.")
    if "config_file" in content:
        raise SettingsError(f"{path}: config_file is not a setting; remove it.")


def _reject_unknown_variables() -> None:
    legal = {f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields} - {
        f"{ENV_PREFIX}CONFIG_FILE"
    }
    for variable in sorted(os.environ):
        if variable.startswith(ENV_PREFIX) and variable not in NOT_SETTINGS:
            section = variable.split("__")[0]
            if section not in legal:
                raise SettingsError(
                    f"Environment variable {variable}: unknown. {nearest(section, legal)}"
                )


def _explain(path: Path, error: ValidationError) -> str:
    lines = [f"{path}: {error.error_count()} finding(s)."]
    for finding in error.errors():
        location = [str(part) for part in finding["loc"] if part not in ("wide", "long")]
        message = finding["msg"]
        if finding["type"] == "extra_forbidden":
            legal = _fields_at(finding["loc"][:-1])
            message = f"unknown key. {nearest(str(finding['loc'][-1]), legal)}"
        lines.append(f"  {'.'.join(location) or '(top level)'}: {message}")
    return "\n".join(lines)


def _fields_at(location: tuple[int | str, ...]) -> list[str]:
    nodes: list[type[BaseModel]] = [Settings]
    for part in location:
        nested = [
            _models_in(n.model_fields[part].annotation)
            for n in nodes
            if isinstance(part, str) and part in n.model_fields
        ]
        nodes = [model for models in nested for model in models] or nodes
    return sorted({name for node in nodes for name in node.model_fields} - {"config_file"})


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]
