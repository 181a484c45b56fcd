"""What a request makes: which partitions of which assets, in which runs.

A request names cutoffs (and divisions, and assets). Without assets it is the whole graph and what
the graph reads at other cutoffs (earlier increments, training cutoffs, the increments that close
label windows), less what is current. With assets it is those, current or not; or those and what
they need, less what is current.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gosales_assets.operations.batches import Batch, cover, merge
from gosales_assets.operations.tags import span_of
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.registry import CONTRACTS, VIOLATIONS, made_together
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.errors import ScopeError, nearest
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.address import Address

# What a request's divisions choose from; divisions of facts are made all together.
OF_TARGETS = ("target_cutoff", "listed_cutoff")
LISTED = "listed_cutoff"


@dataclass(frozen=True)
class Request:
    """What was asked for."""

    cutoffs: tuple[dt.date, ...]
    divisions: tuple[str, ...] | None = None
    assets: tuple[str, ...] | None = None
    upstream: bool = False
    """What the assets need is made too, where it is missing or stale."""
    rebuild: bool = False
    """Everything wanted is made anew, current or not."""

    @property
    def is_forced(self) -> bool:
        """What is named is made, current or not."""
        return self.rebuild or (self.assets is not None and not self.upstream)


def plan(platform: Platform, request: Request) -> list[Batch]:
    """Turn a request into runs, in dependency order, current partitions included.

    Raises
    ------
    ScopeError
        When an asset or a division is unknown, or a division has no model.
    """
    wanted = _wanted_cutoffs(platform, request)
    batches: list[Batch] = []
    needed = _wanted_divisions(platform, request, wanted)
    for names in units(wanted):
        every = platform.space.divisions(CONTRACTS[names[0]].partitioned_by)
        divisions = [d for d in every if any(d in needed[name] for name in names)]
        keys = [PartitionKey(c, d) for c in wanted[names[0]] for d in divisions]
        batches += cover(platform.space, names, keys)
    return merge(platform.space, batches)


def units(wanted: Collection[str]) -> list[tuple[str, ...]]:
    """Group assets by what one function makes, in graph order."""
    found = (tuple(made_together([name])) for name in CONTRACTS if name in wanted)
    return list(dict.fromkeys(found))


def missing_upstream(
    platform: Platform, request: Request, batches: Sequence[Batch]
) -> list[Address]:
    """List what the plan reads and neither makes nor finds in the store.

    Only a request for some assets can miss something: a whole-graph plan makes what it needs.
    """
    if request.assets is None or request.upstream:
        return []
    made = {address for batch in batches for address in batch.addresses}
    read = {
        upstream
        for address in made
        for one in CONTRACTS[address.asset].reads
        if not one.may_be_missing
        for upstream in platform.freshness.inputs.addresses(one, CONTRACTS[address.asset], address)
    }
    missing = [address for address in read - made if not platform.store.has(address)]
    return sorted(missing, key=str)


def left_out(platform: Platform, request: Request) -> tuple[str, ...]:
    """Name the assets that a request asks for and that some divisions alone do not suffice for.

    The list ranks its divisions against each other: of some of them it would be another list under
    the same key.
    """
    if request.divisions is None or set(platform.settings.listed_targets) <= set(request.divisions):
        return ()
    of_list = _made_of_list()
    if request.assets is None:
        return of_list
    return tuple(name for name in of_list if request.upstream and name in request.assets)


def _made_of_list() -> tuple[str, ...]:
    """Name the list and all that is made with it or from it, in graph order."""
    found = set(made_together([WHITESPACE.name]))
    for name, contract in CONTRACTS.items():
        if name != VIOLATIONS.name and any(read.table.name in found for read in contract.reads):
            found.add(name)
    return tuple(name for name in CONTRACTS if name in found)


def describe_left_out(platform: Platform, request: Request) -> str | None:
    """Say what a request leaves out, why, and which command makes it; None where nothing is."""
    names = left_out(platform, request)
    if not names:
        return None
    span = span_of(request.cutoffs)
    listed = platform.settings.listed_targets
    ranked = "all divisions" if not platform.settings.whitespace.divisions else ", ".join(listed)
    return (
        f"not made: {', '.join(names)}: the list ranks {ranked} against each other, and only "
        f"{', '.join(request.divisions or ())} is asked for. Make it: gosales materialize --cutoffs "
        f"{span} (without --divisions; what is current stays)"
    )


def check_assets(names: Sequence[str]) -> tuple[str, ...]:
    """Check asset names against the graph.

    Raises
    ------
    ScopeError
        When one is unknown; the nearest names are offered.
    """
    for name in names:
        if name not in CONTRACTS:
            raise ScopeError(f"Unknown asset '{name}'. {nearest(name, CONTRACTS)}")
    return tuple(names)


def _wanted_cutoffs(platform: Platform, request: Request) -> dict[str, list[dt.date]]:
    asked = sorted(request.cutoffs)
    if request.assets is not None and not request.upstream:
        return dict.fromkeys(made_together(request.assets), asked)
    goals = request.assets or CONTRACTS
    without = left_out(platform, request)
    wanted = {n: set(asked if n in goals and n not in without else ()) for n in CONTRACTS}
    for name in reversed(CONTRACTS):
        for read in CONTRACTS[name].reads:
            at = {t for c in wanted[name] for t in _made_for_it(platform, read, c)}
            wanted[read.table.name] |= at
    for unit in units(CONTRACTS):
        together = set().union(*(wanted[name] for name in unit))
        wanted |= dict.fromkeys(unit, together)
    if VIOLATIONS.name in goals:
        wanted[VIOLATIONS.name] = set().union(*wanted.values())
    return {name: sorted(cutoffs) for name, cutoffs in wanted.items() if cutoffs}


def _made_for_it(platform: Platform, read: Read, cutoff: dt.date) -> Sequence[dt.date]:
    """List the cutoffs that a table is made at for a reader: not what is only looked at."""
    if read.is_loaded:
        return platform.space.cutoffs_read(read.span, cutoff)
    return [cutoff] if read.is_own_made else []


def _wanted_divisions(
    platform: Platform, request: Request, wanted: Collection[str]
) -> dict[str, set[str | None]]:
    """Return table -> divisions: those asked for, and what the tables that are made from it need.

    What is pooled, summed or ranked over targets needs all of them, whichever were asked for.
    """
    divisions = platform.space.divisions
    goals = set(made_together(request.assets)) if request.assets is not None else set(CONTRACTS)
    goals -= set(left_out(platform, request))
    needed: dict[str, set[str | None]] = {name: set() for name in CONTRACTS}
    for name in reversed(CONTRACTS):
        contract = CONTRACTS[name]
        if name not in wanted:
            continue
        if contract.partitioned_by not in OF_TARGETS:
            needed[name] = set(divisions(contract.partitioned_by))
        elif name in goals:
            needed[name] |= set(_asked(platform, contract, request))
        for read in (r for r in contract.reads if r.is_loaded or r.is_own_made):
            of = read.table.partitioned_by
            needed[read.table.name] |= set(
                needed[name] & set(divisions(of))
                if of in OF_TARGETS and contract.partitioned_by in OF_TARGETS
                else divisions(of)
            )
    return needed


def _asked(platform: Platform, contract: Contract, request: Request) -> Sequence[str | None]:
    """List the divisions of a table that a request asks for.

    Raises
    ------
    ScopeError
        When one has no model, or the table is named and the list leaves the division out.
    """
    every = platform.space.divisions(contract.partitioned_by)
    if request.divisions is None:
        return every
    targets = platform.space.divisions("target_cutoff")
    for division in request.divisions:
        if division not in targets:
            raise ScopeError(
                f"Division '{division}' is predictor-only: it feeds features and has no model. "
                f"Targets: {', '.join(map(str, targets))}."
            )
        if division not in every and request.assets is not None:
            raise ScopeError(
                f"{contract.name}: the list leaves '{division}' out (whitespace.divisions). It "
                f"ranks: {', '.join(map(str, every))}."
            )
    return sorted(set(request.divisions) & set(every))
