"""What every phase's assets are built with: settings, partitions, store, and one table factory.

Keeps what all table assets share in one place: key, group, partitions, backfill policy, column
schema, kinds, owners, provenance, code version.
"""

import datetime as dt
import hashlib
import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import dagster as dg

from gosales_checks.contract_checks import Examine, partition_check
from gosales_checks.contracts.contract import Contract, Read, conform
from gosales_checks.contracts.features import CUSTOMER_FEATURES, DIVISION_FEATURES, FEATURES
from gosales_checks.contracts.star import SALES_LEDGER
from gosales_checks.freshness.inputs import InputDigests
from gosales_checks.freshness.settings_read import Dependence, settings_hash
from gosales_checks.quarantine import split_rows
from gosales_checks.verdicts.leakage import LINEAGE_ENDS, ROWS_END
from gosales_checks.verdicts.ledger import RECONCILES
from gosales_resources.partitions.space import PartitionSpace, partition_key
from gosales_resources.settings.tree import Settings
from gosales_resources.store.io_managers import MAY_BE_MISSING, TableSpec
from gosales_resources.store.shared_columns import SharedColumns
from gosales_resources.store.tables import Address, Provenance, TableStore

TABLES = "tables"
BUNDLES = "bundles"
OWNERS = ["team:gosales"]
# What else must be true of a table before anything is published from it.
BLOCKING_BESIDE = {
    SALES_LEDGER: (RECONCILES,),
    CUSTOMER_FEATURES: (ROWS_END, LINEAGE_ENDS),
    DIVISION_FEATURES: (ROWS_END, LINEAGE_ENDS),
    FEATURES: (LINEAGE_ENDS,),
}
# Partitions carry any content; the IO manager, not a Dagster type, holds it to its contract.
UNTYPED: Any = dg.Any


@cache
def code_version() -> str:
    """Return the package's version and a hash of the code that makes tables."""
    try:
        number = version("gosales")
    except PackageNotFoundError:
        # Run from a bare source tree.
        number = "0"
    digest = hashlib.sha256()
    for package in ("gosales_resources", "gosales_checks", "gosales_assets"):
        root = Path(str(importlib.import_module(package).__file__)).parent
        for path in sorted(root.rglob("*.py")):
            if path.relative_to(root).parts[0] not in ("cli", "sample"):
                digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return f"{number}+{digest.hexdigest()[:12]}"


