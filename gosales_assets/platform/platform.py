"""What every phase's assets are built with: settings, partitions, store, and how each is declared.

Keeps what all assets share in one place: key, group, partitions, backfill policy, column schema,
kinds, owners, code version. What a stored partition was made under and from: `freshness`.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from gosales_assets.platform.descriptions import Described, code_references
from gosales_assets.platform.publishing import Verdicts, refuse_unproven
from gosales_checks.contracts.contract import Contract, Read, conform, judge_table
from gosales_checks.contracts.registry import CONTRACTS, made_together
from gosales_checks.findings import Examined
from gosales_checks.freshness.freshness import Freshness
from gosales_checks.partition_checks import Examine, partition_check
from gosales_checks.quarantine import split_rows
from gosales_resources.errors import ContractError
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.settings.tree import Settings
from gosales_resources.store.address import Address
from gosales_resources.store.io_managers import MAY_BE_MISSING, TableSpec
from gosales_resources.store.quarantine import quarantined
from gosales_resources.store.shared_columns import SharedColumns
from gosales_resources.store.tables import TableStore

TABLES = "tables"
BUNDLES = "bundles"
# Partitions carry any content; the IO manager, not a Dagster type, holds it to its contract.
UNTYPED: Any = dg.Any
Make = Callable[..., Any]
"""The function of an asset: from what it reads to its `Partitions`."""


@dataclass(frozen=True)
class Platform:
    """The settings in force and what follows from them."""

    settings: Settings
    space: PartitionSpace
    store: TableStore
    freshness: Freshness

    @classmethod
    def of(cls, settings: Settings) -> "Platform":
        """Build the platform of a settings tree."""
        space = PartitionSpace(settings)
        store = TableStore(settings.store_root / "store", settings.storage.url)
        return cls(settings, space, store, Freshness.of(settings, space, store))

    @property
    def staging(self) -> Path:
        """Folder of the raw rows typed by content; it can be removed at any time."""
        return self.settings.staging_root

    def read(self, contract: Contract, *key: Any) -> pl.LazyFrame:
        """Scan a stored partition of a table, made under the settings in force.

        Parameters
        ----------
        contract
            The table.
        key
            Cutoff, and division where the table has them.

        Raises
        ------
        PartitionMissingError, StalePartitionError
            When it is not there, or was made under other settings.
        """
        address = Address(contract.name, *key)
        return self.store.scan_table(address, self.freshness.provenance_of(contract, address))

    def read_bundle(self, contract: Contract, *key: Any) -> dict[str, bytes]:
        """Read a stored model; as `read`."""
        address = Address(contract.name, *key)
        return self.store.read_bundle(address, self.freshness.provenance_of(contract, address))

    def partitions_of(self, contract: Contract) -> dg.PartitionsDefinition:
        """Return the partitions definition a contract names."""
        return self.space.definition(contract.partitioned_by)

    def mapping(self, contract: Contract, read: Read) -> dg.PartitionMapping:
        """Return Dagster's mapping of one table that a table reads."""
        upstream, downstream = read.table.partitioned_by, contract.partitioned_by
        return self.space.mapping(read.span, upstream, downstream)

    def spec_of(self, contract: Contract) -> TableSpec:
        """Return what the IO manager needs to write and read a table."""
        soft, shared = self.settings.mode == "fail_soft", contract.shares_columns_of
        columns = list(contract.schema.columns())
        return TableSpec(
            partial(self.freshness.provenance_of, contract),
            partial(self.freshness.inputs.of, contract),
            partial(conform, contract),
            partial(split_rows, contract) if soft else None,
            SharedColumns(shared.name, shared.key[0], columns) if shared else None,
        )

    def table(self, contract: Contract) -> Callable[[Make], dg.AssetsDefinition]:
        """Decorate the function that makes a table's partitions (it returns `Partitions`)."""
        return self._asset(contract, TABLES, {"polars", "parquet"})

    def bundle(self, contract: Contract, kinds: set[str]) -> Callable[[Make], dg.AssetsDefinition]:
        """Decorate the function that makes a model's bundles (it returns `Partitions`)."""
        return self._asset(contract, BUNDLES, kinds)

    def _asset(
        self, contract: Contract, io_manager: str, kinds: set[str]
    ) -> Callable[[Make], dg.AssetsDefinition]:
        def declared(make: Make) -> dg.AssetsDefinition:
            return dg.asset(
                name=contract.name,
                ins=self._ins(contract),
                deps=self._deps(contract),
                partitions_def=self.partitions_of(contract),
                backfill_policy=dg.BackfillPolicy.single_run(),
                group_name=contract.group,
                io_manager_key=io_manager,
                dagster_type=UNTYPED,
                kinds=kinds,
                **self._described(contract, make),
            )(make)

        return declared

    def tables(self, *contracts: Contract) -> Callable[[Make], dg.AssetsDefinition]:
        """Decorate the function that makes several tables of one partitioning in one pass.

        It yields one `dg.Output` of `Partitions` a table, or returns a tuple of them, in the order
        of `contracts`.

        Raises
        ------
        ContractError
            When the contracts do not read the same, lie in other groups or partitions, or leave out
            a table that is said to be made with them.
        """
        first = contracts[0]
        _refuse_unlike(contracts)

        def declared(make: Make) -> dg.AssetsDefinition:
            return dg.multi_asset(
                name=first.made_by.partition(".")[2],
                ins=self._ins(first),
                deps=self._deps(first),
                outs={
                    contract.name: dg.AssetOut(
                        io_manager_key=TABLES,
                        dagster_type=UNTYPED,
                        kinds={"polars", "parquet"},
                        **self._described(contract, make),
                    )
                    for contract in contracts
                },
                partitions_def=self.partitions_of(first),
                backfill_policy=dg.BackfillPolicy.single_run(),
                group_name=first.group,
            )(make)

        return declared

    def _ins(self, contract: Contract) -> dict[str, dg.AssetIn]:
        """Return a table's inputs with their partition mappings, as its contract declares them."""
        return {
            read.table.name: dg.AssetIn(
                partition_mapping=self.mapping(contract, read),
                metadata={MAY_BE_MISSING: True} if read.may_be_missing else None,
            )
            for read in contract.reads
            if read.is_loaded
        }

    def _deps(self, contract: Contract) -> list[dg.AssetDep]:
        reads = [read for read in contract.reads if read.is_drawn and not read.is_loaded]
        if contract.after_own:
            reads.append(Read(contract, contract.after_own))
        return [
            dg.AssetDep(read.table.name, partition_mapping=self.mapping(contract, read))
            for read in reads
        ]

    def publish(
        self,
        instance: dg.DagsterInstance,
        asked: Iterable[Address],
        beside: Iterable[Address] = (),
    ) -> None:
        """Refuse to publish partitions unless all they are made from, and tell, has passed its checks.

        Raises
        ------
        ContractError
            See `publishing.refuse_unproven`.
        """
        verdicts = Verdicts(instance, self.space, self.store)
        refuse_unproven(self.space, verdicts, self.store, asked, beside)

    def _described(self, contract: Contract, make: Make) -> dict[str, Any]:
        described = Described(contract, self.settings)
        return {
            "description": described.text,
            "metadata": {**described.metadata, **code_references(make)},
            "owners": self.settings.operation.owners,
            "code_version": self.freshness.code_of(contract),
        }

    def blocking(
        self, contract: Contract, name: str, description: str, examine: Examine
    ) -> dg.AssetChecksDefinition:
        """Declare a check of each partition of a table that what comes after waits for."""
        return self.check(contract, name, description, examine)

    def warning(
        self, contract: Contract, name: str, description: str, examine: Examine
    ) -> dg.AssetChecksDefinition:
        """Declare a check of each partition of a table that nothing waits for."""
        severity = dg.AssetCheckSeverity.WARN
        return self.check(contract, name, description, examine, blocking=False, severity=severity)

    def check(
        self,
        contract: Contract,
        name: str,
        description: str,
        examine: Examine,
        *,
        blocking: bool = True,
        severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
    ) -> dg.AssetChecksDefinition:
        """Declare a check of each partition of a table; see `partition_check`."""
        return partition_check(
            contract.name,
            name,
            description,
            self.partitions_of(contract),
            examine,
            self.store.content,
            blocking=blocking,
            severity=severity,
        )

    def contract_checks(
        self, assets: Iterable[dg.AssetsDefinition]
    ) -> list[dg.AssetChecksDefinition]:
        """Declare the blocking check of each table that it keeps its contract.

        Rows that were quarantined when it was written are a warning with their counts; what is
        stored must keep the contract in either mode. A bundle's check is the models' business.
        """
        made = [CONTRACTS[key.path[-1]] for one in assets for key in sorted(one.keys)]
        return [self._contract_check(contract) for contract in made if not contract.is_bundle]

    def _contract_check(self, contract: Contract) -> dg.AssetChecksDefinition:
        def examine(address: Address) -> Examined:
            verdict = judge_table(contract, self.read(contract, *address.key))
            if not verdict.passed:
                return Examined(verdict.violations)
            counts = quarantined(self.store, address)
            findings = {f"quarantined: {rule}": rows for rule, rows in counts.items()}
            return Examined(findings, is_tolerated=True)

        description = f"Columns, types, key and rules of {contract.name}: {contract.grain}."
        return self.blocking(contract, contract.check_name, description, examine)


