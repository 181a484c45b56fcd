"""What a partition is made from, by content: the data side of what makes it stale.

Every stored partition names the content of the partitions and raw sources it was made from; when
one of them has other content now, it is stale, and nothing else is.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gosales_checks.contracts.contract import Contract, Read
from gosales_resources.hashing import digest_of_json
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.sources.digest import ORDER, SourceDigests
from gosales_resources.store.address import Address
from gosales_resources.store.tables import TableStore

LOG = "sales_log"
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class InputDigests:
    """The contents that partitions are made from, as they are now."""

    space: PartitionSpace
    store: TableStore
    sources: SourceDigests

    def of(
        self, contract: Contract, address: Address, log: Mapping[dt.date, str] | None = None
    ) -> dict[str, str]:
        """Return table or source -> digest of the content that a partition is made from.

        Parameters
        ----------
        contract, address
            The partition.
        log
            Digest of each increment of the raw sales log. Without it, what the stored partition
            says it was made from is taken to be so still: the raw log was not looked at.

        Raises
        ------
        SourceError
            When a raw source cannot be read.
        """
        read_of: dict[str, list[Address]] = {}
        for read in contract.reads:
            # One table may be read at several spans.
            read_of.setdefault(read.table.name, []).extend(self.addresses(read, contract, address))
        found = {name: digest_of(self.store, addresses) for name, addresses in read_of.items()}
        for name in contract.sources:
            if name != LOG:
                found[f"source.{name.removesuffix(ORDER)}"] = self.sources.of(name)
            elif log is not None:
                found["source.sales_log"] = log.get(address.cutoff, UNREADABLE)
            else:
                known = self.store.made_from(address)
                found |= {k: v for k, v in known.items() if k == "source.sales_log"}
        return found

    def addresses(self, read: Read, contract: Contract, address: Address) -> list[Address]:
        """List the partitions of another table that a partition reads, in order."""
        upstream, downstream = read.table.partitioned_by, contract.partitioned_by
        keys = self.space.keys_read(read.span, upstream, downstream, address.key)
        return [Address(read.table.name, *key) for key in keys]


def digest_of(store: TableStore, addresses: Sequence[Address]) -> str:
    """Name the content of stored partitions, in the order given."""
    return digest_of_json([(str(a), store.content(a)) for a in addresses])
