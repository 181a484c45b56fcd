"""Checks of the star phase: the ledger reconciles, increments are of usual size, the log is fresh."""

import contextlib
import datetime as dt

import dagster as dg
import polars as pl

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.star import SALES_LEDGER, SALES_LOG, SALES_LOG_REJECTS
from gosales_checks.findings import Examined, Findings
from gosales_checks.partition_checks import Examine
from gosales_checks.verdicts.arrivals import (
    FRESH,
    ROW_COUNT,
    Arrival,
    judge_freshness,
    judge_row_count,
)
from gosales_checks.verdicts.ledger import RECONCILES, ledger_breaches
from gosales_resources.by_stamp import ByStamp
from gosales_resources.errors import PartitionMissingError, StalePartitionError
from gosales_resources.store.address import Address
from gosales_resources.store.quarantine import BROKEN_RULES, scan_quarantine


def define_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare what is checked of the sales log's tables, beside their contracts."""
    return [ledger_check(platform), *arrival_checks(platform)]


def ledger_check(platform: Platform) -> dg.AssetChecksDefinition:
    """Declare the blocking check that no row and no cent of the sales log is lost."""

    def examine(address: Address) -> Findings:
        tables = (SALES_LEDGER, SALES_LOG, SALES_LOG_REJECTS)
        return ledger_breaches(*(read_offered(platform, table, address.cutoff) for table in tables))

    description = "Rows, lines, quantity and money in = loaded + rejected + duplicate, per file."
    return platform.blocking(SALES_LEDGER, RECONCILES, description, examine)


def read_offered(platform: Platform, contract: Contract, cutoff: dt.date) -> pl.LazyFrame:
    """Scan all rows that a table was offered at a cutoff: those that are stored and in quarantine.

    Parameters
    ----------
    platform
        Where tables lie.
    contract, cutoff
        The table, partitioned by cutoff.

    Returns
    -------
    polars.LazyFrame
        The columns of the table; stored rows first.
    """
    stored = platform.read(contract, cutoff)
    broken = scan_quarantine(platform.store, Address(contract.name, cutoff))
    return stored if broken is None else pl.concat([stored, broken.drop(BROKEN_RULES)])


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
        self._known: ByStamp[dt.date, Arrival] = ByStamp()

    def read(self, cutoff: dt.date) -> Arrival:
        """Read one increment's ledger.

        Raises
        ------
        PartitionMissingError, StalePartitionError
            When it is not there, or was made under other settings.
        """
        stamp = self._platform.store.stamp(Address(SALES_LEDGER.name, cutoff))
        return self._known.get(cutoff, stamp, lambda: self._read(cutoff))

    def _read(self, cutoff: dt.date) -> Arrival:
        table = self._platform.read(SALES_LEDGER, cutoff).collect()
        through = table["log_through"].max()
        day = through if isinstance(through, dt.date) else None
        return Arrival(int(table["rows_in"].sum()), day)

    def read_all(self) -> dict[dt.date, Arrival]:
        """Read the increments that are there and current."""
        found = {}
        for cutoff in self._platform.space.cutoffs():
            # What is missing or stale says nothing of what is usual.
            with contextlib.suppress(PartitionMissingError, StalePartitionError):
                found[cutoff] = self.read(cutoff)
        return found