def keys_of(context: dg.AssetExecutionContext) -> list[PartitionKey]:
    """List the partitions that a run makes, in the order of their keys."""
    return [PartitionKey.of(key) for key in context.partition_keys]


def by_cutoff(keys: Iterable[PartitionKey]) -> dict[dt.date, list[str]]:
    """Return cutoff -> divisions asked for, oldest cutoff first, divisions in order."""
    found: dict[dt.date, list[str]] = {}
    for cutoff, division in sorted(keys, key=lambda key: (key.cutoff, str(key.division))):
        found.setdefault(cutoff, []).append(str(division))
    return found


def _refuse_unlike(contracts: Sequence[Contract]) -> None:
    first = contracts[0]
    for other in contracts[1:]:
        unlike = [
            name
            for name in ("reads", "partitioned_by", "group", "made_by")
            if getattr(other, name) != getattr(first, name)
        ]
        if unlike:
            raise ContractError(
                f"{other.name} and {first.name} are made together and differ in {', '.join(unlike)}: "
                "make them apart, or declare them alike."
            )
    together = made_together([first.name])
    if sorted(together) != sorted(c.name for c in contracts):
        raise ContractError(
            f"{first.made_by} makes {', '.join(together)} by their contracts, not "
            f"{', '.join(c.name for c in contracts)}."
        )
