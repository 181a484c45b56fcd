"""Which alarms shifts put into the sample company set off, after how many rows, and how often none did."""

import csv
import datetime as dt
import random
from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl
from graph import build
from world import sample_world, show

from gosales_assets.operations.plan import Request
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.drift import DRIFT
from gosales_resources.settings.loading import load_settings

SEEDS = (7, 11, 13)
QUIET = "2023-12-31..2025-06-30"
# A shift begins on the day after the first of these; the alarms of both others are looked at.
BEFORE, AFTER = dt.date(2024, 6, 30), "2024-09-30..2024-12-31"
GROWN, NEWCOMERS = 3.0, 800
Row = dict[str, str]
Shift = Callable[[list[Row], list[Row], dict[str, str], random.Random], int]
"""Changes the rows of the log after a day, and the customers; returns how many rows it changed."""


def shifts(seeds: tuple[int, ...] = SEEDS) -> None:
    """Print alarms of quiet companies and of companies in which one thing changed."""
    count, alarmed = 0, []
    for seed in seeds:
        found = _drift(seed, QUIET, None)[0]
        partitions = found.select("cutoff", "division").unique()
        count += partitions.height
        alarmed += found.filter("is_alarm").rows(named=True)
    named = {(r["cutoff"], r["division"], r["item"]) for r in alarmed}
    with_alarm = len({(cutoff, division) for cutoff, division, _ in named})
    show(
        f"quiet: sample company S, seeds {', '.join(map(str, seeds))}",
        [("partitions of drift with an alarm", f"{with_alarm} of {count}", "target <= 1 %")]
        + [(f"  {cutoff} {division}", item, "") for cutoff, division, item in sorted(named)],
    )
    for name, shift in SHIFTS.items():
        found, changed = _drift(SEEDS[0], AFTER, shift)
        show(f"{name}, from {BEFORE} on: {changed:,} rows changed", _alarms_of(found))


def _alarms_of(found: pl.DataFrame) -> list[tuple[str, str, str]]:
    alarms = found.filter("is_alarm").with_columns(
        family=pl.col("item").str.split("__").list.first()
    )
    counted = (
        alarms.group_by("cutoff", "measure", "family")
        .agg(pl.col("division").n_unique(), pl.col("item").n_unique().alias("inputs"))
        .sort("cutoff", "measure", "family")
    )
    if counted.is_empty():
        return [("no alarm", "", "")]
    return [
        (
            f"{row['cutoff']} {row['measure']} {row['family']}",
            f"{row['division']} divisions, {row['inputs']} inputs",
            "",
        )
        for row in counted.rows(named=True)
    ]


def _drift(seed: int, cutoffs: str, shift: Shift | None) -> tuple[pl.DataFrame, int]:
    with sample_world("S", seed) as folder:
        changed = _changed(folder / "data", shift) if shift else 0
        platform = Platform.of(load_settings(folder / "gosales.yaml"))
        days = tuple(platform.space.select_cutoffs(cutoffs))
        build(platform, Request(days, assets=(DRIFT.name,), upstream=True))
        keys = platform.space.keys(DRIFT.partitioned_by, days)
        return pl.concat([platform.read(DRIFT, *key).collect() for key in keys]), changed


def _changed(data: Path, shift: Shift) -> int:
    tables = {name: _read(data / name) for name in ("sales_log.csv", "customers.csv")}
    homes = {row["sku"]: row["division"] for row in _read(data / "taxonomy.csv")}
    log = tables["sales_log.csv"]
    later = [row for row in log if BEFORE.isoformat() < row["Rec_Date"][:10] < "9"]
    set_apart = {id(row) for row in later}
    tables["sales_log.csv"] = [row for row in log if id(row) not in set_apart]
    changed = shift(later, tables["customers.csv"], homes, random.Random(3))
    tables["sales_log.csv"] += later
    for name, rows in tables.items():
        with (data / name).open("w", encoding="utf-8", newline="") as text:
            writer = csv.DictWriter(text, list(rows[0]), extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
    return changed


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def _mix(log: list[Row], customers: list[Row], homes: dict[str, str], draw: random.Random) -> int:
    """Bring newcomers of one industry, who buy as customers of before do."""
    del homes
    usual = [row for row in log if row["CompanyId"]]
    for at in range(NEWCOMERS):
        model, who = draw.choice(usual), f"99{at:06d}"
        log.append(model | {"CompanyId": who, "Customer": f"{who} Newcomer {at}"})
        like = draw.choice(customers)
        customers.append(
            like
            | {
                "customer_id": who,
                "customer_name": f"Newcomer {at}",
                "industry": "Medical devices",
                "known_since": "2024-07-01",
            }
        )
    return NEWCOMERS


def _prices(
    log: list[Row], customers: list[Row], homes: dict[str, str], draw: random.Random
) -> int:
    """Multiply all amounts."""
    del customers, draw
    _multiply(log, homes, GROWN, decimals=2)
    return len(log)


def _multiply(log: list[Row], skus: Iterable[str], factor: float, decimals: int) -> None:
    for row in log:
        for sku in skus:
            amount = row.get(sku) or ""
            if amount.replace(".", "", 1).replace("-", "", 1).isdigit():
                row[sku] = f"{float(amount) * factor:.{decimals}f}"


def _lost(log: list[Row], customers: list[Row], homes: dict[str, str], draw: random.Random) -> int:
    """Sell no more of one division."""
    del customers, draw
    gone = [sku for sku, division in homes.items() if division == "Simulation"]
    hit = [row for row in log if any(row.get(sku) for sku in gone)]
    for row in hit:
        row.update({sku: "" for sku in gone if sku in row})
    return len(hit)


def _broken(
    log: list[Row], customers: list[Row], homes: dict[str, str], draw: random.Random
) -> int:
    """Leave the names of representatives and regions empty, and all amounts in cents."""
    del customers, draw
    for row in log:
        row["Rep"] = row["Region"] = row["_3DigitZip"] = ""
    _multiply(log, homes, 100, decimals=0)
    return len(log)


def _launch(
    log: list[Row], customers: list[Row], homes: dict[str, str], draw: random.Random
) -> int:
    """Sell one article of a division with every second order."""
    del customers
    sku = next(sku for sku, division in homes.items() if division == "Scanning" and sku in log[0])
    hit = [row for row in log if draw.random() < 0.5]
    for row in hit:
        row[sku] = row[sku] or "900.00"
    return len(hit)


SHIFTS: dict[str, Shift] = {
    "newcomers of one industry": _mix,
    "prices three times as high": _prices,
    "a division that is sold no more": _lost,
    "a broken column: money in cents, no representatives": _broken,
    "a launch": _launch,
}
