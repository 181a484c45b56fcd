"""The whole settings tree, one file a section; `loading.py` reads it from where it is written.

`content_hash` names what the numbers depend on; places (store, source folders) are not part of it,
so that the same data in another folder gives the same bytes.
"""

import hashlib
import json
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from gosales_resources.errors import nearest
from gosales_resources.instance.cpus import usable_cpus
from gosales_resources.settings.alerts import AlertSettings
from gosales_resources.settings.base import ENV_PREFIX, slugify
from gosales_resources.settings.calendar import CalendarSettings
from gosales_resources.settings.contracts import ContractSettings
from gosales_resources.settings.delivery import DeliverySettings
from gosales_resources.settings.divisions import DivisionSettings
from gosales_resources.settings.explanation import ExplanationSettings
from gosales_resources.settings.features import FeatureSettings
from gosales_resources.settings.inputs import drop_place
from gosales_resources.settings.labels import LabelSettings
from gosales_resources.settings.models import ModelSettings
from gosales_resources.settings.operation import OperationSettings
from gosales_resources.settings.pages import PageSettings
from gosales_resources.settings.promotion import PromotionSettings
from gosales_resources.settings.source import SourceSettings
from gosales_resources.settings.storage import StorageSettings
from gosales_resources.settings.validation import ValidationSettings
from gosales_resources.settings.whitespace import WhitespaceSettings


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
    delivery: DeliverySettings = Field(default_factory=DeliverySettings)
    validation: ValidationSettings = Field(default_factory=ValidationSettings)
    operation: OperationSettings = Field(default_factory=OperationSettings)
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    pages: PageSettings = Field(default_factory=PageSettings)
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

    @model_validator(mode="after")
    def _the_list_is_of_targets(self) -> "Settings":
        legal = self.divisions.target_names
        keys = [slugify(name) for name in self.whitespace.divisions]
        for key, name in zip(keys, self.whitespace.divisions, strict=True):
            if key not in legal:
                raise ValueError(
                    f"whitespace.divisions: '{name}' gets no model, so no list can rank it. "
                    f"{nearest(name, legal.values())}"
                )
            if keys.count(key) > 1:
                raise ValueError(f"whitespace.divisions: '{legal[key]}' is named twice")
        return self

    @model_validator(mode="after")
    def _limits_are_of_divisions_on_the_list(self) -> "Settings":
        capacity = self.whitespace.capacity
        for setting in ("division_floor", "division_cap"):
            for key in getattr(capacity, setting):
                if key not in self.listed_targets:
                    known = key in self.divisions.targets
                    why = "is not in whitespace.divisions" if known else "gets no model"
                    raise ValueError(
                        f"whitespace.capacity.{setting}: '{key}' {why}, so it is not on the "
                        f"list. {nearest(key, self.listed_targets)}"
                    )
        return self

    @property
    def listed_targets(self) -> list[str]:
        """The targets that the list ranks, as partition keys, sorted."""
        named = sorted(slugify(name) for name in self.whitespace.divisions)
        return named or self.divisions.targets

    @property
    def store_root(self) -> Path:
        """Folder that holds the store, as an absolute path."""
        return (self.config_file.parent / self.storage.root).resolve()

    @property
    def alerts_root(self) -> Path:
        """Folder of the outbox of alerts."""
        return self.store_root / "alerts"

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
        places = {"config_file", "storage", "name", "operation", "alerts", "pages"}
        tree = self.model_dump(mode="json", exclude=places)
        tree["source"].pop("base_dir")
        for part in tree["source"].values():
            if isinstance(part, dict):
                drop_place(part)
        text = json.dumps(tree, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]
