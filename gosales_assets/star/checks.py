"""Warnings on the sales ledger: increments with unusual row counts, a log that ends too early."""

import contextlib
import datetime as dt

import dagster as dg

from gosales_assets.platform.platform import Platform
from gosales_checks.contract_checks import Examine
from gosales_checks.contracts.star import SALES_LEDGER
from gosales_checks.findings import Examined
from gosales_checks.verdicts.arrivals import (
    FRESH,
    ROW_COUNT,
    Arrival,
    judge_freshness,
    judge_row_count,
)
from gosales_resources.errors import PartitionMissingError, StalePartitionError
from gosales_resources.store.tables import Address


def arrival_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare `row_count_usual` and `log_is_fresh`."""
    settings, bounds = platform.settings, platform.settings.contracts
    complete = settings.source.sales_log.complete_through
    ledgers = LedgerReader(platform)

    def usual(address: Address) -> Examined:
        first = settings.calendar.start
        return judge_row_count(address.cutoff, ledgers.read_all(), first, complete, bounds)

    def fresh(address: Address) -> Examined:
        through = ledgers.read(address.cutoff).through
        return judge_freshness(address.cutoff, through, complete, bounds)

    declared: dict[str, tuple[str, Examine]] = {
        ROW_COUNT: (
            f"Rows of the increment above {bounds.row_count_min_ratio} and up to "
            f"{bounds.row_count_max_ratio} times the median of the earlier ones, of the same season "
            "where two years are known.",
            usual,
        ),
        FRESH: (
            f"The log reaches the cutoff within {bounds.freshness_days} days, by its own dates.",
            fresh,
        ),
    }
    return [
        platform.warning(SALES_LEDGER, name, description, examine)
        for name, (description, examine) in declared.items()
    ]


class LedgerReader:
    """Ledgers of all increments; a range of partitions asks for the same ones over and over."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._known: dict[tuple[dt.date, str | None], Arrival] = {}

    def read(self, cutoff: dt.date) -> Arrival:
        """Read one increment's ledger.

        Raises
        ------
        PartitionMissingError, StalePartitionError
            When it is not there, or was made under other settings.
        """
        address, store = Address(SALES_LEDGER.name, cutoff), self._platform.store
        # A file that is replaced is another key: nothing is remembered of what is no longer there.
        key = (cutoff, store.stamp(address))
        if key not in self._known:
            provenance = self._platform.provenance_of(SALES_LEDGER, address)
            table = store.scan_table(address, provenance).collect()
            through = table["data_through"].max()
            day = through if isinstance(through, dt.date) else None
            self._known[key] = Arrival(int(table["rows_in"].sum()), day)
        return self._known[key]

    def read_all(self) -> dict[dt.date, Arrival]:
        """Read the increments that are there and current."""
        found = {}
        for cutoff in self._platform.space.cutoffs():
            # What is missing or stale says nothing of what is usual.
            with contextlib.suppress(PartitionMissingError, StalePartitionError):
                found[cutoff] = self.read(cutoff)
        return found
