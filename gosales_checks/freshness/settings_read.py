"""Which settings a stored partition depends on, so that a change marks exactly what it touches.

A contract names the settings its own content depends on; what it is made from adds its own, down to
the raw data. Read at the partition: of a division's table only what touches that division counts,
of a label window only what lies inside it (docs/adr/0007).
"""

import hashlib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from unicodedata import normalize

from gosales_checks.contracts.contract import Contract
from gosales_checks.freshness.setting_values import as_text, dumped, raw_value
from gosales_resources.by_stamp import ByStamp
from gosales_resources.dates import label_window
from gosales_resources.errors import SettingsError
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.settings.base import StrictModel, models_in, slugify
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.streams import file_stamp
from gosales_resources.sources.table import read_table, require_columns

# Of every table: under fail_soft rows may have been left out of it.
ALWAYS = ("mode",)

# Not set, but worked out of the names of divisions and SKU targets.
WORKED_OUT = ("slugs", "targets", "target_names", "division_names")

Terms = dict[str, frozenset[str]]


@dataclass(frozen=True)
class SettingsRead:
    """The settings that partitions depend on, under one settings tree.

    What a route or a denied SKU touches is read off the taxonomy: what was worked out is remembered
    for as long as that is the same.
    """

    settings: Settings
    space: PartitionSpace
    _known: ByStamp[str, "_Worked"] = field(default_factory=ByStamp, repr=False)

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

        Raises
        ------
        SourceError
            When the taxonomy is asked for and cannot be read.
        """
        worked = self._known.get("taxonomy", self._stamp(), self._fresh)
        return worked.of(contract, PartitionKey(cutoff, division))

    def _fresh(self) -> "_Worked":
        return _Worked(self.settings, self.space)

    def _stamp(self) -> Hashable:
        """Return what differs when the taxonomy may; None where nothing tells."""
        source, base = self.settings.source.taxonomy, self.settings.source_dir
        if not source.routes and not self.settings.labels.denylist:
            return "not asked for"
        if (base / source.path).is_file():
            return file_stamp(base / source.path)
        stamps = tuple(raw.stamp() for raw in open_inputs(source, base))
        return None if None in stamps else stamps


@dataclass(frozen=True)
class _Worked:
    """What was worked out under one taxonomy."""

    settings: Settings
    space: PartitionSpace
    _passed: dict[tuple[str, PartitionKey], Terms] = field(default_factory=dict)

    def of(self, contract: Contract, key: PartitionKey) -> dict[str, str]:
        here = self.own((*ALWAYS, *contract.settings_here), key)
        return _digests([here, self._passed_on(contract, key)])

    def _passed_on(self, contract: Contract, key: PartitionKey) -> Terms:
        """Return the settings that a partition brings to what is made from it."""
        if (contract.name, key) not in self._passed:
            parts = [self.own(contract.settings, key)]
            for read in contract.reads:
                # What is read of other cutoffs was made under the same settings there, but for what
                # is learnt from: labels of windows that ended earlier.
                span = "training" if read.span == "training" else "cutoff"
                upstream, downstream = read.table.partitioned_by, contract.partitioned_by
                keys = self.space.keys_read(span, upstream, downstream, key)
                if upstream == "division_cutoff" and key.division is not None:
                    # As far as it is seen by the target: no route moves lines of a set of SKUs.
                    keys = [
                        PartitionKey(cutoff, key.division) for cutoff in {k.cutoff for k in keys}
                    ]
                parts += [self._passed_on(read.table, past) for past in keys]
            self._passed[contract.name, key] = _merged(parts)
        return self._passed[contract.name, key]

    def own(self, paths: tuple[str, ...], key: PartitionKey) -> Terms:
        return {p: frozenset([as_text(self._value(p, *key))]) for p in paths}

    def _value(self, term: str, cutoff: date, division: str | None) -> Any:
        path, _, scope = term.partition("@")
        if not scope:
            return dumped(raw_value(self.settings, path))
        return SCOPES[scope](self, path, cutoff, division)

    def within_window(self, path: str, cutoff: date, division: str | None) -> Any:
        """Return a date, cut at what a label window of the cutoff can see."""
        day = raw_value(self.settings, path)
        if day is None:
            return None
        end = label_window(cutoff, self.settings.labels.widths_months[-1]).end
        if path != "calendar.end":
            return min(day, end)
        return min(day, self.space.steps_after(cutoff, self.space.widest_steps))

    def up_to_cutoff(self, path: str, cutoff: date, division: str | None) -> Any:
        """Return a date, cut at the cutoff."""
        day = raw_value(self.settings, path)
        return None if day is None else min(day, cutoff)

    def of_division(self, path: str, cutoff: date, division: str | None) -> Any:
        """Return routes, or SKUs, as far as they move lines into or out of the division.

        A target that is a set of SKUs counts these in whatever division: no route moves them.
        """
        known = self.settings.divisions
        skus = None if division is None else known.skus_of(division)
        if path == SKU_TARGETS:
            return skus
        entries = raw_value(self.settings, path)
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
SCOPES: dict[str, Callable[[_Worked, str, date, str | None], Any]] = {
    "cutoff": _Worked.up_to_cutoff,
    "division": _Worked.of_division,
    "window": _Worked.within_window,
}


def settings_hash(terms: Mapping[str, str]) -> str:
    """Return one hash of all settings that a partition depends on."""
    return hashlib.sha256(as_text(sorted(terms.items())).encode()).hexdigest()[:16]


def check_paths(contracts: Mapping[str, Contract]) -> None:
    """Make sure that every setting a contract names exists.

    Raises
    ------
    SettingsError
        Naming the contract and the setting.
    """
    worked_out = (f"divisions.{name}" for name in WORKED_OUT)
    legal = {*setting_paths(Settings), *worked_out}
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


def _digests(parts: list[Terms]) -> dict[str, str]:
    return {
        path: hashlib.sha256("\n".join(sorted(values)).encode()).hexdigest()[:12]
        for path, values in sorted(_merged(parts).items())
    }


def _merged(parts: list[Terms]) -> Terms:
    merged: Terms = {}
    for part in parts:
        for path, values in part.items():
            merged[path] = merged.get(path, frozenset()) | values
    return merged
