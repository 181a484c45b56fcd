"""What a request makes: which partitions of which assets, in which runs.

A request names cutoffs (and divisions, and assets). Without assets it is the whole graph and what
the graph reads at other cutoffs (earlier increments, training cutoffs, the increments that close
label windows), less what is current. With assets it is those, current or not; or those and what
they need, less what is current.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gosales_assets.platform.platform import Platform
from gosales_assets.star.dimensions import build_dim_product
from gosales_assets.star.ingest import ingest, recall_digests
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.registry import CONTRACTS, VIOLATIONS
from gosales_resources.errors import GosalesError, ScopeError, nearest
from gosales_resources.partitions.space import partition_key
from gosales_resources.sources.table import read_table
from gosales_resources.store.tables import Address

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


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

    @property
    def tags(self) -> dict[str, str]:
        """Tags of a Dagster run over the range."""
        ends = (self.divisions[0], self.divisions[-1]) if self.divisions else (None, None)
        return {
            RANGE_START: str(partition_key(self.cutoffs[0], ends[0])),
            RANGE_END: str(partition_key(self.cutoffs[-1], ends[1])),
        }

    @property
    def addresses(self) -> list[Address]:
        """Every partition the run makes."""
        return [
            Address(name, cutoff, division)
            for name in self.assets
            for cutoff in self.cutoffs
            for division in self.divisions or (None,)
        ]


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


@dataclass
class Narrowing:
    """Leaves out of a plan what is current, batch by batch, as the plan goes on."""

    platform: Platform
    log: Mapping[dt.date, str] | None
    """Digest of each increment of the raw log; None where it was not looked at."""
    is_dry: bool = False
    """Nothing is made: what would be made counts as changed for what reads it."""
    made: set[Address] = field(default_factory=set)

    def left(self, batch: Batch) -> list[Batch]:
        """Return the runs that are left of a batch: what is stale of it, where anything is."""
        stale: dict[dt.date, list[str | None]] = {}
        names: set[str] = set()
        for cutoff in batch.cutoffs:
            for division in batch.divisions or (None,):
                places = [Address(name, cutoff, division) for name in batch.assets]
                # All are judged: what is stale makes what reads it in the same run stale.
                judged = [place.asset for place in places if self._is_stale(place)]
                names.update(judged)
                if judged:
                    stale.setdefault(cutoff, []).append(division)
        # An asset that is current at every partition is left alone, whatever it shares the run with.
        assets = tuple(name for name in batch.assets if name in _with_siblings(names))
        runs = []
        for divisions in dict.fromkeys(tuple(found) for found in stale.values()):
            same = [cutoff for cutoff, found in stale.items() if tuple(found) == divisions]
            part = None if batch.divisions is None else tuple(d for d in divisions if d)
            runs += _runs(self.platform, assets, same, part)
        if not self.is_dry:
            # They are made before the next batch is judged, from what is in the store then.
            self.made.clear()
        return runs

    def _is_stale(self, address: Address) -> bool:
        contract = CONTRACTS[address.asset]
        platform = self.platform
        reads = (
            upstream
            for read in contract.reads
            for upstream in platform.inputs.addresses(read, contract, address)
        )
        is_stale = (
            not platform.store.has(address)
            or any(upstream in self.made for upstream in reads)
            or bool(platform.changes(contract, address, self.log))
        )
        if is_stale:
            self.made.add(address)
        return is_stale


def plan(platform: Platform, request: Request) -> list[Batch]:
    """Turn a request into runs, in dependency order, current partitions included.

    Raises
    ------
    ScopeError
        When an asset or a division is unknown, or a division has no model.
    """
    wanted = _wanted_cutoffs(platform, request)
    batches: list[Batch] = []
    for names in _units(wanted):
        divisions = _divisions(platform, CONTRACTS[names[0]], request)
        batches += _runs(platform, names, wanted[names[0]], divisions)
    return _merge(platform, batches)


def describe(batch: Batch) -> str:
    """Say in one line what a batch makes."""
    span = f"{batch.cutoffs[0]}"
    if len(batch.cutoffs) > 1:
        span += f"..{batch.cutoffs[-1]} ({len(batch.cutoffs)} cutoffs)"
    divisions = f" x {len(batch.divisions)} divisions" if batch.divisions else ""
    return f"{', '.join(batch.assets)}: {span}{divisions}"


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
        for upstream in platform.inputs.addresses(one, CONTRACTS[address.asset], address)
    }
    missing = [address for address in read - made if not platform.store.has(address)]
    return sorted(missing, key=str)


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
        return dict.fromkeys(_with_siblings(request.assets), asked)
    goals = request.assets or CONTRACTS
    # The ranking needs the signals of every division.
    left_out = {"whitespace"} if request.divisions else set()
    wanted = {n: set(asked if n in goals and n not in left_out else ()) for n in CONTRACTS}
    for name in reversed(CONTRACTS):
        # What is only looked at is not made for it.
        for read in (r for r in CONTRACTS[name].reads if r.is_loaded):
            at = {t for c in wanted[name] for t in platform.space.cutoffs_read(read.span, c)}
            wanted[read.table.name] |= at
    for group in SIBLINGS:
        together = set().union(*(wanted[name] for name in group))
        wanted |= dict.fromkeys(group, together)
    if VIOLATIONS.name in goals:
        wanted[VIOLATIONS.name] = set().union(*wanted.values())
    return {name: sorted(cutoffs) for name, cutoffs in wanted.items() if cutoffs}


# Assets that one function makes together: selecting one selects all.
SIBLINGS = (
    ("sales_log", "sales_log_rejects", "sales_ledger"),
    ("customer_enrichment", "enrichment_unmatched"),
    ("source_rejects", "source_ledger"),
    ("customer_features", "division_features"),
    ("feature_catalog", "feature_stats"),
    ("model_drivers", "model_shap_sample"),
)


def _with_siblings(names: Collection[str]) -> list[str]:
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


def _runs(
    platform: Platform,
    names: Sequence[str],
    cutoffs: Collection[dt.date],
    divisions: tuple[str, ...] | None,
) -> list[Batch]:
    """Cover partitions by runs: a run is a range of cutoffs times a range of divisions."""
    return [
        Batch(tuple(names), tuple(span), group)
        for span in _contiguous(cutoffs, platform.space.cutoffs())
        for group in _division_groups(platform, CONTRACTS[names[0]], divisions)
    ]


def _contiguous(
    cutoffs: Collection[dt.date], calendar: Sequence[dt.date]
) -> Iterator[list[dt.date]]:
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


def _merge(platform: Platform, batches: Sequence[Batch]) -> list[Batch]:
    """Put batches of one partitioning and range into one run, where all they read is made by then.

    A run costs 0.2 s however little it makes, and training cutoffs make two ranges of most assets:
    one cutoff of the sample company is made in 16 runs, 30 where only neighbours are merged.
    """
    merged: list[Batch] = []
    for batch in batches:
        if (at := _joined(platform, merged, batch)) is None:
            merged.append(batch)
        else:
            earlier = merged[at]
            assets = (*earlier.assets, *batch.assets)
            merged[at] = Batch(assets, earlier.cutoffs, earlier.divisions)
    return merged


def _joined(platform: Platform, merged: Sequence[Batch], batch: Batch) -> int | None:
    """Find the latest run that a batch can be part of; None where it comes after all of them."""
    read = _read_by(platform, batch)
    for at in reversed(range(len(merged))):
        earlier = merged[at]
        if _one_run(earlier, batch):
            return at
        made = {(name, cutoff) for name in earlier.assets for cutoff in earlier.cutoffs}
        # The cutoffs of an asset stay in their order: a check may look back.
        if made & read or set(earlier.assets) & set(batch.assets):
            return None
    return None


def _read_by(platform: Platform, batch: Batch) -> set[tuple[str, dt.date]]:
    """List what a batch reads, by table and cutoff."""
    return {
        (read.table.name, past)
        for name in batch.assets
        for read in CONTRACTS[name].reads
        for cutoff in batch.cutoffs
        for past in platform.space.cutoffs_read(read.span, cutoff)
    }


def _one_run(first: Batch, second: Batch) -> bool:
    names = {CONTRACTS[name].partitioned_by for name in (*first.assets, *second.assets)}
    return (
        len(names) == 1
        and first.cutoffs == second.cutoffs
        and first.divisions == second.divisions
        and not set(first.assets) & set(second.assets)
    )
