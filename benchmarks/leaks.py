"""Which planted leak is named by what: each is patched into a copy of the tree, and a command is run.

`python benchmarks/leaks.py [TEXT]` runs those whose name, kind or command has the text. Each is run on
a small world with a register and a CRM.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from leaks_planted import LEAKS, PLANTED, RUN, Leak

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.run.test_future import CUSTOMERS, side_tables  # noqa: E402
from tests.run.worlds_run import OVERRIDES  # noqa: E402
from tests.worlds.accounts import COLUMNS, side_world  # noqa: E402
from tests.worlds.erp import random_rows  # noqa: E402

PACKAGES = ("gosales", "gosales_assets", "gosales_checks", "gosales_resources")
CUTOFF, RANGE = "2024-03-31", "2024-03-31..2024-06-30"
TARGET = "simulation"
# A check that blocks, as the command prints it; a test that fails.
NAMED = re.compile(r"check that failed: (\w+) \((\w+)\): (.*)$|^FAIL +(\w+): (.*)$", re.MULTILINE)
LONGEST_S = 900


def write_world(folder: Path, leak: Leak) -> Path:
    """Write a small company; where the leak is an attribute, with one that holds the outcome."""
    rows = random_rows(leak.customers)
    tables, columns = side_tables(True), {"customers": CUSTOMERS}
    deals = [f"f{n},{n:04d},Simulation,2023-05-01,2024-05-0{n % 9 + 1},won" for n in range(20)]
    tables["crm_deals"] = [*(f"{one}" for one in tables["crm_deals"]), *deals]
    if leak.attribute:
        columns = {"customers": [*COLUMNS["customers"], "size"]}
        tables = {"customers": attributes_of(rows)}
    side_world(folder, tables, columns, log_rows=rows, **OVERRIDES)
    return folder / "gosales.yaml"


def attributes_of(rows: list[dict[str, str]]) -> list[str]:
    """Return customers with a size that is the number of Simulation sales in the training windows."""
    sold: dict[str, int] = {}
    for row in rows:
        if row.get("Sim GP", ""):
            inside = "2023-03-31" < row["Rec_Date"] <= CUTOFF
            sold[row["CompanyId"]] = sold.get(row["CompanyId"], 0) + int(inside)
    ids = sorted({row["CompanyId"] for row in rows})
    return [f"{i},Name {i},Aero,West,{sold.get(i, 0)}" for i in ids]


def plant(leak: Leak, tree: Path) -> None:
    """Patch a copy of the tree."""
    for name, old, new in leak.patches:
        path = tree / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{leak.name}: {name} has {text.count(old)} of {old!r}"
        path.write_text(text.replace(old, new), encoding="utf-8")
    for name, text in leak.adds.items():
        (tree / name).write_text(text, encoding="utf-8")


def command_of(leak: Leak, config: Path) -> list[str]:
    """Return the command of the user's that is to name a leak."""
    if leak.by == RUN:
        options = ["materialize", "--cutoffs", RANGE, "--select", leak.to, "--upstream"]
    else:
        options = [*leak.by.split(), "--cutoff", CUTOFF, "--to", leak.to]
        options += ["--division", TARGET] if leak.by == PLANTED else []
    options += ["--set", leak.sets] if leak.sets else []
    return [sys.executable, "-m", "gosales", *options, "--config", str(config)]


def run(tree: Path, leak: Leak, world: Path) -> tuple[str, int, float]:
    """Run the command on a tree; return what named something, the exit code, and seconds."""
    began = time.perf_counter()
    done = subprocess.run(
        command_of(leak, world), cwd=tree, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(tree), "PATH": "/usr/bin:/bin", "DAGSTER_DISABLE_TELEMETRY": "yes"},
        timeout=LONGEST_S,
    )  # fmt: skip
    told = done.stdout + "\n" + done.stderr
    found = [
        (m.group(2) and f"{m.group(2)}: {m.group(1)}") or m.group(4) for m in NAMED.finditer(told)
    ]
    return ", ".join(dict.fromkeys(found)), done.returncode, time.perf_counter() - began


def main(text: str) -> None:
    """Run the leaks whose name, kind or command has a text; print a row each."""
    chosen = [one for one in LEAKS if text in f"{one.name} {one.kind} {one.by}"]
    named = 0
    print("| leak | kind | command | named by | exit | s |\n|---|---|---|---|---|---|", flush=True)
    for leak in chosen:
        with tempfile.TemporaryDirectory(prefix="gosales-leak-") as folder:
            tree = Path(folder, "tree")
            for package in PACKAGES:
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / package, tree / package, ignore=ignored)
            world = write_world(Path(folder, "world"), leak)
            plant(leak, tree)
            found, code, seconds = run(tree, leak, world)
        named += bool(found) and code == 1
        cells = (
            leak.name,
            leak.kind,
            f"{leak.by} to {leak.to}",
            found or "nothing",
            code,
            f"{seconds:.0f}",
        )
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    kinds = len({one.kind for one in chosen})
    print(f"\n{named} of {len(chosen)} leaks of {kinds} kinds named")


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
