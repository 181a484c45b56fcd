"""What the pages read: stored tables as `gosales show` reads them, kept as long as their files are the same.

No Streamlit here, and no path: the platform says where a table lies, and the run history whether it is
the one that was made. A server lives for months, so everything kept has the stamp of what it is of.
"""

import datetime as dt
import threading
import time
from collections.abc import Sequence
from functools import lru_cache

import polars as pl

from gosales.cli.show import refuse_what_was_not_made
from gosales_assets.operations.history import INDEX
from gosales_assets.operations.instance import history_of, home_of
from gosales_assets.operations.stamps import stamps_of
from gosales_assets.operations.status import look_at_log, status_of
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.movement import LIST_MOVEMENT
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.by_stamp import ByStamp
from gosales_resources.errors import GosalesError, PartitionMissingError, SourceError
from gosales_resources.store.address import Address, missing_message
from gosales_resources.store.file_digests import stamp_of

MOVED = ["moved", "ranks_up", "selection"]
# A list of a million rows takes about half a gigabyte: the newest and one more.
LISTS_KEPT = 2
Stamp = tuple[str | None, ...]


class Reading:
    """Reads stored tables for all sessions of one server."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._verified: ByStamp[tuple[object, ...], pl.LazyFrame] = ByStamp()
        self._states: ByStamp[dt.date, tuple[str, ...]] = ByStamp()
        self._rows = lru_cache(maxsize=LISTS_KEPT)(self._collect)
        # Twenty sessions that come at once would load it twenty times.
        self._loading = threading.Lock()

    def cutoffs(self, contract: Contract) -> list[dt.date]:
        """List the cutoffs of which something of a table is stored, newest first."""
        space = self.platform.space
        days = reversed(space.cutoffs())
        return [day for day in days if self._stored(contract, [day], None)]

    def read(
        self, contract: Contract, cutoffs: Sequence[dt.date], divisions: Sequence[str] | None = None
    ) -> pl.LazyFrame:
        """Scan what is stored of a table at some cutoffs.

        Parameters
        ----------
        contract
            The table; no bundle.
        cutoffs
            Which of the calendar.
        divisions
            Keys of some of the table's; None for all that are stored.

        Returns
        -------
        polars.LazyFrame
            Rows of the partitions one after another, by cutoff and division.

        Raises
        ------
        PartitionMissingError
            When nothing of that is stored; says what makes it.
        StalePartitionError, DamagedError
            See `gosales.cli.show.read_stored`.
        """
        found = self._stored(contract, cutoffs, divisions)
        if not found:
            day = cutoffs[-1] if cutoffs else self.platform.space.cutoffs()[-1]
            keys = self.platform.space.keys(contract.partitioned_by, [day])
            raise PartitionMissingError(missing_message([Address(contract.name, *keys[0])]))
        key = (contract.name, *found)
        return self._verified.get(key, self._stamp(found), lambda: self._scan(contract, found))

    def try_read(
        self, contract: Contract, cutoffs: Sequence[dt.date], divisions: Sequence[str] | None = None
    ) -> tuple[pl.LazyFrame | None, str]:
        """Scan a table that a page can do without: the rows, or None and why there are none."""
        try:
            return self.read(contract, cutoffs, divisions), ""
        except GosalesError as error:
            return None, str(error)

    def listed(self, cutoff: dt.date) -> pl.DataFrame:
        """Read a list whole, in its order, with why each row moved; kept in memory.

        Parameters
        ----------
        cutoff
            Of the list.

        Returns
        -------
        polars.DataFrame
            `whitespace`, with `moved`, `ranks_up` and `selection` of `list_movement` (null where that
            is not stored).

        Raises
        ------
        PartitionMissingError, StalePartitionError, DamagedError
            As `read`.
        """
        self.read(WHITESPACE, [cutoff])
        addresses = [Address(WHITESPACE.name, cutoff), Address(LIST_MOVEMENT.name, cutoff)]
        with self._loading:
            return self._rows(cutoff, self._stamp(addresses))

    def _collect(self, cutoff: dt.date, _: Stamp) -> pl.DataFrame:
        rows = self.read(WHITESPACE, [cutoff]).sort("place")
        key = ["customer_id", "division"]
        moved, _why = self.try_read(LIST_MOVEMENT, [cutoff])
        if moved is None:
            kinds = {"moved": pl.String, "ranks_up": pl.Int64, "selection": pl.String}
            nothing = [pl.lit(None, kinds[name]).alias(name) for name in MOVED]
            return rows.with_columns(nothing).collect()
        return rows.join(
            moved.select(*key, *MOVED), on=key, how="left", maintain_order="left"
        ).collect()

    def why_stale(self, cutoff: dt.date) -> tuple[str, ...]:
        """Say what has changed since a list was made, as `gosales status` does; nothing if current.

        Raises
        ------
        GosalesError
            When the history is damaged.
        """
        try:
            raw = stamps_of(self.platform)
        except SourceError as error:
            raw = str(error)
        if raw is None or (history := self.history_stamp()) is None:
            # What tells nothing without being asked, a database, is not asked at every click.
            raw, history = f"minute {time.time() // 60:.0f}", None
        stamp = (raw, history, *self._stamp([Address(WHITESPACE.name, cutoff)]))
        return self._states.get(cutoff, stamp, lambda: self._state(cutoff))

    def _state(self, cutoff: dt.date) -> tuple[str, ...]:
        log, said = look_at_log(self.platform)
        with history_of(self.platform) as instance:
            (one,) = status_of(self.platform, instance, [cutoff], [WHITESPACE.name], log)
        # What of a changed log touches the list is known when it is read.
        return (*one.reasons, *(f"the sales log ({line})" for line in said if log is not None))

    def history_stamp(self) -> str | None:
        """Return what changes when something is written into the run history; None if unknown."""
        index = home_of(self.platform) / INDEX
        if (own := stamp_of(index)) is None:
            return None
        return f"{own} {stamp_of(index.with_name(f'{index.name}-wal'))}"

    def _stored(
        self, contract: Contract, cutoffs: Sequence[dt.date], divisions: Sequence[str] | None
    ) -> list[Address]:
        keys = self.platform.space.keys(contract.partitioned_by, list(cutoffs))
        wanted = (key for key in keys if divisions is None or key.division in divisions)
        addresses = (Address(contract.name, *key) for key in wanted)
        return [address for address in addresses if self.platform.store.has(address)]

    def _scan(self, contract: Contract, addresses: Sequence[Address]) -> pl.LazyFrame:
        refuse_what_was_not_made(self.platform, addresses)
        return pl.concat([self.platform.read(contract, *address.key) for address in addresses])

    def _stamp(self, addresses: Sequence[Address]) -> Stamp:
        return tuple(self.platform.store.stamp(address) for address in addresses)
