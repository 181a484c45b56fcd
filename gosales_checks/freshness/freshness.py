"""Whether a stored partition is what would be made now: settings, schema, code, inputs.

A partition is stale by what it was made under and from, and by nothing else (docs/adr/0018). Whether
it has passed its checks is told by the event log, not here.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.registry import CONTRACTS
from gosales_checks.freshness.code import REMEMBERED, Code
from gosales_checks.freshness.inputs import InputDigests
from gosales_checks.freshness.settings_read import SettingsRead, settings_hash
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.digest import SourceDigests
from gosales_resources.store.address import Address, Provenance
from gosales_resources.store.tables import TableStore


@dataclass(frozen=True)
class Freshness:
    """What partitions are made under and from, as it is now."""

    settings_read: SettingsRead
    inputs: InputDigests
    code: Code
    store: TableStore

    @classmethod
    def of(cls, settings: Settings, space: PartitionSpace, store: TableStore) -> "Freshness":
        """Look at settings, sources, store and code."""
        inputs = InputDigests(space, store, SourceDigests(settings))
        code = Code.installed(settings.staging_root / REMEMBERED)
        return cls(SettingsRead(settings, space), inputs, code, store)

    def code_of(self, contract: Contract) -> str:
        """Return the digest of the code that makes a table."""
        return self._codes[contract.name]

    @cached_property
    def _codes(self) -> dict[str, str]:
        """Table -> digest; of all tables when the first is asked for, as the code lies there then."""
        found = {}
        for contract in CONTRACTS.values():
            room, _, function = contract.made_by.partition(".")
            schema = (contract.schema.__module__, contract.schema.__name__)
            module = f"gosales_assets.{room}.assets"
            found[contract.name] = self.code.of_function(module, function, schema)
        self.code.remember()
        return found

    @cached_property
    def _schemas(self) -> dict[str, str]:
        """Table -> digest of its contract's columns and types."""
        return {name: _schema_hash(contract) for name, contract in CONTRACTS.items()}

    def provenance_of(self, contract: Contract, address: Address) -> Provenance:
        """Return what a partition of a table must have been written under to be read."""
        terms = self.settings_read.of(contract, address.cutoff, address.division)
        schema, code = self._schemas[contract.name], self.code_of(contract)
        return Provenance(settings_hash(terms), schema, code, terms)

    def changes(
        self, contract: Contract, address: Address, log: Mapping[dt.date, str] | None = None
    ) -> list[str]:
        """Name what makes a stored partition stale.

        Parameters
        ----------
        contract, address
            The partition.
        log
            Digest of each increment of the raw sales log; None where it was not looked at.

        Returns
        -------
        list of str
            Settings by path, `schema`, `code`, `data of X`; empty when nothing has changed, or the
            partition is not there.
        """
        provenance = self.provenance_of(contract, address)
        return self.store.changes(address, provenance, self.inputs.of(contract, address, log))


def _schema_hash(contract: Contract) -> str:
    columns = [(name, str(c.dtype)) for name, c in contract.schema.columns().items()]
    return hashlib.sha256(repr(columns).encode()).hexdigest()[:16]
