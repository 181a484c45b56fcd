"""From raw inputs to a staged log that increments are cut from."""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from gosales_assets.star.corrections import read_corrections
from gosales_assets.star.increments import StagedLog
from gosales_assets.star.staging import Staging
from gosales_resources.errors import SourceError
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.files import open_inputs


def ingest(
    settings: Settings,
    products: pl.DataFrame,
    cutoffs: Sequence[dt.date],
    staging: Path,
    progress: Callable[[str], object],
) -> StagedLog:
    """Read what is new of the sales log.

    Parameters
    ----------
    settings
        Source layout, routes, divisions.
    products
        `dim_product`: one row per SKU.
    cutoffs
        The calendar, oldest first.
    staging
        Folder of staged blocks; what lies there already is not read again.
    progress
        Told how far it is.

    Raises
    ------
    SourceError
        When an input cannot be read, a configured column is missing, or the log has no rows.
    """
    log, base = settings.source.sales_log, settings.source_dir
    corrections = read_corrections(base / log.corrections if log.corrections else None)
    stage = Staging(staging, log, products["sku"].to_list(), corrections, progress)
    staged = StagedLog(
        stage.stage(open_inputs(log, base)),
        cutoffs,
        products,
        settings.source.taxonomy.routes,
        log.line_key,
    )
    if not staged.row_count:
        raise SourceError(f"{base / log.path}: the sales log has no rows.")
    if waiting := staged.waiting_count:
        progress(
            f"sales log: {waiting:,} rows were known after {cutoffs[-1]} and wait for later cutoffs"
        )
    return staged
