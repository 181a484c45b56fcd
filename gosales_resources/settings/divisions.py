"""Settings of the divisions and the other targets: what exists, and what gets a model."""

import re
from typing import Annotated

from pydantic import Field, model_validator

from gosales_resources.errors import nearest
from gosales_resources.settings.base import DIGEST_DIGITS, StrictModel, slugify

HAS_DIGEST = re.compile(rf"_[0-9a-f]{{{DIGEST_DIGITS}}}$")


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
        by_key: dict[str, list[str]] = {}
        for name in [*self.names, *self.sku_targets]:
            by_key.setdefault(slugify(name), []).append(name)
        if nameless := by_key.pop("", []):
            raise ValueError(
                f"{_quoted(nameless)} has no letter, digit or symbol: a partition key needs one"
            )
        if alike := [f"{_quoted(n)} ('{key}')" for key, n in by_key.items() if len(n) > 1]:
            raise ValueError(
                "names of divisions and SKU targets must be distinct without case, accents and signs; "
                f"these share a partition key: {'; '.join(alike)}"
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

    @property
    def target_names(self) -> dict[str, str]:
        """What gets a model: partition key -> name as people write it, sorted by key."""
        names = {slugify(n): n for n in [*self.names, *self.sku_targets]}
        return {key: names[key] for key in self.targets}

    @property
    def division_names(self) -> dict[str, str]:
        """All divisions: partition key -> name as people write it, sorted by key."""
        return dict(sorted((slugify(n), n) for n in self.names))

    @property
    def digest_keys(self) -> dict[str, str]:
        """Name -> partition key where the name does not tell it: of another script, or too long."""
        keys = {name: slugify(name) for name in [*self.names, *self.sku_targets]}
        return {name: key for name, key in keys.items() if HAS_DIGEST.search(key)}

    def skus_of(self, target: str) -> list[str] | None:
        """Return the SKUs that a target counts, sorted; None for a division: all of its lines."""
        sets = {slugify(name): skus for name, skus in self.sku_targets.items()}
        return sorted(set(sets[target])) if target in sets else None

    def divisions_of(self, target: str) -> list[str]:
        """Return the divisions that a target's lines can be in.

        The taxonomy is data, and the graph is drawn from settings alone: SKUs can be in any.
        """
        return [target] if self.skus_of(target) is None else self.slugs


def _quoted(names: list[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)
