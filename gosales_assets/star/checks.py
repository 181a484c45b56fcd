"""Checks of the star phase: the ledger reconciles, little is rejected, the log arrives as usual."""

import contextlib
import datetime as dt
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

import dagster as dg
import polars as pl

from gosales_assets.platform.platform import Platform
from gosales_assets.star.past import LogPast
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.registry import STAGING
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
from gosales_checks.verdicts.reject_shares import (
    WITHIN_BOUNDS,
    RejectShare,
    count_rejects,
    judge_rejects,
)
from gosales_checks.verdicts.restatement import AS_STORED
from gosales_resources.by_stamp import ByStamp
from gosales_resources.errors import DamagedError, PartitionMissingError, StalePartitionError
from gosales_resources.store.address import Address
from gosales_resources.store.quarantine import BROKEN_RULES, scan_quarantine

Read = TypeVar("Read")


def define_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare what is checked of the sales log's tables, beside their contracts."""
    return [
        ledger_check(platform),
        rejects_check(platform),
        past_check(platform),
        *arrival_checks(platform),
    ]


def ledger_check(platform: Platform) -> dg.AssetChecksDefinition:
    """Declare the blocking check that no row and no cent of the sales log is lost."""

    def examine(address: Address) -> Findings:
        tables = (SALES_LEDGER, SALES_LOG, SALES_LOG_REJECTS)
        return ledger_breaches(*(read_offered(platform, table, address.cutoff) for table in tables))

    description = "Rows, lines, quantity and money in = loaded + rejected + duplicate, per file."
    return platform.blocking(SALES_LEDGER, RECONCILES, description, examine)


def rejects_check(platform: Platform) -> dg.AssetChecksDefinition:
    """Declare the blocking check that most of what came in was kept."""
    value, bounds = platform.settings.value, platform.settings.contracts
    shares = RejectReader(platform)

    def examine(address: Address) -> Examined:
        every = shares.read_all()
        return judge_rejects(every[address.cutoff], every.values(), value, bounds)

    description = (
        f"At most {bounds.rejects_warn_frac:.0%} of rows and of money rejected, else it warns; above "
        f"{bounds.rejects_block_frac:.0%}, or where nothing is kept, it fails."
    )
    return platform.blocking(SALES_LEDGER, WITHIN_BOUNDS, description, examine)


def past_check(platform: Platform) -> dg.AssetChecksDefinition:
    """Declare the check that the past is what was stored: it blocks, and in fail_soft it warns."""
    description = (
        "No line of the increment is lost, changed or new against what was stored of it, unless it "
        "has arrived since, or the source or a correction declares it."
    )
    return platform.blocking(
        SALES_LEDGER,
        AS_STORED,
        description,
        lambda address: LogPast(platform).examine(address.cutoff),
    )


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


class IncrementReader(ABC, Generic[Read]):
    """What is read of each increment; a range of partitions asks for the same ones over and over."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._known: ByStamp[dt.date, Read] = ByStamp()

    @abstractmethod
    def _read(self, cutoff: dt.date) -> Read: ...

    def read(self, cutoff: dt.date) -> Read:
        """Read one increment.

        Raises
        ------
        PartitionMissingError, StalePartitionError
            When it is not there, or was made under other settings.
        """
        store = self._platform.store
        stamps = [store.stamp(Address(name, cutoff)) for name in STAGING]
        stamp = None if None in stamps else tuple(stamps)
        return self._known.get(cutoff, stamp, lambda: self._read(cutoff))

    def read_all(self) -> dict[dt.date, Read]:
        """Read the increments that are there and current."""
        found = {}
        for cutoff in self._platform.space.cutoffs():
            # What is missing, stale or damaged says nothing of what is usual.
            with contextlib.suppress(PartitionMissingError, StalePartitionError, DamagedError):
                found[cutoff] = self.read(cutoff)
        return found


class LedgerReader(IncrementReader[Arrival]):
    """How many rows each increment has, and how far they reach."""

    def _read(self, cutoff: dt.date) -> Arrival:
        table = self._platform.read(SALES_LEDGER, cutoff).collect()
        through = table["log_through"].max()
        day = through if isinstance(through, dt.date) else None
        return Arrival(int(table["rows_in"].sum()), day)


class RejectReader(IncrementReader[RejectShare]):
    """What of each increment was kept and rejected."""

    def _read(self, cutoff: dt.date) -> RejectShare:
        ledger, lines, rejects = (
            self._platform.read(table, cutoff)
            for table in (SALES_LEDGER, SALES_LOG, SALES_LOG_REJECTS)
        )
        return count_rejects(ledger, lines, rejects, self._platform.settings.value)
