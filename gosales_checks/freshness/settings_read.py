"""Which settings a stored partition depends on, so that a change marks exactly what it touches.

A contract names the settings its own content depends on; what it is made from adds its own, down to
the raw data. Read at the partition: of a division's table only what touches that division counts,
of a label window only what lies inside it (docs/adr/0007).
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from unicodedata import normalize

from gosales_checks.contracts.contract import Contract
from gosales_resources.dates import label_window
from gosales_resources.errors import SettingsError
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.settings.base import StrictModel, models_in, slugify
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.table import read_table, require_columns

# Of every table: under fail_soft rows may have been left out of it.
ALWAYS = ("mode",)
# Where files lie is not what is in them; the other two are named on their own where they matter.
LEFT_OUT = {"path", "base_dir", "url", "password_env", "complete_through", "routes"}

Terms = dict[str, frozenset[str]]


@dataclass(frozen=True)
class Dependence:
    """The settings that partitions depend on, under one settings tree.

    Remembers what it has worked out, for as long as the code location is loaded.
    """

    settings: Settings
    space: PartitionSpace
    _passed: dict[tuple[str, date, str | None], Terms] = field(default_factory=dict)

    def of(self, contract: Contract, cutoff: date, division: str | None) -> dict[str, str]:
        """Return setting -> digest of its value, for one partition.

        Parameters
        ----------
        contract
            The table.
        cutoff, division
            The partition.

        Returns
        -------
        dict of str to str
            Sorted by setting; equal digests mean that the setting leaves the content as it is.
        """
        here = self._own((*ALWAYS, *contract.settings_here), cutoff, division)
        terms = _merged([here, self.passed_on(contract, cutoff, division)])
        return {
            path: hashlib.sha256("\n".join(sorted(values)).encode()).hexdigest()[:12]
            for path, values in sorted(terms.items())
        }

    def passed_on(self, contract: Contract, cutoff: date, division: str | None) -> Terms:
        """Return the settings that a partition brings to what is made from it."""
        key = (contract.name, cutoff, division)
        if key not in self._passed:
            parts = [self._own(contract.settings, cutoff, division)]
            for upstream, cutoffs in (
                *((c, [cutoff]) for c in contract.made_from),
                *((c, self.space.training_cutoffs(cutoff)) for c in contract.trained_on),
            ):
                parts += [
                    self.passed_on(upstream, past, part)
                    for past in cutoffs
                    for part in self._divisions_read(upstream, division)
                ]
            self._passed[key] = _merged(parts)
        return self._passed[key]

    def _divisions_read(self, upstream: Contract, division: str | None) -> list[str | None]:
        known = self.settings.divisions
        if upstream.partitioned_by == "cutoff":
            return [None]
        every = known.slugs if upstream.partitioned_by == "division_cutoff" else known.targets
        return [division] if division else list(every)

    def _own(self, paths: tuple[str, ...], cutoff: date, division: str | None) -> Terms:
        return {p: frozenset([_text(self._value(p, cutoff, division))]) for p in paths}

    def _value(self, term: str, cutoff: date, division: str | None) -> Any:
        path, _, scope = term.partition("@")
        if not scope:
            return self._plain(path)
        return SCOPES[scope](self, path, cutoff, division)

    def _plain(self, path: str) -> Any:
        return _dumped(self._raw(path))

    def within_window(self, path: str, cutoff: date, division: str | None) -> Any:
        """Return a date, cut at what a label window of the cutoff can see."""
        day = self._raw(path)
        if day is None:
            return None
        end = label_window(cutoff, self.settings.labels.widths_months[-1]).end
        if path != "calendar.end":
            return min(day, end)
        # One increment past the window is read to see that the log covers it, unless it is said to.
        complete = self.settings.source.sales_log.complete_through
        past = 0 if complete is not None and complete >= end else 1
        return min(day, self.space.steps_after(cutoff, self.space.widest_steps + past))

    def of_division(self, path: str, cutoff: date, division: str | None) -> Any:
        """Return routes, or SKUs, as far as they move lines into or out of the division.

        A target that is a set of SKUs counts these in whatever division: no route moves them.
        """
        known = self.settings.divisions
        skus = None if division is None else known.skus_of(division)
        if path == SKU_TARGETS:
            return skus
        entries = self._raw(path)
        if skus is not None:
            return [] if path == ROUTES else sorted(set(entries) & set(skus))
        if path != ROUTES:
            return [sku for sku in sorted(set(entries)) if self._reaches(sku, division)]
        return [
            (sku, when, to)
            for (sku, when), to in sorted(self._routes.items())
            if division is None or division in (to, self._homes.get(sku))
        ]

    def _reaches(self, sku: str, division: str | None) -> bool:
        ways = {self._homes.get(sku), *(to for (s, _), to in self._routes.items() if s == sku)}
        return division is None or division in ways

    def _raw(self, path: str) -> Any:
        node: Any = self.settings
        for part in path.split("."):
            node = getattr(node, part)
        return node

    @cached_property
    def _routes(self) -> Mapping[tuple[str, str], str]:
        """SKU and source division -> division; of routes for the same lines the last one counts."""
        routes = self.settings.source.taxonomy.routes
        return {(r.sku, slugify(r.when_source_division)): slugify(r.division) for r in routes}

    @cached_property
    def _homes(self) -> Mapping[str, str]:
        """SKU -> division by the taxonomy; read only where routes or a denylist name SKUs."""
        source = self.settings.source.taxonomy
        table = read_table(source, self.settings.source_dir)
        columns = source.columns
        wanted = {
            "taxonomy.columns.sku": columns.sku,
            "taxonomy.columns.division": columns.division,
        }
        require_columns(source.place, table.columns, wanted)
        rows = table.select(columns.sku, columns.division).drop_nulls().rows()
        return {normalize("NFKC", str(sku)).strip(): slugify(str(home)) for sku, home in rows}


ROUTES = "source.taxonomy.routes"
SKU_TARGETS = "divisions.sku_targets"
# What may follow a setting's path after `@`: how much of it a partition can see.
SCOPES: dict[str, Callable[[Dependence, str, date, str | None], Any]] = {
    "division": Dependence.of_division,
    "window": Dependence.within_window,
}


def settings_hash(terms: Mapping[str, str]) -> str:
    """Return one hash of all settings that a partition depends on."""
    return hashlib.sha256(_text(sorted(terms.items())).encode()).hexdigest()[:16]


def check_paths(contracts: Mapping[str, Contract]) -> None:
    """Make sure that every setting a contract names exists.

    Raises
    ------
    SettingsError
        Naming the contract and the setting.
    """
    legal = {*setting_paths(Settings), "divisions.slugs", "divisions.targets"}
    for contract in contracts.values():
        for term in (*contract.settings, *contract.settings_here):
            path, _, scope = term.partition("@")
            if path not in legal or (scope and scope not in SCOPES):
                raise SettingsError(f"{contract.name}: depends on {term}, which is no setting.")


def setting_paths(model: type[StrictModel] | type[Settings], prefix: str = "") -> list[str]:
    """List the paths of all settings below a model, sections and leaves."""
    found = []
    for name, info in model.model_fields.items():
        found.append(prefix + name)
        for nested in models_in(info.annotation):
            found += setting_paths(nested, f"{prefix}{name}.")
    return found


def _merged(parts: list[Terms]) -> Terms:
    merged: Terms = {}
    for part in parts:
        for path, values in part.items():
            merged[path] = merged.get(path, frozenset()) | values
    return merged


def _dumped(node: Any) -> Any:
    if isinstance(node, StrictModel):
        return {
            name: _dumped(getattr(node, name))
            for name in type(node).model_fields
            if name not in LEFT_OUT
        }
    if isinstance(node, list | tuple):
        return [_dumped(item) for item in node]
    return node


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
