"""The blocking checks that no feature was made from what came after its cutoff.

One judges the rows: the latest day behind each family, as recorded when the partition was made.
The other judges the lineage: which partitions a feature table and all its ancestors read by
Dagster's mappings, and whether what the stored partition says it was made from is just that.
(Dagster's event of a run over many partitions names one version of an input for all of them, so
it cannot tell partitions apart; the store can.)
"""

from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg

from gosales_assets.features.families.als import ALS
from gosales_assets.features.families.basket import BASKET
from gosales_assets.features.families.registry import FAMILIES
from gosales_assets.platform.examined_code import (
    FAMILY_RULES,
    examine_functions,
    examine_room,
)
from gosales_assets.platform.platform import Platform
from gosales_assets.platform.rows_end import rows_check
from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.features import CUSTOMER_FEATURES, DIVISION_FEATURES, FEATURES
from gosales_checks.contracts.registry import CONTRACTS
from gosales_checks.contracts.signals import AFFINITY_RULES, EMBEDDINGS
from gosales_checks.findings import Findings
from gosales_checks.freshness.inputs import digest_of
from gosales_checks.verdicts.allowed_code import ALLOWED_CODE
from gosales_checks.verdicts.leakage import (
    LINEAGE_ENDS,
    later_partitions,
)
from gosales_resources.by_stamp import ByStamp
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.partitions.space import dagster_key, expecting_beta_warnings
from gosales_resources.store.address import Address

SCOPED = {CUSTOMER_FEATURES: "all", DIVISION_FEATURES: "div"}
SIDE = {AFFINITY_RULES: BASKET.name, EMBEDDINGS: ALS.name}


def define_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare both checks on the tables of features."""
    # One for all: they have most of their ancestors in common.
    lineage = Lineage(platform)
    return [
        *(
            rows_check(platform, contract, families_of(platform, contract))
            for contract in (*SCOPED, *SIDE)
        ),
        *(lineage_check(lineage, contract) for contract in (*SCOPED, FEATURES)),
        *(code_check(platform, contract) for contract in SCOPED),
    ]


def code_check(platform: Platform, contract: Contract) -> dg.AssetChecksDefinition:
    """Declare the check that the code of features reads only what it is given."""

    def examine(address: Address) -> Findings:
        del address  # The code is the same for all.
        return examine_code()

    description = (
        "No code of features asks a clock, draws without a seed, opens a file or store, imports what "
        "is not on the list, or touches a private attribute of the world it is given."
    )
    return platform.blocking(contract, ALLOWED_CODE, description, examine)


def examine_code() -> Findings:
    """Examine the phase's own code, and the families of the registry wherever they come from."""
    pools = (pool for family in FAMILIES for pool in family.pooled)
    functions = [
        *(family.blocks for family in FAMILIES),
        *(function for pool in pools for function in (pool.of_range, pool.merged)),
    ]
    room = examine_room(Path(__file__).parent, FAMILY_RULES)
    return {**room, **examine_functions(functions, FAMILY_RULES)}


def families_of(platform: Platform, contract: Contract) -> list[str]:
    """Name the families whose latest rows are recorded with a table."""
    if contract in SIDE:
        return [SIDE[contract]]
    off, scope = platform.settings.features.off, SCOPED[contract]
    return [f.name for f in FAMILIES if scope in f.scopes and f.name not in off]


def lineage_check(lineage: "Lineage", contract: Contract) -> dg.AssetChecksDefinition:
    """Declare the check on the partitions that a table of features comes from."""

    def examine(address: Address) -> Findings:
        found = later_partitions(lineage.ancestry(address), address.cutoff)
        return {**found, **lineage.other_inputs(address)}

    return lineage.platform.blocking(
        contract,
        LINEAGE_ENDS,
        "All partitions it comes from, back to the raw data, are of cutoffs up to its own, and it was "
        "made from those.",
        examine,
    )


@dataclass(frozen=True)
class Lineage:
    """What partitions read, by Dagster's own mappings; remembered while the calendar is the same."""

    platform: Platform
    _read: ByStamp[Address, dict[str, list[Address]]] = field(default_factory=ByStamp, repr=False)

    def read(self, address: Address) -> dict[str, list[Address]]:
        """Return table -> its partitions that a partition reads, in order."""
        newest = self.platform.space.cutoffs()[-1]
        return self._read.get(address, newest, lambda: self._by_dagster(address))

    def _by_dagster(self, address: Address) -> dict[str, list[Address]]:
        contract = CONTRACTS[address.asset]
        with expecting_beta_warnings():
            return {
                read.table.name: self._mapped(contract, read, address) for read in contract.reads
            }

    def _mapped(self, reader: Contract, read: Read, address: Address) -> list[Address]:
        platform, mapping = self.platform, self.platform.mapping(reader, read)
        own, upstream = platform.partitions_of(reader), platform.partitions_of(read.table)
        one = own.subset_with_partition_keys([dagster_key(own, address.key)])
        result = mapping.get_upstream_mapped_partitions_result_for_partitions(one, own, upstream)
        keys = map(PartitionKey.of, result.partitions_subset.get_partition_keys())
        found = [Address(read.table.name, *key) for key in keys]
        return sorted(found, key=lambda a: (a.cutoff, a.division or ""))

    def ancestry(self, address: Address) -> dict[Address, list[Address]]:
        """Return what a partition and each of its ancestors reads, back to the raw data."""
        found: dict[Address, list[Address]] = {}
        waiting = [address]
        while waiting:
            reader = waiting.pop()
            if reader not in found:
                found[reader] = [a for read in self.read(reader).values() for a in read]
                waiting += found[reader]
        return found

    def other_inputs(self, address: Address) -> Findings:
        """Name the tables that a partition was made from other rows of than those it reads."""
        store = self.platform.store
        recorded = store.facts(address).get("inputs") or {}
        return {
            f"made from other rows of {name} than those Dagster maps it to": 1
            for name, read in self.read(address).items()
            if recorded.get(name) != digest_of(store, read)
        }
