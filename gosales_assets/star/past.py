"""The past of the sales log: what increments were, against what they are."""

import contextlib
import datetime as dt

import polars as pl

from gosales_assets.platform.past import Past
from gosales_assets.star.corrections import read_corrections
from gosales_checks.contracts.star import SALES_LEDGER, SALES_LOG, SALES_LOG_REJECTS
from gosales_checks.verdicts.restatement import (
    Increment,
    Restatement,
    compare_increment,
    corrected,
    moved_lines,
)
from gosales_resources.errors import DamagedError
from gosales_resources.store.address import Address
from gosales_resources.store.past import has_past, scan_past, settings_changed

ROUTES = "source.taxonomy.routes@division"


class LogPast(Past):
    """The past of all increments of the log."""

    tables = (SALES_LOG.name, SALES_LOG_REJECTS.name, SALES_LEDGER.name)
    reading = ("source.sales_log", "calendar.start", "calendar.cadence_months")

    def compared(self, cutoff: dt.date) -> Restatement | None:
        """Compare the lines of an increment; None where nothing is lost, changed or late."""
        if (through := self._through()) is None:
            return None
        routes = self.settings.source.taxonomy.routes
        same_routes = not settings_changed(self.store, Address(SALES_LOG.name, cutoff), [ROUTES])
        routed = [route.sku for route in routes] if same_routes else []
        then, now = _increment(self.before(cutoff)), _increment(self.stored(cutoff))
        return compare_increment(then, now, through, routed, self._corrected_lines())

    def explain(self, cutoff: dt.date) -> list[str]:
        """Say which settings, or how many lines the taxonomy, moved."""
        if said := super().explain(cutoff):
            return said
        moved = moved_lines(_increment(self.before(cutoff)), _increment(self.stored(cutoff)))
        text = f"{cutoff}: {moved:,} line(s) are of another division than before, by the taxonomy"
        return [text] if moved else []

    def _corrected_lines(self) -> int:
        path = self.settings.source.sales_log.corrections
        if path is None:
            return 0
        kept = self.kept()
        ids = list(read_corrections(self.settings.source_dir / path))
        then, now = (
            [_increment(state(cutoff)) for cutoff in kept] for state in (self.before, self.stored)
        )
        return corrected(then, now, ids)

    def _through(self) -> dt.date | None:
        """Return the latest day that the log reached before any of it was made anew."""
        days = []
        for cutoff in self.calendar:
            address = Address(SALES_LEDGER.name, cutoff)
            if has_past(self.store, address):
                days.append(_latest(scan_past(self.store, address)))
            elif self.store.has(address):
                # A damaged one says its day when it is made anew, by the same command.
                with contextlib.suppress(DamagedError):
                    days.append(_latest(self.store.scan_table(address, None)))
        return max((day for day in days if day is not None), default=None)


def _increment(tables: list[pl.LazyFrame]) -> Increment:
    lines, rejects, ledger = tables
    return Increment(lines, rejects, ledger.collect())


def _latest(ledger: pl.LazyFrame) -> dt.date | None:
    day = ledger.select("data_through").collect()["data_through"].max()
    return day if isinstance(day, dt.date) else None
