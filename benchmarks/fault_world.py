"""A small world that faults are done to, builds in child processes, and what their end is judged by.

What is in a raw file is counted here by plain Python, apart from the code that is judged.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import polars as pl

from gosales.sample.company import generate

EVERY = "2022-12-31..2025-06-30"
STAR = ("--cutoffs", EVERY, "--staging-only")
# The whole graph before any label is old enough to train on.
GRAPH = ("--cutoffs", "2023-03-31")
# What a line is, wherever it stands in its file.
LINE = ["customer_id", "order_date", "invoice_id", "sku", "quantity", "gross_profit_source"]
FIELD = rb'(?:"(?:[^"]|"")*+"(?=[,\r\n]|\Z)|(?!")[^,\r\n]*)'
END = rb"(?:\r\n|\r|\n|\Z)"
# A record of whole fields, else the line that no such record begins on.
RECORD = re.compile(rb"(?:" + FIELD + rb"(?:," + FIELD + rb")*|[^\r\n]*)" + END)

WAITING = re.compile(r"([\d,]+) rows were known after")


@dataclass(frozen=True)
class Result:
    """One fault: what was done, how it ended, what became of the rows."""

    fault: str
    is_good: bool
    outcome: str
    nothing_lost: str


@dataclass(frozen=True)
class Done:
    """How a child process ended."""

    code: int
    told: str
    """Standard error and output."""
    seconds: float
    peak_mib: float

    @property
    def error(self) -> str:
        """The message of the error; empty without one."""
        return next((t for t in self.told.splitlines() if t.startswith("error: ")), "")

    def is_clear(self, *words: str) -> bool:
        """Tell whether it failed with one message that has all of these words."""
        told = self.told
        is_one = told.count("error: ") == 1 and "Traceback" not in told
        return self.code in (1, 2) and is_one and all(word in told for word in words)


class Child:
    """A build in a process of its own; its output goes to a file beside the world."""

    def __init__(self, folder: Path, arguments: tuple[str, ...], mark: str = "") -> None:
        command = [sys.executable, "-m", "gosales", "materialize", *arguments]
        self._log = folder / f"told{mark}.txt"
        self._began = time.perf_counter()
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--config", str(folder / "gosales.yaml")],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )

    def wait(self) -> Done:
        """Wait for its end."""
        _, status, used = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - self._began
        told = self._log.read_text(encoding="utf-8", errors="replace")
        return Done(self.process.returncode, told, seconds, used.ru_maxrss / 1024)


def build(folder: Path, arguments: tuple[str, ...] = STAR) -> Done:
    """Run the command line on a world to its end."""
    return Child(folder, arguments).wait()


def accept_past(folder: Path, arguments: tuple[str, ...]) -> None:
    """Build, and accept what of the past is not what an earlier build stored."""
    build(folder, arguments)
    command = [sys.executable, "-m", "gosales", "restatement", "accept"]
    subprocess.run(
        [*command, "--config", str(folder / "gosales.yaml")], check=True, capture_output=True
    )


def make_world(folder: Path, customers: int) -> Path:
    """Write a sample company with its settings."""
    folder.mkdir(parents=True)
    settings = files("gosales.sample").joinpath("gosales.yaml")
    (folder / "gosales.yaml").write_text(settings.read_text(encoding="utf-8"), encoding="utf-8")
    generate(folder / "data", customers=customers)
    return folder


def another(world: Path, name: str) -> Path:
    """Copy a world that was not built, or forget what was built."""
    folder = world.with_name(name)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(world, folder, ignore=shutil.ignore_patterns("gosales_home", "told*"))
    return folder


def stored(folder: Path) -> dict[str, str]:
    """Hash every file under the store, left-overs too: path -> SHA-256."""
    root = folder / "gosales_home" / "store"
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.relative_to(root).parts[0] != "settings"
    }


def half_written(folder: Path) -> list[str]:
    """List stored tables that cannot be read, and left-overs of a write."""
    root, bad = folder / "gosales_home" / "store", []
    for path in root.rglob("*"):
        if path.name.endswith(".partial"):
            bad.append(path.name)
        elif path.suffix == ".parquet":
            try:
                pl.read_parquet(path)
            except (pl.exceptions.PolarsError, OSError):
                bad.append(str(path.relative_to(root)))
    return bad


def table(folder: Path, name: str) -> pl.DataFrame:
    """Read all stored partitions of a table."""
    found = sorted((folder / "gosales_home" / "store" / name).rglob("part-0.parquet"))
    return pl.concat(pl.read_parquet(path) for path in found)


def records(content: bytes) -> int:
    """Count the records below the header; empty lines are none."""
    found = (m.group().strip(b"\r\n") for m in RECORD.finditer(content))
    return sum(1 for record in found if record) - 1


def account(folder: Path, raw_rows: int, told: str) -> tuple[bool, str]:
    """Compare the ledger's end with what was counted in the raw bytes.

    Parameters
    ----------
    folder
        The world.
    raw_rows
        Counted in the raw bytes.
    told
        What the build said: how many rows have a date after the last cutoff.

    Returns
    -------
    bool
        Every raw row is loaded, stored as a reject with its raw text, or counted as a copy; or it
        waits for a later cutoff, and the build said so.
    str
        The figures.
    """
    parts = ["rows_in", "rows_loaded", "rows_rejected", "rows_duplicate"]
    sums = table(folder, "sales_ledger").select(pl.col(parts).sum()).row(0)
    rows_in, loaded, rejected, copies = sums
    whole = table(folder, "sales_log_rejects").filter(pl.col("line") == "")
    is_told = whole["raw"].is_not_null().all()
    # Rows of which every line was rejected stand among rejected lines.
    stored_rejects = table(folder, "sales_log_rejects").select("source_file", "source_row")
    is_told &= stored_rejects.unique().height >= rejected
    found = WAITING.search(told)
    waiting = int(found.group(1).replace(",", "")) if found else 0
    is_good = rows_in + waiting == raw_rows == loaded + rejected + copies + waiting
    text = f"{raw_rows:,} raw = {loaded:,} loaded + {rejected:,} rejected + {copies:,} copies"
    text += f" + {waiting:,} of later cutoffs" if waiting else ""
    return bool(is_good and is_told), text if is_good else f"LOST: {rows_in:,} of {text}"


def lines_of(folder: Path) -> Counter:
    """Count the loaded lines by what they say."""
    return Counter(table(folder, "sales_log").select(LINE).rows())


def healed(folder: Path, reference: dict[str, str], arguments: tuple[str, ...] = STAR) -> str:
    """Run the command again; return what is not as in an undisturbed build, empty for nothing."""
    done = build(folder, arguments)
    if done.code:
        return f"rerun ended with {done.code}: {done.told[-300:]}"
    return difference(stored(folder), reference)


def difference(mine: dict[str, str], reference: dict[str, str]) -> str:
    """Name files that differ; empty for none."""
    differing = sorted(p for p in {*mine, *reference} if mine.get(p) != reference.get(p))
    return f"{len(differing)} files differ: {', '.join(differing[:3])}" if differing else ""