@dataclass(frozen=True)
class Platform:
    """The settings in force and what follows from them."""

    settings: Settings
    space: PartitionSpace
    store: TableStore
    dependence: Dependence
    inputs: InputDigests

    @classmethod
    def of(cls, settings: Settings) -> "Platform":
        """Build the platform of a settings tree."""
        space = PartitionSpace(settings)
        store = TableStore(settings.store_root / "store")
        inputs = InputDigests(settings, space, store)
        return cls(settings, space, store, Dependence(settings, space), inputs)

    @property
    def staging(self) -> Path:
        """Folder of the raw rows typed by content; it can be removed at any time."""
        return self.settings.staging_root

    def partitions_of(self, contract: Contract) -> dg.PartitionsDefinition:
        """Return the partitions definition a contract names."""
        return getattr(self.space, contract.partitioned_by)

    def provenance_of(self, contract: Contract, address: Address) -> Provenance:
        """Return what a partition of a table must have been written under to be read."""
        columns = [(name, str(c.dtype)) for name, c in contract.schema.columns().items()]
        digest = hashlib.sha256(repr(columns).encode()).hexdigest()[:16]
        terms = self.dependence.of(contract, address.cutoff, address.division)
        return Provenance(settings_hash(terms), digest, code_version(), terms)

    def ins_of(self, contract: Contract) -> dict[str, dg.AssetIn]:
        """Return a table's inputs with their partition mappings, as its contract declares them."""
        return {
            read.table.name: dg.AssetIn(
                partition_mapping=self.mapping(contract, read),
                metadata={MAY_BE_MISSING: True} if read.may_be_missing else None,
            )
            for read in contract.reads
            if read.is_loaded
        }

    def mapping(self, contract: Contract, read: Read) -> dg.PartitionMapping:
        """Return Dagster's mapping of one table that a table reads."""
        upstream, downstream = read.table.partitioned_by, contract.partitioned_by
        return self.space.mapping(read.span, upstream, downstream)

    def spec_of(self, contract: Contract) -> TableSpec:
        """Return what the IO manager needs to write and read a table."""
        soft, shared = self.settings.mode == "fail_soft", contract.shares_columns_of
        return TableSpec(
            partial(self.provenance_of, contract),
            partial(self.inputs.of, contract),
            partial(conform, contract),
            partial(split_rows, contract) if soft else None,
            SharedColumns(shared.name, shared.key[0], list(contract.schema.columns()))
            if shared
            else None,
        )

    def changes(
        self, contract: Contract, address: Address, log: Mapping[dt.date, str] | None = None
    ) -> list[str]:
        """Name what makes a stored partition stale; see `TableStore.changes` and `InputDigests.of`."""
        provenance = self.provenance_of(contract, address)
        return self.store.changes(address, provenance, self.inputs.of(contract, address, log))

    def table(
        self, contract: Contract, **options: Any
    ) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
        """Decorate the function that makes a table's partitions (it returns `Partitions`)."""
        return dg.asset(
            name=contract.name,
            ins=self.ins_of(contract),
            deps=[
                dg.AssetDep(read.table.name, partition_mapping=self.mapping(contract, read))
                for read in contract.reads
                if not read.is_loaded
            ],
            partitions_def=self.partitions_of(contract),
            backfill_policy=dg.BackfillPolicy.single_run(),
            group_name=contract.phase,
            io_manager_key=TABLES,
            description=describe(contract),
            metadata=self.definition_metadata(contract),
            kinds={"polars", "parquet"},
            owners=OWNERS,
            code_version=code_version(),
            dagster_type=UNTYPED,
            **options,
        )

    def tables(
        self,
        contracts: Sequence[Contract],
        name: str,
    ) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
        """Decorate the function that makes several tables of one partitioning in one pass.

        It returns a tuple of `Partitions` in the order of `contracts`.
        """
        return dg.multi_asset(
            name=name,
            # Tables that one function makes read the same.
            ins=self.ins_of(contracts[0]),
            outs={
                contract.name: dg.AssetOut(
                    io_manager_key=TABLES,
                    description=describe(contract),
                    metadata=self.definition_metadata(contract),
                    kinds={"polars", "parquet"},
                    owners=OWNERS,
                    code_version=code_version(),
                    dagster_type=UNTYPED,
                )
                for contract in contracts
            },
            partitions_def=self.partitions_of(contracts[0]),
            backfill_policy=dg.BackfillPolicy.single_run(),
            group_name=contracts[0].phase,
        )

    def bundle(
        self, contract: Contract, kinds: set[str]
    ) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
        """Decorate the function that makes a model's bundles (it returns `Partitions`)."""
        return dg.asset(
            name=contract.name,
            ins=self.ins_of(contract),
            partitions_def=self.partitions_of(contract),
            backfill_policy=dg.BackfillPolicy.single_run(),
            group_name=contract.phase,
            io_manager_key=BUNDLES,
            description=describe(contract),
            kinds=kinds,
            owners=OWNERS,
            code_version=code_version(),
            dagster_type=UNTYPED,
        )

    def warning(
        self, contract: Contract, name: str, description: str, examine: Examine
    ) -> dg.AssetChecksDefinition:
        """Declare a check of each partition of a table that nothing waits for."""
        return partition_check(
            asset=contract.name,
            name=name,
            description=description,
            partitions_def=self.partitions_of(contract),
            examine=examine,
            blocking=False,
            severity=dg.AssetCheckSeverity.WARN,
        )

    def upstream_checks(
        self,
        contracts: Iterable[Contract],
        cutoffs: Iterable[dt.date],
        divisions: Iterable[str] | None = None,
    ) -> dict[dg.AssetCheckKey, list[str]]:
        """List the blocking checks of tables and the partition keys at some cutoffs.

        Of all divisions that a table has, or of `divisions`.
        """
        known = self.settings.divisions
        of = {
            "cutoff": [None],
            "division_cutoff": divisions or known.slugs,
            "target_cutoff": divisions or known.targets,
        }
        found = {}
        for contract in contracts:
            keys = [str(partition_key(c, d)) for c in cutoffs for d in of[contract.partitioned_by]]
            names = [contract.check_name, *BLOCKING_BESIDE.get(contract, ())]
            found |= {dg.AssetCheckKey(dg.AssetKey(contract.name), n): keys for n in names}
        return found

    def definition_metadata(self, contract: Contract) -> dict[str, Any]:
        """Return what the UI shows of a table before it is made."""
        return {
            "dagster/column_schema": column_schema(contract),
            "grain": contract.grain,
            "primary_key": ", ".join(contract.key) or "none",
        }


def describe(contract: Contract) -> str:
    """Return the asset's description."""
    return f"{contract.description}\n\nGrain: {contract.grain}."


def column_schema(contract: Contract) -> dg.TableSchema:
    """Translate a contract's columns for the UI."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=name,
                type=str(column.dtype),
                description=_text(column.description, (column.metadata or {}).get("unit")),
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable, unique=contract.key == [name]
                ),
            )
            for name, column in contract.schema.columns().items()
        ]
    )


def _text(description: str | None, unit: str | None) -> str:
    return (description or "") + (f" Unit: {unit}." if unit else "")
