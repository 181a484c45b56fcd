"""Does things to a build that happen to builds, and looks whether a row is lost; see README.md.

A fault is good when it ends in one clear error with nothing half-written and the same command
heals it, or in a success in which every raw row is accounted for.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fault_world import Result, make_world
from faults_damage import damaged
from faults_files import (
    changed_while_read,
    columns_changed,
    malformed,
    noise,
    truncated_archive,
)
from faults_runs import disk_full, killed, killed_while_staging, two_at_once
from faults_sources import postgres_stopped, sqlite_gone

Fault = Callable[[Path], Result | list[Result]]
FAULTS: list[Fault] = [
    killed,
    killed_while_staging,
    disk_full,
    truncated_archive,
    changed_while_read,
    noise,
    malformed,
    columns_changed,
    two_at_once,
    damaged,
    sqlite_gone,
    postgres_stopped,
]
CUSTOMERS = 150


def faults() -> None:
    """Do every fault to a small sample company."""
    print("\nfaults: good is an error that says what to do and a rerun that heals, or no row lost")
    bad = run_faults(FAULTS)
    print(f"  {bad} bad" if bad else "  all good")


def run_faults(chosen: list[Fault]) -> int:
    """Do some faults; print a row each; return how many ended badly."""
    bad = 0
    with tempfile.TemporaryDirectory(prefix="gosales-faults-") as name:
        world = make_world(Path(name) / "world", CUSTOMERS)
        for fault in chosen:
            began = time.perf_counter()
            found = fault(world)
            seconds = time.perf_counter() - began
            for row in found if isinstance(found, list) else [found]:
                bad += not row.is_good
                verdict = "good" if row.is_good else "BAD "
                print(f"  {verdict} {row.fault} | {row.outcome} | {row.nothing_lost}", flush=True)
            print(f"       ({fault.__name__}: {seconds:.0f} s)", flush=True)
    return bad


if __name__ == "__main__":
    named = {fault.__name__: fault for fault in FAULTS}
    sys.exit(bool(run_faults([named[name] for name in sys.argv[1:]] or FAULTS)))
