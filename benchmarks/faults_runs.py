"""Faults of the machine: a build that is killed, a disk that is full, two builds at once."""

import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from fault_world import (
    GRAPH,
    STAR,
    Child,
    Result,
    another,
    build,
    difference,
    half_written,
    healed,
    stored,
)

KILLS = 20
# In MiB: too little for the staged log, for the history of the runs, for the store.
DISKS = (0.2, 0.6, 1, 1.5, 2, 2.5, 3, 4)


def killed(world: Path) -> Result:
    """Kill a build of the whole graph at random moments, every fourth one twice."""
    whole = another(world, "whole")
    undisturbed = build(whole, GRAPH)
    reference, draw = stored(whole), random.Random(5)
    bad, unfinished, torn = [], 0, 0
    for number in range(KILLS):
        folder = another(world, "killed")
        for _ in range(1 + (number % 4 == 3)):
            # One in each twentieth of the duration.
            moment = (number + draw.random()) / KILLS * undisturbed.seconds
            child = Child(folder, GRAPH)
            time.sleep(moment)
            # Not through Popen, which would reap one that has ended by itself.
            os.kill(child.process.pid, signal.SIGKILL)
            unfinished += child.wait().code == -signal.SIGKILL
        torn += any(not name.endswith(".partial") for name in half_written(folder))
        found = healed(folder, reference, GRAPH)
        print(f"    at {moment:5.2f} s: {found or 'healed'}", flush=True)
        if found:
            bad.append(f"at {moment:.2f} s: {found}")
    return Result(
        f"kill -9 at {KILLS} moments of a build of {len(reference)} files",
        not bad and not torn,
        f"{unfinished} killed, {KILLS - len(bad)} of {KILLS} healed, {torn} with torn files",
        "; ".join(bad) or "all bytes as undisturbed",
    )


def killed_while_staging(world: Path) -> Result:
    """Kill a build as soon as the first staged block begins to appear."""
    whole = another(world, "whole")
    build(whole)
    reference, folder = stored(whole), another(world, "staging")
    for _ in range(2):
        child, staging = Child(folder, STAR), folder / "gosales_home" / "staging"
        while child.process.poll() is None and not list(staging.rglob("*.parquet")):
            time.sleep(0.0005)
        child.process.send_signal(signal.SIGKILL)
        child.process.wait()
        # The second time a block lies there: it may be whole.
    found = half_written(folder) or healed(folder, reference)
    return Result(
        "kill -9 during the staging, twice",
        not found,
        "healed" if not found else str(found),
        "all bytes as undisturbed" if not found else "",
    )


def disk_full(world: Path) -> list[Result]:
    """Build on a real file system that is too small, make it larger, build again."""
    can = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    if os.geteuid() or can.returncode:
        return [Result("disk full", True, "not run: needs root to mount a file system", "")]
    whole = another(world, "whole")
    build(whole, GRAPH)
    reference = stored(whole)
    return [_disk(world, size, reference) for size in DISKS]


def _disk(world: Path, size: float, reference: dict[str, str]) -> Result:
    folder = another(world, "disk")
    home, after, last = (folder / name for name in ("gosales_home", "after", "last"))
    home.mkdir()
    parts = [sys.executable, "-m", "gosales", "materialize", *GRAPH]
    run = shlex.join([*parts, "--config", str(folder / "gosales.yaml")])
    # What lies on it is gone with the mount: it is copied out after each run.
    script = f"""
        mount -t tmpfs -o size={int(size * 1024)}k none {home}
        {run} > {folder}/told.txt 2>&1; echo $? > {folder}/code
        mkdir -p {after}; cp -a {home} {after}
        mount -o remount,size=512m {home}
        {run} > {folder}/told2.txt 2>&1; echo $? > {folder}/code2
        mkdir -p {last}; cp -a {home} {last}
    """
    subprocess.run(["unshare", "-m", "sh", "-c", script], check=True, capture_output=True)
    code, told = int((folder / "code").read_text()), (folder / "told.txt").read_text()
    error = next((t for t in told.splitlines() if t.startswith("error: ")), told[-300:])
    is_clear = code in (1, 2) and "Traceback" not in told and "MiB free" in error
    found = half_written(after) or difference(stored(last), reference)
    shutil.rmtree(folder)
    return Result(
        f"disk full at {size} MiB",
        is_clear and not found and str(home) in error,
        f"exit {code}: {error.removeprefix('error: ').replace(str(home), '<home>')[:110]}",
        str(found) if found else "healed to the same bytes, nothing half-written",
    )


PAIRS = {
    "the same partitions": (GRAPH, GRAPH),
    "different divisions": (
        (*GRAPH, "--divisions", "pdm,simulation"),
        (*GRAPH, "--divisions", "simulation,training"),
    ),
    "the star by two": (STAR, STAR),
}


def two_at_once(world: Path) -> list[Result]:
    """Start two builds of the same world at the same moment."""
    whole = another(world, "whole")
    build(whole, STAR)
    star = stored(whole)
    whole = another(world, "whole")
    build(whole, GRAPH)
    graph = stored(whole)
    return [
        _two(world, name, pair, star if pair[0] == STAR else graph) for name, pair in PAIRS.items()
    ]


def _two(world: Path, name: str, pair: tuple, reference: dict[str, str]) -> Result:
    folder = another(world, "two")
    children = [Child(folder, arguments, str(n)) for n, arguments in enumerate(pair)]
    ends = [child.wait() for child in children]
    are_clear = all(end.code == 0 or end.is_clear() for end in ends)
    found = half_written(folder) or healed(folder, reference, STAR if pair[0] == STAR else GRAPH)
    told = " and ".join("done" if not e.code else f"{e.code}: {e.error[:90]}" for e in ends)
    return Result(
        f"two builds at once: {name}",
        are_clear and not found,
        told if are_clear else "; ".join(e.told[-400:] for e in ends if e.code),
        str(found) if found else "store as by one",
    )
