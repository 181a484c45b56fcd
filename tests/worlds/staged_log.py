"""Sales logs as the star phase stages them: lines and rejects of an increment, messy rows."""

import datetime as dt
from pathlib import Path

import polars as pl

from gosales_assets.star.dimensions import build_dim_product
from gosales_assets.star.increments import StagedLog
from gosales_assets.star.ingest import ingest
from gosales_checks.contracts.contract import conform
from gosales_checks.contracts.star import SALES_LOG, SALES_LOG_REJECTS
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.table import read_table
from tests.worlds.erp import random_rows, row

CUTOFFS = [dt.date(2023, 3, 31), dt.date(2023, 6, 30), dt.date(2023, 9, 30)]


def read_log(settings: Settings, staging: Path, told: list[str] | None = None) -> StagedLog:
    """Stage a sales log in a folder, or what of it is not there yet; `told` gets the progress."""
    products = build_dim_product(
        read_table(settings.source.taxonomy, settings.source_dir), settings
    )
    cutoffs = PartitionSpace(settings).cutoffs()
    return ingest(settings, products, cutoffs, staging, (told if told is not None else []).append)


def read_anew(settings: Settings, folder: Path) -> StagedLog:
    """Stage a sales log in a folder of its own below another."""
    staging = folder / f"staging-{len(list(folder.iterdir()))}"
    staging.mkdir()
    return read_log(settings, staging)


def lines_of(log: StagedLog, cutoff: dt.date = CUTOFFS[0]) -> pl.DataFrame:
    return pl.concat(conform(SALES_LOG, part.lazy()).collect() for part in log.lines(cutoff))


def rejects_of(log: StagedLog, cutoff: dt.date = CUTOFFS[0]) -> pl.DataFrame:
    parts = log.rejects(cutoff)
    return pl.concat(conform(SALES_LOG_REJECTS, part.lazy()).collect() for part in parts)


def messy_rows() -> list[dict[str, str]]:
    rows = random_rows(40)
    broken = [
        row("x", Rec_Date="n/a"),
        row(" "),
        row("y", CAD="TBD"),
        row("e", CAD="0", CAD_Qty=""),
    ]
    return [*rows, *rows[:7], *broken, row("z", "2025-06-01"), row("c", Currency="CAD", Rate="1.3")]
