"""What `gosales status` says: counts of each table, what is stale because of what, what makes it."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gosales.cli.terminal import hand_over, tell
from gosales_assets.operations.instance import history_of
from gosales_assets.operations.status import look_at_log, status_of
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.registry import CONTRACTS
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.store.address import Address

STATES = ("current", "stale", "missing")


@dataclass
class Status:
    """The state of a store's partitions, put together."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Table and state -> partitions."""
    because: dict[tuple[str, tuple[str, ...]], list[Address]] = field(default_factory=dict)
    """Table and reasons -> what is stale for them."""
    source: list[str] = field(default_factory=list)
    """What is to be said of the raw log."""
    log_changed: bool = False
    """What of the log has changed is known when it is read."""
    commands: list[str] = field(default_factory=list)
    """What makes anew what is stale."""


def look(platform: Platform, cutoffs: Sequence[dt.date], tables: Sequence[str]) -> Status:
    """Look at partitions of some tables (all without any) at some cutoffs; compute nothing."""
    found = Status()
    log, found.source = look_at_log(platform)
    found.log_changed = log is not None
    with history_of(platform) as instance:
        for one in status_of(platform, instance, cutoffs, tables, log):
            found.counts[one.address.asset, one.state] += 1
            if one.state == "stale":
                name = (one.address.asset, one.reasons)
                found.because.setdefault(name, []).append(one.address)
    stale = [address for addresses in found.because.values() for address in addresses]
    found.commands = _commands(platform, stale)
    return found


def print_status(found: Status, form: str) -> None:
    """Print it for eyes, or as JSON."""
    if form == "json":
        hand_over(json.dumps(_as_json(found), indent=1, ensure_ascii=False) + "\n")
        return
    tell(f"{'table':<24}{'current':>9}{'stale':>9}{'missing':>9}")
    for name in dict.fromkeys(asset for asset, _ in found.counts):
        tell(f"{name:<24}" + "".join(f"{found.counts[name, state]:>9}" for state in STATES))
    for (asset, reasons), addresses in found.because.items():
        divisions = sorted({a.division for a in addresses if a.division})
        of = f" of {', '.join(divisions)}" if divisions else ""
        span = f"{addresses[0].cutoff}..{addresses[-1].cutoff}"
        tell(f"stale: {asset} {span}{of}: {', '.join(reasons)}")
    for line in found.source:
        tell(f"raw sales_log: {line}")
    if found.log_changed:
        tell("which increments that touches, and what is made from them, is known when it is read")
    for command in found.commands:
        tell(f"make them: {command} (what is current stays)")


def _as_json(found: Status) -> dict[str, object]:
    names = dict.fromkeys(asset for asset, _ in found.counts)
    stale = [
        {
            "table": asset,
            "reasons": list(reasons),
            "partitions": [str(address.key) for address in addresses],
        }
        for (asset, reasons), addresses in found.because.items()
    ]
    return {
        "tables": [{"table": n} | {s: found.counts[n, s] for s in STATES} for n in names],
        "stale": stale,
        "source": found.source,
        "commands": found.commands,
    }


def _commands(platform: Platform, stale: Sequence[Address]) -> list[str]:
    """Name the commands that make anew what is stale: the lists there are, else the tables."""
    if not stale:
        return []
    every = platform.space.cutoffs()
    listed = [c for c in every if platform.store.has(Address(WHITESPACE.name, c))]
    first = min(address.cutoff for address in stale)
    if touched := [cutoff for cutoff in listed if cutoff >= first]:
        return [f"gosales materialize --cutoffs {span}" for span in _spans(every, touched)]
    asked = {address.asset for address in stale}
    names = ",".join(name for name in CONTRACTS if name in asked)
    spans = _spans(every, {address.cutoff for address in stale})
    return [f"gosales materialize --select {names} --upstream --cutoffs {span}" for span in spans]


def _spans(calendar: Sequence[dt.date], cutoffs: Iterable[dt.date]) -> list[str]:
    """Write cutoffs as ranges that name no other cutoff of the calendar."""
    wanted, ranges = set(cutoffs), list[list[dt.date]]()
    for before, cutoff in zip([None, *calendar], calendar, strict=False):
        if cutoff in wanted:
            if before in wanted:
                ranges[-1].append(cutoff)
            else:
                ranges.append([cutoff])
    return [f"{r[0]}..{r[-1]}" if len(r) > 1 else f"{r[0]}" for r in ranges]
