"""Where the challenger meets the store and the run history: signals and labels of earlier cutoffs.

They are looked at where they are; none is made for it. Beside `assets.py` this file alone of the
phase knows Dagster.
"""

import datetime as dt
from collections.abc import Iterable

import dagster as dg
import polars as pl

from gosales_assets.platform.platform import Platform
from gosales_assets.platform.publishing import Verdicts
from gosales_assets.whitespace.challenger import READ, EarlierList
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.whitespace import WHITESPACE_SIGNALS
from gosales_resources.errors import DamagedError
from gosales_resources.partitions.maturity import mature_labels
from gosales_resources.store.address import Address, damaged_message


class EarlierLists:
    """Finds what may be learnt from at a cutoff."""

    def __init__(self, platform: Platform, instance: dg.DagsterInstance) -> None:
        self._platform = platform
        self._verdicts = Verdicts(instance, platform.space, platform.store)

    def before(self, cutoff: dt.date) -> tuple[list[EarlierList], dict[dt.date, str]]:
        """Return the earlier lists that are stored and whose outcomes are known, and why not others.

        Parameters
        ----------
        cutoff
            As-of date C.

        Returns
        -------
        tuple of list of EarlierList and dict
            Oldest first; cutoff -> why it is left out. A list counts only with the signals of all
            divisions that the list ranks now: percentiles are over all of them.

        Raises
        ------
        DamagedError
            When signals or labels are not what was made.
        StalePartitionError
            When labels were made under other settings.
        """
        found, left_out = [], {}
        for past in self._platform.space.training_cutoffs(cutoff):
            signals = [Address(WHITESPACE_SIGNALS.name, past, d) for d in self._listed]
            if why := self._unusable(signals):
                left_out[past] = why
                continue
            # As they were made then, under whatever settings.
            tables = [self._platform.store.scan_table(a, None) for a in signals]
            if any(not set(READ) <= set(table.collect_schema()) for table in tables):
                left_out[past] = "its signals are of an earlier version, without all columns"
                continue
            found.append(EarlierList(past, tables, self._labels(past, cutoff)))
        return found, left_out

    @property
    def _listed(self) -> list[str]:
        return self._platform.settings.listed_targets

    def _unusable(self, signals: Iterable[Address]) -> str | None:
        for address in signals:
            if not self._platform.store.has(address):
                return f"{address} is not stored"
            self._refuse_damaged(WHITESPACE_SIGNALS, address)
            if unproven := self._verdicts.changes(WHITESPACE_SIGNALS, address):
                return f"{address}: {'; '.join(unproven)}"
        return None

    def _labels(self, past: dt.date, cutoff: dt.date) -> list[pl.LazyFrame]:
        """Return the labels of an earlier cutoff whose windows had ended by a later one."""
        found = []
        for division in self._listed:
            address = Address(LABELS.name, past, division)
            if self._platform.store.has(address):
                self._refuse_damaged(LABELS, address)
                labels = self._platform.read(LABELS, past, division)
                if mature_labels({past: labels}, cutoff).used:
                    found.append(labels)
        return found

    def _refuse_damaged(self, contract: Contract, address: Address) -> None:
        if found := self._verdicts.damage(contract, address):
            raise DamagedError(damaged_message(address, found))
