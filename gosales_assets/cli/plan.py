"""What a request makes: which partitions of which assets, in which runs.

A request names cutoffs (and divisions, and assets). Without assets it is the whole graph, and
what the graph needs from other cutoffs is made too where it is missing or stale: earlier
increments, training cutoffs, the increments that close label windows.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from gosales_assets.definitions import build_definitions
from gosales_assets.platform import Platform
from gosales_assets.registry import CONTRACTS, VIOLATIONS
from gosales_checks.contracts.contract import Contract
from gosales_resources.errors import ScopeError, nearest
from gosales_resources.storage import Address

# Tables whose content at a cutoff changes while later data arrives: a stored label may be
# censored by now-arrived data, so labels that others need are always made anew.
RIPENING = ("cutoff_metadata", "labels")


@dataclass(frozen=True)
class Batch:
    """One Dagster run: assets of one partitioning over a contiguous range."""

    assets: tuple[str, ...]
    cutoffs: tuple[dt.date, ...]
    divisions: tuple[str, ...] | None
    """None for assets partitioned by cutoff alone."""

    @property
    def partition_count(self) -> int:
        """Asset partitions the run makes."""
        return len(self.assets) * len(self.cutoffs) * len(self.divisions or ("",))


@dataclass(frozen=True)
class Request:
    """What was asked for."""

    cutoffs: tuple[dt.date, ...]
    divisions: tuple[str, ...] | None = None
    assets: tuple[str, ...] | None = None
    rebuild: bool = False
    """Everything wanted is made anew, current or not."""


def plan(platform: Platform, request: Request) -> list[Batch]:
    """Turn a request into runs, in dependency order.

    Raises
    ------
    ScopeError
        When an asset or a division is unknown, or a division has no model.
    """
    wanted = _wanted_cutoffs(platform, request)
    batches: list[Batch] = []
    for names in _units(wanted):
        contract = CONTRACTS[names[0]]
        divisions = _divisions(platform, contract, request)
        needed = wanted[contract.name]
        made = {c: _to_make(platform, names, c, divisions, request) for c in needed}
        if contract is VIOLATIONS and request.assets is None:
            # What is made is judged, and may have been judged otherwise before.
            made |= {c: None for batch in batches for c in batch.cutoffs}
        # Cutoffs that need the same divisions go together: a run covers the product of ranges.
        for part in dict.fromkeys(made.values()):
            same = [cutoff for cutoff in needed if made[cutoff] == part]
            for cutoffs in _contiguous(same, platform.space.cutoffs()):
                for group in _division_groups(platform, contract, part):
                    batches.append(Batch(names, tuple(cutoffs), group))
    return _merge(batches)


def missing_upstream(
    platform: Platform, request: Request, batches: Sequence[Batch]
) -> list[Address]:
    """List what the plan reads and neither makes nor finds in the store.

    Only a request for some assets can miss something: a whole-graph plan makes what it needs.
    """
    if request.assets is None:
        return []
    graph = build_definitions(platform.settings).resolve_asset_graph()
    made = {name for batch in batches for name in batch.assets}
    read = {parent.path[-1] for name in made for parent in graph.get(dg.AssetKey(name)).parent_keys}
    whole = Request(request.cutoffs, request.divisions)
    wanted = _wanted_cutoffs(platform, whole)
    addresses = [
        Address(name, cutoff, division)
        for name in sorted(read - made)
        for cutoff in wanted[name]
        for division in _divisions(platform, CONTRACTS[name], whole) or (None,)
    ]
    return [address for address in addresses if not platform.store.has(address)]


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
    if request.assets is not None:
        return dict.fromkeys(_with_siblings(request.assets), asked)
    space = platform.space
    calendar = space.cutoffs()
    training = sorted({t for c in asked for t in space.training_cutoffs(c)})
    tables = sorted({*asked, *training})
    closing = space.steps_after(tables[-1], space.window_steps + 1)
    increments = [c for c in calendar if c <= closing]
    history = [c for c in calendar if c <= tables[-1]]
    wanted = {
        "sales_log": increments,
        "sales_log_rejects": increments,
        "sales_ledger": increments,
        "fact_transactions": increments,
        "purchase_history": history,
    }
    for name in (
        "dim_customer",
        "cutoff_metadata",
        "customer_features",
        "division_features",
        "labels",
        "features",
    ):
        wanted[name] = tables
    for name in (
        "dim_product",
        "model",
        "scores",
        "whitespace_signals",
        "forward_validation",
    ):
        wanted[name] = asked
    wanted["violations"] = increments
    # The ranking needs the signals of every division.
    wanted["whitespace"] = asked if request.divisions is None else []
    return wanted


# Assets that one function makes together: selecting one selects all.
SIBLINGS = (
    ("sales_log", "sales_log_rejects", "sales_ledger"),
    ("customer_features", "division_features"),
)


def _with_siblings(names: Sequence[str]) -> list[str]:
    groups = {name: group for group in SIBLINGS for name in group}
    chosen = {sibling for name in names for sibling in groups.get(name, (name,))}
    return [name for name in CONTRACTS if name in chosen]


def _divisions(platform: Platform, contract: Contract, request: Request) -> tuple[str, ...] | None:
    if contract.partitioned_by == "cutoff":
        return None
    known = platform.settings.divisions
    if contract.partitioned_by == "division_cutoff":
        # History across divisions needs the facts of all, whichever targets were asked for.
        return tuple(known.slugs)
    if request.divisions is None:
        return tuple(known.targets)
    for division in request.divisions:
        if division not in known.targets:
            raise ScopeError(
                f"Division '{division}' is predictor-only: it feeds features and has no model. "
                f"Targets: {', '.join(known.targets)}."
            )
    return tuple(sorted(request.divisions))


def _units(wanted: Collection[str]) -> list[tuple[str, ...]]:
    """Group the wanted assets by what one function makes, in graph order."""
    units = []
    for name in CONTRACTS:
        unit = tuple(_with_siblings([name]))
        if name in wanted and unit not in units:
            units.append(unit)
    return units


def _to_make(
    platform: Platform,
    names: Sequence[str],
    cutoff: dt.date,
    divisions: tuple[str, ...] | None,
    request: Request,
) -> tuple[str, ...] | None:
    """Return the divisions that must be made at a cutoff; of a table without, None or nothing."""
    if request.rebuild or cutoff in request.cutoffs or names[0] in RIPENING:
        return divisions

    def is_current(division: str | None) -> bool:
        addresses = [Address(name, cutoff, division) for name in names]
        return all(
            platform.store.is_current(a, platform.provenance_of(CONTRACTS[a.asset], a))
            for a in addresses
        )

    if divisions is None:
        return () if is_current(None) else None
    return tuple(division for division in divisions if not is_current(division))


def _contiguous(cutoffs: Sequence[dt.date], calendar: Sequence[dt.date]) -> Iterator[list[dt.date]]:
    group: list[dt.date] = []
    for cutoff in calendar:
        if cutoff in cutoffs:
            group.append(cutoff)
        elif group:
            yield group
            group = []
    if group:
        yield group


def _division_groups(
    platform: Platform, contract: Contract, divisions: tuple[str, ...] | None
) -> Iterator[tuple[str, ...] | None]:
    """Split divisions into ranges of the partition keys: a run covers a range."""
    if divisions is None:
        yield None
        return
    known = platform.settings.divisions
    keys = known.slugs if contract.partitioned_by == "division_cutoff" else known.targets
    group: list[str] = []
    for key in keys:
        if key in divisions:
            group.append(key)
        elif group:
            yield tuple(group)
            group = []
    if group:
        yield tuple(group)


def _merge(batches: Sequence[Batch]) -> list[Batch]:
    """Put neighbours of one partitioning and range into one run; order is kept.

    A batch may move up to an earlier one of its range only past batches it does not depend on,
    so only direct neighbours and whole phases in graph order are merged.
    """
    merged: list[Batch] = []
    for batch in batches:
        last = merged[-1] if merged else None
        if last and _one_run(last, batch):
            merged[-1] = Batch((*last.assets, *batch.assets), last.cutoffs, last.divisions)
        else:
            merged.append(batch)
    return merged


def _one_run(first: Batch, second: Batch) -> bool:
    names = {CONTRACTS[name].partitioned_by for name in (*first.assets, *second.assets)}
    return (
        len(names) == 1
        and first.cutoffs == second.cutoffs
        and first.divisions == second.divisions
        and not set(first.assets) & set(second.assets)
    )
