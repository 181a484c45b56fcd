"""Faults of what is stored: bits flipped and files cut off, of every kind of file a finished world has.

Damage is done in rounds of many files, one fault a file, so that each is attributed: it is told when
the file's path is in what the command says, and healed when all files are those of the undamaged build.
"""

import hashlib
import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fault_world import GRAPH, Result, another, build, difference

from gosales_resources.store.sealed_json import read_sealed

SEED = 15
FLIPS, CUTS = 300, 40
# Files of one kind that are damaged before the command is run again.
A_ROUND = 30
HOME = "gosales_home"
Damage = Callable[[Path, random.Random], None]


@dataclass
class Kind:
    """One kind of stored file, and what became of the damage done to it."""

    name: str
    patterns: tuple[str, ...]
    """Under the folder of the build."""
    flips: int
    cuts: int
    is_told: bool = True
    """False of files in which some bits have no meaning, or that no command but the UI reads: those
    must change nothing."""
    is_history: bool = False
    """Without it there is no record to tell other damage by."""
    counts: Counter[str] = field(default_factory=Counter)
    wrong: str = ""

    def left(self, draw: random.Random) -> list[str]:
        """Return the faults that are still to be done, in any order."""
        flips = self.flips - self.counts["flipped"]
        faults = ["flipped"] * flips + ["cut off"] * (self.cuts - self.counts["cut off"])
        return draw.sample(faults, len(faults))


def kinds() -> list[Kind]:
    """List every kind of file, with how many of 300 flips and 40 cuts it gets."""
    return [
        Kind("tables", ("store/*/cutoff=*/**/part-0.parquet",), 150, 16),
        Kind("indexes of models", ("store/*model/**/bundle.json",), 24, 4),
        Kind("files of models", ("store/*model/**/*-*.*",), 40, 6),
        Kind("staged rows", ("staging/*/*/*.parquet",), 30, 4),
        Kind("what staged folders say", ("staging/*/*/block.json",), 6, 1),
        Kind("index of the staged log", ("staging/index.json",), 10, 1),
        Kind("what is known of the code", ("staging/code.json",), 10, 1),
        Kind("settings of builds", ("store/settings/*.json",), 4, 1, is_told=False),
        Kind("settings of the history", ("dagster/dagster.yaml",), 4, 1, is_history=True),
        _history("events", "history/runs/index.db", 6, 1),
        _history("runs", "history/runs.db", 6, 1),
        _history("schedules", "schedules/schedules.db", 4, 1),
        _history("past runs", "history/runs/*-*.db", 6, 2),
    ]


def _history(name: str, pattern: str, flips: int, cuts: int) -> Kind:
    patterns = (f"dagster/{pattern}",)
    return Kind(f"history: {name}", patterns, flips, cuts, is_told=False, is_history=True)


def damaged(world: Path) -> list[Result]:
    """Flip 300 bits of a finished build and cut 40 of its files off; the same command heals each."""
    folder = another(world, "damaged")
    build(folder, GRAPH)
    whole, reference = folder.with_name("whole"), contents(folder)
    shutil.rmtree(whole, ignore_errors=True)
    shutil.copytree(folder, whole)
    every, draw = kinds(), random.Random(SEED)
    assert sum(kind.flips for kind in every) == FLIPS
    assert sum(kind.cuts for kind in every) == CUTS
    for is_history in (False, True):
        while chosen := choose([k for k in every if k.is_history is is_history], folder, draw):
            _do(chosen, folder, reference, draw)
    return [_result(kind) for kind in every]


def flip(path: Path, draw: random.Random) -> None:
    """Flip one bit of a file."""
    content = bytearray(path.read_bytes())
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def cut_off(path: Path, draw: random.Random) -> None:
    """Leave any number of first bytes of a file, none too."""
    path.write_bytes(path.read_bytes()[: draw.randrange(path.stat().st_size)])


DAMAGES: dict[str, Damage] = {"flipped": flip, "cut off": cut_off}


def choose(every: list[Kind], folder: Path, draw: random.Random) -> dict[Path, tuple[Kind, str]]:
    """Choose files of all kinds at random and a fault for each; none in a folder with another one.

    Of a damaged model, or a damaged staged folder, one file is told: the first that is wrong.
    """
    chosen: dict[Path, tuple[Kind, str]] = {}
    taken: set[Path] = set()
    for kind in draw.sample(every, len(every)):
        there = sorted({path for p in kind.patterns for path in (folder / HOME).glob(p)})
        there = draw.sample(there, len(there))
        faults = kind.left(draw)[:A_ROUND]
        for path in there:
            inside = path if kind.is_history or path.parent.name == "staging" else path.parent
            # An empty file has no bit to flip.
            if faults and inside not in taken and path.is_file() and path.stat().st_size:
                chosen[path] = kind, faults.pop()
                taken.add(inside)
    return chosen


def _do(
    chosen: dict[Path, tuple[Kind, str]],
    folder: Path,
    reference: dict[str, str],
    draw: random.Random,
) -> None:
    """Damage the chosen files, run the command again, and count what was told and healed."""
    for path, (_, what) in chosen.items():
        DAMAGES[what](path, draw)
    done = build(folder, GRAPH)
    lines = [line for line in done.told.splitlines() if "damaged" in line]
    now = contents(folder)
    is_well = done.code == 0 and "Traceback" not in done.told
    for path, (kind, what) in chosen.items():
        name = path.relative_to(folder / HOME).as_posix()
        is_healed = is_well and (kind.is_history or now.get(name) == reference.get(name))
        is_told = any(str(path) in line for line in lines)
        kind.counts.update({what: 1, "told": int(is_told), "healed": int(is_healed)})
        if not is_healed or (kind.is_told and not is_told):
            kind.wrong = kind.wrong or f"{what} {name}: {done.told[-300:]}"
    print(f"       ... {len(chosen)} files damaged, healed in {done.seconds:.0f} s", flush=True)
    if differing := difference(now, reference):
        for kind, _ in chosen.values():
            kind.wrong = kind.wrong or differing
        shutil.rmtree(folder)
        shutil.copytree(folder.with_name("whole"), folder)


def _result(kind: Kind) -> Result:
    flips, cuts, told, healed = (kind.counts[n] for n in ("flipped", "cut off", "told", "healed"))
    figures = f"{flips} bits flipped, {cuts} files cut off: {told} told, {healed} healed"
    rest = "" if kind.is_told else "; what nothing reads is not told"
    return Result(kind.name, not kind.wrong, figures, kind.wrong or f"the same bytes{rest}")


def contents(folder: Path) -> dict[str, str]:
    """Hash the files of the build that must be the same whatever happened: not the history's.

    Of what is remembered of the log and of the code, which says when files were changed and in what
    order they were read, it counts that it is what was written.
    """
    home, found = folder / HOME, {}
    for top in ("store", "staging"):
        for path in sorted(path for path in (home / top).rglob("*") if path.is_file()):
            is_remembered = path.parent.name == "staging"
            name = path.relative_to(home).as_posix()
            if is_remembered:
                found[name] = "whole" if read_sealed(path) else "damaged"
            else:
                found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
