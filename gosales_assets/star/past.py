"""The past of the sales log: kept when an increment is made anew, held against what it has become.

A state is kept before it is replaced and let go when the new one restates nothing, or when somebody
accepts the change (`gosales restatement accept`). Until then each run finds it again.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from gosales_assets.platform.platform import Platform
from gosales_assets.star.corrections import read_corrections
from gosales_checks.contracts.star import SALES_LEDGER, SALES_LOG, SALES_LOG_REJECTS
from gosales_checks.verdicts.restatement import (
    Increment,
    Restatement,
    compare_increment,
    corrected,
    moved_lines,
)
from gosales_resources.errors import StorageError
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
from gosales_resources.store.tables import TableStore

# Kept in this order: the last one says that all are.
TABLES = (SALES_LOG.name, SALES_LOG_REJECTS.name, SALES_LEDGER.name)
# What decides which rows are lines of which increment; who changes it has changed the past himself.
READING = ("source.sales_log", "calendar.start", "calendar.cadence_months")
ROUTES = "source.taxonomy.routes@division"


def accepted_path(settings: Settings) -> Path:
    """Return where accepted changes of the past are recorded."""
    return settings.config_file.parent / settings.contracts.restatements


@dataclass(frozen=True)
class LogPast:
    """The past of all increments of a store."""

    store: TableStore
    settings: Settings
    calendar: Sequence[dt.date]

    @classmethod
    def of(cls, platform: Platform) -> "LogPast":
        """Build it of a platform."""
        return cls(platform.store, platform.settings, platform.space.cutoffs())

    def keep(self, cutoffs: Iterable[dt.date]) -> None:
        """Keep what is stored of increments that are about to be made anew."""
        for cutoff in cutoffs:
            for name in TABLES:
                keep(self.store, Address(name, cutoff))

    def kept(self) -> list[dt.date]:
        """List the increments of which a past is kept."""
        last = TABLES[-1]
        return [c for c in self.calendar if has_past(self.store, Address(last, c))]

    def restatement(self, cutoff: dt.date) -> Restatement | None:
        """Compare an increment with what is kept of it; None where it restates nothing.

        Raises
        ------
        StorageError
            When what is kept cannot be read.
        """
        if cutoff not in self.kept():
            return None
        try:
            return self._compared(cutoff)
        except (pl.exceptions.PolarsError, OSError) as error:
            folder = self.store.place.locate(past_of(Address(TABLES[0], cutoff)).folder)
            raise StorageError(
                f"{cutoff} cannot be held against its past: what is kept in {folder} and beside it is "
                f"damaged ({str(error).splitlines()[0]}). Let it go: gosales restatement accept"
            ) from error

    def _compared(self, cutoff: dt.date) -> Restatement | None:
        through = self._through()
        if through is None or self.reset_by(cutoff):
            return None
        routes = self.settings.source.taxonomy.routes
        same_routes = not settings_changed(self.store, Address(SALES_LOG.name, cutoff), [ROUTES])
        routed = [route.sku for route in routes] if same_routes else []
        return compare_increment(
            self._then(cutoff), self._now(cutoff), through, routed, self._corrected_lines()
        )

    def told(self) -> dict[dt.date, str]:
        """Say of each increment that is not what was stored of it what it was and is."""
        found = {}
        for cutoff in self.kept():
            try:
                if (one := self.restatement(cutoff)) is not None:
                    found[cutoff] = one.told
            except StorageError as error:
                found[cutoff] = str(error)
        return found

    def reset_by(self, cutoff: dt.date) -> list[str]:
        """Name the settings whose change makes an increment another one, whatever the source did."""
        return settings_changed(self.store, Address(SALES_LOG.name, cutoff), READING)

    def settle(self, cutoffs: Sequence[dt.date]) -> list[str]:
        """Let go of what increments were that restate nothing; say what changed them instead.

        Parameters
        ----------
        cutoffs
            Of the increments that have been made anew.
        """
        let_go, said = [], []
        for cutoff in (c for c in self.kept() if c in cutoffs):
            try:
                if self.restatement(cutoff) is None:
                    let_go.append(cutoff)
                    said += self._explain(cutoff)
            except StorageError as error:
                # It was damaged before it was made anew: there is nothing to hold it against.
                let_go.append(cutoff)
                said.append(str(error).partition(" Let it go")[0])
        self.forget(let_go)
        return said

    def forget(self, cutoffs: Iterable[dt.date]) -> None:
        """Let go of what increments were."""
        for cutoff in cutoffs:
            for name in reversed(TABLES):
                forget(self.store, Address(name, cutoff))

    def _explain(self, cutoff: dt.date) -> list[str]:
        if reset := self.reset_by(cutoff):
            return [f"{cutoff} is not held against its past: {', '.join(reset)} changed"]
        moved = moved_lines(self._then(cutoff), self._now(cutoff))
        text = f"{cutoff}: {moved:,} line(s) are of another division than before, by the taxonomy"
        return [text] if moved else []

    def _corrected_lines(self) -> int:
        path = self.settings.source.sales_log.corrections
        if path is None:
            return 0
        kept = self.kept()
        ids = read_corrections(self.settings.source_dir / path)
        return corrected([self._then(c) for c in kept], [self._now(c) for c in kept], list(ids))

    def _through(self) -> dt.date | None:
        """Return the latest day that the log reached before any of it was made anew."""
        days = []
        for cutoff in self.calendar:
            address = Address(SALES_LEDGER.name, cutoff)
            if has_past(self.store, address):
                days.append(_latest(scan_past(self.store, address)))
            elif self.store.has(address):
                days.append(_latest(self.store.scan_table(address, None)))
        return max((day for day in days if day is not None), default=None)

    def _then(self, cutoff: dt.date) -> Increment:
        return _increment(*(scan_past(self.store, Address(name, cutoff)) for name in TABLES))

    def _now(self, cutoff: dt.date) -> Increment:
        addresses = (Address(name, cutoff) for name in TABLES)
        return _increment(*(self.store.scan_table(address, None) for address in addresses))


def _increment(lines: pl.LazyFrame, rejects: pl.LazyFrame, ledger: pl.LazyFrame) -> Increment:
    return Increment(lines, rejects, ledger.collect())


def _latest(ledger: pl.LazyFrame) -> dt.date | None:
    day = ledger.select("data_through").collect()["data_through"].max()
    return day if isinstance(day, dt.date) else None
