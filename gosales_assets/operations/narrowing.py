"""Leaves out of a plan what is current: just what is stale, or reads what is made, is made."""

import contextlib
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

from gosales_assets.accounts.intake import mend_register
from gosales_assets.operations.batches import Batch, cover, merge
from gosales_assets.operations.plan import Request, plan, units
from gosales_assets.platform.platform import Platform
from gosales_assets.platform.publishing import Verdicts
from gosales_assets.star.dimensions import build_dim_product
from gosales_assets.star.ingest import ingest, recall_digests
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.errors import GosalesError
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.sources.table import read_table
from gosales_resources.store.address import Address

# Damaged partitions named one by one, of those that one function makes.
SHOWN = 20


@dataclass
class Narrowing:
    """What is left of a plan, batch by batch, as the plan goes on."""

    platform: Platform
    instance: dg.DagsterInstance
    """Whose history says what has passed its checks."""
    log: Mapping[dt.date, str] | None
    """Digest of each increment of the raw log; None where it was not looked at."""
    report: Callable[[str], object] = print
    """Told what is damaged."""
    is_dry: bool = False
    """Nothing is made: what would be made counts as changed for what reads it."""
    made: set[Address] = field(default_factory=set)
    uncertain: set[Address] = field(default_factory=set)
    """Of a dry run: what is made only if what it reads comes out otherwise than it is."""

    def left(self, batch: Batch) -> list[Batch]:
        """Return the runs that are left of a batch: just the partitions that are stale.

        An asset that is current at a cutoff is left alone there, whatever it shares the run with.
        """
        platform = self.platform
        verdicts = Verdicts(self.instance, platform.space, platform.store)
        runs: list[Batch] = []
        for unit in units(batch.assets):
            stale: list[PartitionKey] = []
            for key in batch.keys:
                # All are judged: what is stale makes what reads it in the same run stale.
                judged = [self._is_stale(verdicts, Address(name, *key)) for name in unit]
                if any(judged):
                    stale.append(key)
            if stale:
                runs += cover(platform.space, unit, stale)
                self._tell_damage(verdicts, [Address(n, *key) for n in unit for key in stale])
        if not self.is_dry:
            # They are made before the next batch is judged, from what is in the store then.
            self.made.clear()
        return merge(platform.space, runs)

    def _is_stale(self, verdicts: Verdicts, address: Address) -> bool:
        contract = CONTRACTS[address.asset]
        is_stored = self.platform.store.has(address)
        reads_made = is_stored and self._reads_made(contract, address)
        # What is made may come out equal; a run sees that, a dry one cannot.
        is_asked = is_stored and (self.is_dry or not reads_made)
        has_changed = is_asked and bool(
            why_stale(self.platform, verdicts, contract, address, self.log)
        )
        if is_stored and not reads_made and not has_changed:
            return False
        self.made.add(address)
        if self.is_dry and is_stored and not has_changed:
            self.uncertain.add(address)
        return True

    def _tell_damage(self, verdicts: Verdicts, stale: Sequence[Address]) -> None:
        found = [(a, verdicts.damage(CONTRACTS[a.asset], a)) for a in stale]
        store = self.platform.store
        told = [(a, wrong) for a, wrong in found if wrong and store.has(a)]
        for address, wrong in told[:SHOWN]:
            self.report(f"{address} is damaged and made anew: {wrong}")
        if len(told) > SHOWN:
            self.report(f"and {len(told) - SHOWN} more of {stale[0].asset}")
        # Where a whole store is gone a line for each would hide the others.
        if gone := [(a, wrong) for a, wrong in found if wrong and not store.has(a)]:
            address, wrong = gone[0]
            more = f" (and {len(gone) - 1} more)" if len(gone) > 1 else ""
            self.report(f"{address} is damaged and made anew: {wrong}{more}")

    def _reads_made(self, contract: Contract, address: Address) -> bool:
        inputs = self.platform.freshness.inputs
        return any(
            upstream in self.made
            for read in contract.reads
            for upstream in inputs.addresses(read, contract, address)
        )


def repairs(
    platform: Platform, instance: dg.DagsterInstance, batches: Sequence[Batch]
) -> list[Batch]:
    """Plan what makes anew the damaged partitions that a plan only looks at, with what they need.

    Parameters
    ----------
    platform, instance
        Where partitions lie, and whose history says what was made.
    batches
        The plan. What it makes itself is not among them.
    """
    verdicts = Verdicts(instance, platform.space, platform.store)
    made = {address for batch in batches for address in batch.addresses}
    looked_at = {
        upstream
        for address in made
        for read in CONTRACTS[address.asset].reads
        if not read.is_loaded
        for upstream in platform.freshness.inputs.addresses(read, CONTRACTS[address.asset], address)
    }
    found = [
        address
        for address in looked_at - made
        if platform.store.has(address) and verdicts.damage(CONTRACTS[address.asset], address)
    ]
    if not found:
        return []
    cutoffs = tuple(sorted({address.cutoff for address in found}))
    assets = tuple(sorted({address.asset for address in found}))
    return plan(platform, Request(cutoffs, assets=assets, upstream=True))


def why_stale(
    platform: Platform,
    verdicts: Verdicts,
    contract: Contract,
    address: Address,
    log: Mapping[dt.date, str] | None = None,
) -> list[str]:
    """Say why a stored partition must be made anew; empty when it is current, or not there.

    `damaged: ...` where a file is not the one that was made; settings by path, `schema`, `code`,
    `data of X`; or what its blocking checks say: that one failed, or that none has looked at what is
    stored.
    """
    if not platform.store.has(address):
        return []
    if found := verdicts.damage(contract, address):
        return [f"damaged: {found}"]
    changed = platform.freshness.changes(contract, address, log)
    return changed or verdicts.changes(contract, address)


def mend_staged(platform: Platform) -> None:
    """Make anew what is damaged of what is staged and a plan may not read, and tell it.

    Where its source cannot be read nothing is mended: the run that needs it says why.
    """
    with contextlib.suppress(GosalesError):
        mend_register(platform.settings)


def read_log(platform: Platform, report: Callable[[str], None]) -> dict[dt.date, str]:
    """Read what is new of the raw log and return the digest of each increment.

    Nothing where it cannot be read: every increment is then asked for, and its run says why.
    """
    settings, cutoffs = platform.settings, platform.space.cutoffs()
    if known := recall_digests(settings, cutoffs, platform.staging):
        return known
    try:
        taxonomy = read_table(settings.source.taxonomy, settings.source_dir)
        products = build_dim_product(taxonomy, settings)
        staged = ingest(settings, products, cutoffs, platform.staging, report)
    except GosalesError:
        return {}
    return {cutoff: staged.digest(cutoff) for cutoff in cutoffs}
