"""What comes after a cutoff changes no byte of its features; nor does how the files lie or threads.

Two worlds are made whole, each in a store of its own, and what they stored is compared.
"""

import os
import random
import subprocess
import sys
from collections.abc import Callable

import polars as pl
import pytest

from tests.run.worlds_run import materialize, stored
from tests.worlds.accounts import COLUMNS, side_world
from tests.worlds.erp import random_rows, row

CUTOFF = "2024-03-31"
FEATURES = ("customer_features", "division_features", "features")
CUSTOMERS = [*COLUMNS["customers"], "size", "valid_from"]
Rows = list[dict[str, str]]


def is_known(sale: dict[str, str]) -> bool:
    return max(sale["Rec_Date"], sale["Posted"]) <= CUTOFF


def as_drawn(later: Rows) -> Rows:
    return later


def deleted(later: Rows) -> Rows:
    return []


def noise(later: Rows) -> Rows:
    """Replace every later row by another customer's, invoice, amount, and kind."""
    draw = random.Random(9)
    changed = [
        r | {"CompanyId": f"{draw.randrange(50):04d}", "Invoice": f"N{draw.randrange(30)}",
             "Sim GP": f"({draw.randrange(1, 99_999)}.00)", "Sim_Qty": "-3", "Scan": "77", "Rep": "Zoe"}
        for r in later
    ]  # fmt: skip
    # Invoices of before the cutoff that are only posted after it, on its day and long before.
    late = [
        row(f"{n:04d}", day, Posted="2024-04-01", Invoice=f"I-{n:04d}-{day}")
        for n in range(0, 50, 3)
        for day in ("2023-05-05", CUTOFF)
    ]
    return [*changed, *late, *(row(f"new{n}", "2024-05-05") for n in range(20))]


def side_tables(future: bool) -> dict[str, list[str]]:
    """Rows of the register and the CRM; with a future, also what a later export holds."""
    draw = random.Random(6)
    assets, people = [], []
    for n in range(50):
        bought = draw.choice(["2019-05-05", "2023-08-01", CUTOFF, "", "1900-01-01"])
        ends = draw.choice(["", "2024-04-15", "2024-06-01", "2023-12-31"])
        assets.append(f"{n:04d},Seat,CAD,Simulation,{draw.randrange(1, 9)},{bought},{ends},yes")
        people.append(f"{n:04d},Name {n},Aero,West,{n},")
    if future:
        bought = [f"2024-04-{n % 29 + 1:02d}" for n in range(50)]
        assets += [f"{n:04d},Seat,CAD,Solid Works,9,{bought[n]},2024-04-30,no" for n in range(50)]
        people += [f"{n:04d},Other {n},Food,East,{n * 100},2024-04-01" for n in range(50)]
        people += [f"new{n},New {n},Auto,East,5,2024-04-01" for n in range(20)]
    deals = [f"d{n},{n:04d},Simulation,2023-02-01,," for n in range(20)]
    deals += [f"e{n},{n:04d},Simulation,2024-04-02,," for n in range(20) if future]
    return {"assets": assets, "customers": people, "crm_deals": deals}


def features_of(folder, later: Callable[[Rows], Rows], future: bool, mode: str) -> dict[str, str]:
    """Make the features of the cutoff; hash the stored files."""
    drawn = random_rows(50)
    sales = [r for r in drawn if is_known(r)]
    sales += later([r for r in drawn if not is_known(r)])
    columns = {"customers": CUSTOMERS}
    labels = {"mode": mode}
    side_world(folder, side_tables(future), columns, log_rows=sales, labels=labels)
    made = materialize(folder, "--select", "features", "--upstream", cutoffs=CUTOFF)
    assert made == 0
    return stored(folder, *FEATURES)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["expansion", "all"])
def test_whatever_any_source_says_of_later_days_changes_no_byte_of_a_feature(tmp_path, mode):
    mine = features_of(tmp_path / "drawn", as_drawn, future=False, mode=mode)
    assert len(mine) == 4
    path = tmp_path / "drawn" / "gosales_home" / "store" / "customer_features" / f"cutoff={CUTOFF}"
    frame = pl.read_parquet(path / "part-0.parquet")
    assert frame["rfm__all__lines__24m"].sum() > 100
    assert frame["assets_expiring__all__count__30d"].sum() > 0
    ids = set(frame["customer_id"])
    assert not {i for i in ids if i.startswith("new")}
    for name, later in (("deleted", deleted), ("noise", noise)):
        theirs = features_of(tmp_path / name, later, future=True, mode=mode)
        assert theirs == mine


@pytest.mark.slow
def test_threads_and_how_the_files_lie_show_in_no_byte(tmp_path):
    rows = random_rows(60)
    found = {}
    for name, threads in (("one", 1), ("two", 2), ("shuffled", 2), ("split", 1)):
        folder = tmp_path / name
        order = random.Random(3).sample(rows, len(rows)) if name == "shuffled" else rows
        settings = side_world(folder, side_tables(False), {"customers": CUSTOMERS}, log_rows=order)
        if name == "split":
            split(folder, settings.config_file)
        command = [sys.executable, "-m", "gosales", "materialize", "--config",
                   str(folder / "gosales.yaml"), "--select", "features", "--upstream",
                   "--cutoffs", CUTOFF]  # fmt: skip
        environment = os.environ | {"POLARS_MAX_THREADS": str(threads)}
        subprocess.run(command, check=True, env=environment, capture_output=True)
        found[name] = contents(folder)
    assert found["one"] == found["two"] == found["shuffled"] == found["split"]


def contents(folder) -> dict[str, str]:
    """Read the content hash of every stored feature table: its rows, however it was made."""
    root = folder / "gosales_home" / "store"
    paths = [p for name in FEATURES for p in sorted((root / name).rglob("*.parquet"))]
    assert len(paths) == 4
    return {
        p.relative_to(root).as_posix(): pl.read_parquet_metadata(p)["gosales.content"]
        for p in paths
    }


def split(folder, config) -> None:
    """Cut the log in two files, the second half first."""
    head, *lines = (folder / "sales_log.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "sales_log.csv").unlink()
    half = len(lines) // 2
    for name, part in (("log_a.csv", lines[half:]), ("log_b.csv", lines[:half])):
        (folder / name).write_text(head + "".join(part), encoding="utf-8", newline="")
    text = config.read_text(encoding="utf-8").replace("path: sales_log.csv", "path: log_*.csv")
    config.write_text(text, encoding="utf-8")
