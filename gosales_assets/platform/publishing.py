"""Verdicts of checks, and the gate: nothing is published on top of what has not passed.

The event log is the one place where verdicts are kept, and each says which content it is on. A
blocking check gates the run it is in; a later run that selects only what is downstream goes ahead.
So what publishes reads the latest verdicts on all that it is made from itself.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.registry import CONTRACTS, made_together
from gosales_checks.partition_checks import CONTENT
from gosales_resources.errors import ContractError
from gosales_resources.instance.recorded import reading_events, recorded_checksums
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.store.address import Address
from gosales_resources.store.checksums import damage
from gosales_resources.store.tables import TableStore

# A verdict is a finished evaluation; planned ones say nothing yet.
FINISHED = {AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED}
PAGE = 1_000
SHOWN = 6


@dataclass(frozen=True)
class Verdict:
    """The latest finished evaluation of a check on a partition."""

    passed: bool
    is_error: bool
    """It failed, and what comes after must wait; what was quarantined is a warning."""
    content: str | None
    """Digest of what was examined; None of an evaluation that does not say."""


class Verdicts:
    """The latest verdicts in a run history on what is stored, each check read once."""

    def __init__(
        self, instance: dg.DagsterInstance, space: PartitionSpace, store: TableStore
    ) -> None:
        self._instance, self._space, self._store = instance, space, store
        self._log = instance.event_log_storage
        self._known: dict[tuple[str, str], dict[str, Verdict]] = {}
        self._recorded: dict[str, dict[str, str]] = {}

    def latest(self, contract: Contract, check: str) -> dict[str, Verdict]:
        """Return partition -> latest verdict of a check; a partition without any is absent."""
        name = (contract.name, check)
        if name not in self._known:
            keys = self._space.keys(contract.partitioned_by, self._space.cutoffs())
            wanted = {str(k) for k in keys if self._store.has(Address(contract.name, *k))}
            found: dict[str, Verdict] = {}
            with reading_events(self._instance):
                for partition, verdict in self._newest_first(*name) if wanted else ():
                    found.setdefault(partition, verdict)
                    # A history grows; what is older than the latest of each is not looked at.
                    wanted.discard(partition)
                    if not wanted:
                        break
            self._known[name] = found
        return self._known[name]

    def _newest_first(self, asset: str, check: str) -> Iterator[tuple[str, Verdict]]:
        key, cursor = dg.AssetCheckKey(dg.AssetKey(asset), check), None
        while records := self._log.get_asset_check_execution_history(
            key, limit=PAGE, cursor=cursor, status=FINISHED
        ):
            for record in records:
                event = record.event.asset_check_evaluation if record.event else None
                if event is not None and event.partition is not None:
                    content = event.metadata.get(CONTENT)
                    is_error = event.severity is dg.AssetCheckSeverity.ERROR
                    yield (
                        event.partition,
                        Verdict(
                            event.passed,
                            not event.passed and is_error,
                            str(content.value) if content else None,
                        ),
                    )
            cursor = records[-1].id

    def damage(self, contract: Contract, address: Address) -> str | None:
        """Say what is wrong with the files of a partition, by its recorded checksum; see `damage`."""
        if contract.name not in self._recorded:
            keys = self._space.keys(contract.partitioned_by, self._space.cutoffs())
            self._recorded[contract.name] = recorded_checksums(self._instance, contract.name, keys)
        return damage(self._store, address, self._recorded[contract.name].get(str(address.key)))

    def missing(self, contract: Contract, address: Address) -> list[str]:
        """List the blocking checks of a stored partition that have no verdict on its content."""
        content = self._store.content(address)
        return [
            check
            for check in contract.gates
            if (found := self.latest(contract, check).get(str(address.key))) is None
            or found.content != content
        ]

    def failed(self, contract: Contract, address: Address) -> list[str]:
        """List the blocking checks that failed on a partition."""
        key = str(address.key)
        return [
            check
            for check in contract.gates
            if (found := self.latest(contract, check).get(key)) is not None and found.is_error
        ]

    def changes(self, contract: Contract, address: Address) -> list[str]:
        """Say why a stored partition may not be built upon.

        Empty where it is what was made, to the byte, and has passed its checks.
        """
        if found := self.damage(contract, address):
            return [f"damaged: {found}"]
        failed = [f"{check} failed" for check in self.failed(contract, address)]
        return failed or [f"no verdict of {check}" for check in self.missing(contract, address)]


def refuse_unproven(
    space: PartitionSpace,
    verdicts: Verdicts,
    store: TableStore,
    asked: Iterable[Address],
    beside: Iterable[Address] = (),
) -> None:
    """Raise unless all that partitions are made from has passed its blocking checks.

    Parameters
    ----------
    space
        Which partition reads which.
    verdicts
        The run history.
    store
        What is stored: what is not there was not read.
    asked
        The partitions that are to be published.
    beside
        What is told in them of other tables: each is held to its own checks, not to those of what
        it is made from.

    Raises
    ------
    ContractError
        Naming checks and partitions that failed, that have no verdict on what is stored, or whose
        files are damaged, and what to do.
    """
    found = [
        f"{address}: {change}"
        for address in dict.fromkeys([*made_from(space, asked), *beside])
        if store.has(address)
        for change in verdicts.changes(CONTRACTS[address.asset], address)
    ]
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise ContractError(
            f"Not published: of what it is made from {len(found)} blocking check(s) failed, have no "
            f"verdict in this run history, or looked at another file than is stored: "
            f"{'; '.join(found[:SHOWN])}{more}. Look at the check in the UI, mend the input, "
            "rematerialise the asset, then this one."
        )


def made_from(space: PartitionSpace, asked: Iterable[Address]) -> list[Address]:
    """List the partitions that others are made from, down to the raw data, in graph order.

    With a table come those that are made together with it. What a reader judges by itself is not
    among them (`Read.is_gated`).
    """
    found: set[Address] = set()
    waiting = list(asked)
    while waiting:
        reader = waiting.pop()
        for address in _read(space, reader):
            if address not in found:
                found.add(address)
                waiting.append(address)
    order = {name: at for at, name in enumerate(CONTRACTS)}
    return sorted(found, key=lambda a: (order[a.asset], a.cutoff, a.division or ""))


def _read(space: PartitionSpace, reader: Address) -> Iterator[Address]:
    contract = CONTRACTS[reader.asset]
    for read in contract.reads:
        if read.is_gated:
            keys = space.keys_read(
                read.span, read.table.partitioned_by, contract.partitioned_by, reader.key
            )
            for name in made_together([read.table.name]):
                yield from (Address(name, *key) for key in keys)
