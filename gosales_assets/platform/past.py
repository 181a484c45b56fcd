"""The past of tables: kept when partitions are made anew, held against what they have become.

A state is kept before it is replaced and let go when the new one restates nothing, or when somebody
accepts the change (`gosales restatement accept`). Until then each run finds it again.
"""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

import polars as pl

from gosales_assets.platform.platform import Platform
from gosales_checks.findings import Examined
from gosales_checks.verdicts.restatement import REMEDY, Restatement
from gosales_resources.errors import DamagedError, StorageError
from gosales_resources.settings.tree import Settings
from gosales_resources.store.address import Address
from gosales_resources.store.past import (
    forget,
    has_past,
    keep,
    past_of,
    scan_past,
    settings_changed,
)


def accepted_path(settings: Settings) -> Path:
    """Return where accepted changes of the past are recorded."""
    return settings.config_file.parent / settings.contracts.restatements


class Past(ABC):
    """The past of tables that are made together, by cutoff."""

    tables: ClassVar[tuple[str, ...]]
    """Kept in this order: the last one says that all are."""
    reading: ClassVar[tuple[str, ...]]
    """Settings whose change makes the tables others, whatever the sources did."""

    def __init__(self, platform: Platform) -> None:
        self.store, self.settings = platform.store, platform.settings
        self.calendar = platform.space.cutoffs()

    def keep(self, cutoffs: Iterable[dt.date]) -> None:
        """Keep what is stored of partitions that are about to be made anew."""
        for cutoff in cutoffs:
            for name in self.tables:
                keep(self.store, Address(name, cutoff))

    def kept(self) -> list[dt.date]:
        """List the cutoffs of which a past is kept."""
        last = self.tables[-1]
        return [c for c in self.calendar if has_past(self.store, Address(last, c))]

    def restatement(self, cutoff: dt.date) -> Restatement | None:
        """Compare a cutoff with what is kept of it; None where it restates nothing.

        Raises
        ------
        StorageError
            When what is kept cannot be read.
        """
        if cutoff not in self.kept():
            return None
        try:
            return None if self.reset_by(cutoff) else self.compared(cutoff)
        except (pl.exceptions.PolarsError, OSError, DamagedError) as error:
            folder = self.store.place.told(past_of(Address(self.tables[0], cutoff)).folder)
            raise StorageError(
                f"{cutoff} cannot be held against its past: what is kept in {folder} and beside it is "
                f"damaged ({str(error).splitlines()[0]}). Let it go: gosales restatement accept"
            ) from error

    def examine(self, cutoff: dt.date) -> Examined:
        """Judge a cutoff: a restatement blocks, and in fail_soft it warns."""
        found = self.restatement(cutoff)
        if found is None:
            return Examined()
        told = f"the past is not what was stored: {found.told}. {REMEDY}"
        is_soft = self.settings.mode == "fail_soft"
        return Examined({told: found.lost + found.gained}, is_tolerated=is_soft)

    def told(self) -> dict[dt.date, str]:
        """Say of each cutoff that is not what was stored of it what it was and is."""
        found = {}
        for cutoff in self.kept():
            try:
                if (one := self.restatement(cutoff)) is not None:
                    found[cutoff] = one.told
            except StorageError as error:
                found[cutoff] = str(error)
        return found

    def settle(self, cutoffs: Sequence[dt.date]) -> list[str]:
        """Let go of what restates nothing; say what changed it instead.

        Parameters
        ----------
        cutoffs
            Those that have been made anew.
        """
        let_go, said = [], []
        for cutoff in (c for c in self.kept() if c in cutoffs):
            try:
                if self.restatement(cutoff) is None:
                    let_go.append(cutoff)
                    said += self.explain(cutoff)
            except StorageError as error:
                # It was damaged before it was made anew: there is nothing to hold it against.
                let_go.append(cutoff)
                said.append(str(error).partition(" Let it go")[0])
        self.forget(let_go)
        return said

    def forget(self, cutoffs: Iterable[dt.date]) -> None:
        """Let go of what partitions were."""
        for cutoff in cutoffs:
            for name in reversed(self.tables):
                forget(self.store, Address(name, cutoff))

    def reset_by(self, cutoff: dt.date) -> list[str]:
        """Name the settings, of `reading`, that have changed since the past was stored."""
        return settings_changed(self.store, Address(self.tables[0], cutoff), self.reading)

    def explain(self, cutoff: dt.date) -> list[str]:
        """Say what else has changed a cutoff that restates nothing; empty for nothing."""
        if reset := self.reset_by(cutoff):
            return [f"{cutoff} is not held against its past: {', '.join(reset)} changed"]
        return []

    def before(self, cutoff: dt.date) -> list[pl.LazyFrame]:
        """Scan what the tables were."""
        return [scan_past(self.store, Address(name, cutoff)) for name in self.tables]

    def stored(self, cutoff: dt.date) -> list[pl.LazyFrame]:
        """Scan what the tables are."""
        return [self.store.scan_table(Address(name, cutoff), None) for name in self.tables]

    @abstractmethod
    def compared(self, cutoff: dt.date) -> Restatement | None:
        """Compare what the tables were with what they are."""
