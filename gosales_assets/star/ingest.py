"""From raw inputs to a staged log that increments are cut from."""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from gosales_assets.inputs import source_digest
from gosales_assets.star.corrections import read_corrections
from gosales_assets.star.increments import StagedLog
from gosales_assets.star.staging import Staging
from gosales_resources.errors import SourceError
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.streams import file_stamp
from gosales_resources.storage import replacing

# What the last reading came to: so that a plan need not read the log.
INDEX = "index.json"


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
    # Of the inputs before they are read: what changes after that is read the next time.
    state = _state(settings)
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
        raise SourceError(f"{log.place}: the sales log has no rows.")
    if waiting := staged.waiting_count:
        progress(
            f"sales log: {waiting:,} rows were known after {cutoffs[-1]} and wait for later cutoffs"
        )
    _remember(state, staging, staged)
    return staged


def recall_digests(
    settings: Settings, cutoffs: Sequence[dt.date], staging: Path
) -> dict[dt.date, str] | None:
    """Return the digest of each increment as of the last reading, None where it may be another.

    Nothing is read but the inputs' sizes and times of change, and the small sources.
    """
    path = staging / INDEX
    if not path.is_file():
        return None
    index = json.loads(path.read_text(encoding="utf-8"))
    digests = {dt.date.fromisoformat(day): digest for day, digest in index["digests"].items()}
    fits = index["state"] == _state(settings) and set(cutoffs) <= set(digests)
    return digests if fits else None


def _remember(state: dict[str, str | None], staging: Path, staged: StagedLog) -> None:
    if None not in state.values():
        digests = {cutoff.isoformat(): staged.digest(cutoff) for cutoff in staged.cutoffs}
        with replacing(staging / INDEX, "sales_log") as temporary:
            temporary.write_text(json.dumps({"state": state, "digests": digests}), encoding="utf-8")


def _state(settings: Settings) -> dict[str, str | None]:
    """Return what the digests follow from: inputs as they lie there, settings, taxonomy."""
    log, base = settings.source.sales_log, settings.source_dir
    inputs = {f"input {raw.name}": raw.stamp() for raw in open_inputs(log, base)}
    fixes = file_stamp(base / log.corrections) if log.corrections else "none"
    return inputs | {
        "settings": settings.content_hash(),
        "taxonomy": source_digest(settings, "taxonomy"),
        "corrections": fixes,
    }
