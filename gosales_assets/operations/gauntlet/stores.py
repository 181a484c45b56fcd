"""Tests that make a cutoff anew and compare what is stored: alone, with another future, once more."""

from collections.abc import Sequence

from gosales_assets.operations.gauntlet.bench import Bench, Built
from gosales_assets.operations.gauntlet.compare import Compared, compare_stores, told
from gosales_assets.operations.gauntlet.worlds import World
from gosales_checks.contracts.registry import CONTRACTS
from gosales_checks.verdicts.gauntlet import FAIL, NOT_RUN, PASS, Result
from gosales_resources.store.address import Address
from gosales_resources.store.file_digests import sha256_of
from gosales_resources.store.tables import TableStore

SHOWN = 6


def alone_against_together(bench: Bench) -> Result:
    """Make the cutoff alone, where nothing later exists, and compare with the one made in a range."""
    name = "alone_against_together"
    if len(bench.range) < 2:
        return Result(name, NOT_RUN, f"the calendar has no cutoff after {bench.cutoff}")
    found = compare_stores(
        bench.alone.platform.store, bench.together.platform.store, bench.compared
    )
    return _judged(name, found, "made alone and in a range", _covered(bench.alone.world, "cut"))


def alone_against_stored(bench: Bench) -> Result:
    """Compare the cutoff made alone with what the user's own store holds of it, where that is current."""
    name, mine = "alone_against_stored", bench.platform
    current = [
        address
        for address in bench.compared
        if mine.store.has(address) and not mine.freshness.changes(CONTRACTS[address.asset], address)
    ]
    if not current:
        return Result(name, NOT_RUN, "nothing current is stored of this cutoff and what it reads")
    found = compare_stores(bench.alone.platform.store, mine.store, current)
    left = len(bench.compared) - found.partitions
    note = (
        f" {left} partitions are not stored, or not current, and were not compared." if left else ""
    )
    return _judged(name, found, "made alone and as stored", note)


def future_perturbation(bench: Bench) -> Result:
    """Alter what the sources say of later days, make the range anew, and compare."""
    name = "future_perturbation"
    altered = bench.altered.world
    if not altered.edited:
        return Result(name, NOT_RUN, f"no source could be altered.{_covered(altered, 'altered')}")
    found = compare_stores(bench.altered.platform.store, bench.alone.platform.store, bench.compared)
    return _judged(name, found, "with the future and with another", _covered(altered, "altered"))


def reproducibility(bench: Bench) -> Result:
    """Make the cutoff twice from the same inputs and compare the files byte by byte."""
    name, one, other = "reproducibility", bench.alone, bench.again
    found = [a for a in bench.compared if _bytes(one, a) != _bytes(other, a)]
    count = sum(one.platform.store.has(a) for a in bench.compared)
    if found:
        words = f"made twice, these files differ: {', '.join(map(str, found[:SHOWN]))}"
        return Result(name, FAIL, words, f"{len(found)} of {count} partitions")
    return Result(name, PASS, "made twice, all files are the same", f"{count} partitions")


def _bytes(built: Built, address: Address) -> Sequence[str]:
    store: TableStore = built.platform.store
    path = store.path_of(address)
    # A bundle's index holds the digest of each of its files.
    return [sha256_of(path)] if path else []


def _judged(name: str, found: Compared, what: str, note: str) -> Result:
    figures = f"{found.partitions} partitions of {len(found.tables)} tables"
    if not found.partitions:
        return Result(name, NOT_RUN, f"no partition is in both stores.{note}")
    if not found.differences:
        return Result(name, PASS, f"All tables up to the list are equal {what}.{note}", figures)
    rows = ", ".join(
        f"{table} ({count:,} rows)" for table, count in told(found.differences).items()
    )
    first = found.differences[0]
    columns = f" in {', '.join(first.columns[:SHOWN])}" if first.columns else ""
    words = f"Tables differ {what}: {rows}. The first is {first.address}{columns}.{note}"
    return Result(name, FAIL, words, f"{len(found.differences)} of {figures} differ")


def _covered(world: World, verb: str) -> str:
    """Say which sources were edited, and which were not and why."""
    said = f" Sources {verb} after the cutoff: {', '.join(world.edited) or 'none'}."
    rest = ", ".join(f"{name} ({why})" for name, why in world.as_they_are.items())
    return f"{said} Not tested, taken as they are: {rest}." if rest else said
