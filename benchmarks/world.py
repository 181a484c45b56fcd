"""Worlds that benchmarks run on, and child processes whose time and memory are measured."""

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from gosales.sample.company import Size, generate

MIB = 2**20


def machine() -> str:
    """Say what the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, Python "
        f"{platform.python_version()}, polars {version('polars')}, dagster {version('dagster')}"
    )


@contextmanager
def sample_world(size: Size, seed: int = 7) -> Iterator[Path]:
    """Give a folder with the sample company's settings and data; removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="gosales-bench-") as name:
        folder = Path(name)
        settings = files("gosales.sample").joinpath("gosales.yaml")
        (folder / "gosales.yaml").write_text(settings.read_text(encoding="utf-8"), encoding="utf-8")
        generate(folder / "data", size, seed)
        yield folder


def measured(task: str, *arguments: str) -> dict:
    """Run one task of `tasks.py` in a child process; return its answer, seconds and peak memory."""
    began = time.perf_counter()
    script = Path(__file__).with_name("tasks.py")
    done = subprocess.run(
        [sys.executable, str(script), task, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{task} failed:\n{done.stderr[-3000:]}")
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer | {"process_seconds": time.perf_counter() - began}


def peak_mib() -> float:
    """Return the peak resident memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def show(title: str, rows: list[tuple[str, str, str]]) -> None:
    """Print figures with their targets."""
    print(f"\n{title}")
    for name, figure, target in rows:
        print(f"  {name:<58} {figure:>26}   {target}")
