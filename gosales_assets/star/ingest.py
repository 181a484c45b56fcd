"""From raw inputs to a staged log that increments are cut from."""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from gosales_assets.star.corrections import read_corrections
from gosales_assets.star.increments import StagedLog
from gosales_assets.star.staging import StagedBlock, Staging, extent_of
from gosales_checks.contracts.star import SALES_LOG
from gosales_checks.freshness.code import code_of_modules
from gosales_checks.freshness.setting_values import declared_text
from gosales_resources.errors import SourceError
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.digest import source_digest
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import Extent
from gosales_resources.sources.streams import file_stamp
from gosales_resources.store.atomic import replacing

# What the last reading came to: so that a plan need not read the log.
INDEX = "index.json"
# What types rows, and what cuts increments from them: with all that they import.
STAGING = "gosales_assets.star.staging"
CUTTING = "gosales_assets.star.ingest"
State = dict[str, str | None]


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
    state = _state(settings)
    blocks, digests = _recall(staging, state), _digests(staging, state)
    if blocks is None:
        digests = {}
        corrections = read_corrections(base / log.corrections if log.corrections else None)
        known = _extents(staging, state)
        stage = Staging(
            staging,
            log,
            products["sku"].to_list(),
            corrections,
            progress,
            code_of_modules(settings, STAGING),
            settings.threads_used,
            known,
        )
        blocks = stage.stage(open_inputs(log, base))
    routes = settings.source.taxonomy.routes
    staged = StagedLog(
        blocks, cutoffs, products, routes, log.line_key, log.duplicates, known=digests
    )
    if not staged.row_count:
        elsewhere = "".join(raw.elsewhere() for raw in open_inputs(log, base))
        raise SourceError(f"{log.place}: the sales log has no rows.{elsewhere}")
    if waiting := staged.waiting_count:
        progress(
            f"sales log: {waiting:,} rows were known after {cutoffs[-1]} and wait for later cutoffs"
        )
    # An input that changed meanwhile is read again next time.
    if state == _state(settings):
        _remember(staging, state, staged)
    return staged


def recall_digests(
    settings: Settings, cutoffs: Sequence[dt.date], staging: Path
) -> dict[dt.date, str] | None:
    """Return the digest of each increment as of the last reading, None where it may be another.

    Nothing is read but the inputs' sizes and times of change, and the small sources.
    """
    digests = _digests(staging, _state(settings))
    return digests if digests and set(cutoffs) <= set(digests) else None


def _recall(staging: Path, state: State) -> list[StagedBlock] | None:
    """Return the blocks of the last reading, where nothing has changed since."""
    index = _index(staging, state)
    blocks = [StagedBlock.from_json(told, staging) for told in index["blocks"]]
    return blocks if blocks and all(block.is_whole for block in blocks) else None


def _digests(staging: Path, state: State) -> dict[dt.date, str]:
    told = _index(staging, state)["digests"]
    return {dt.date.fromisoformat(day): digest for day, digest in told.items()}


def _extents(staging: Path, state: State) -> dict[str, list[Extent]]:
    """Return how the inputs were cut into blocks the last time, up to what may be cut otherwise."""
    found: dict[str, list[Extent]] = {}
    unsettled: set[str] = set()
    index = _read_index(staging)
    # What other code wrote may read otherwise.
    is_ours = index.get("state", {}).get("code") == state["code"]
    for told in index["blocks"] if is_ours else []:
        name, extent = told["source_file"], extent_of(told)
        if extent is None:
            unsettled.add(name)
        elif name not in unsettled:
            found.setdefault(name, []).append(extent)
    return found


def _read_index(staging: Path) -> dict[str, Any]:
    path = staging / INDEX
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _index(staging: Path, state: State) -> dict[str, Any]:
    index = _read_index(staging)
    # A state that cannot be told (a database) is never known to be the same.
    fits = index.get("state") == state and None not in state.values()
    return index if fits else {"digests": {}, "blocks": []}


def _remember(staging: Path, state: State, staged: StagedLog) -> None:
    index = {
        "state": state,
        "digests": {cutoff.isoformat(): staged.digest(cutoff) for cutoff in staged.cutoffs},
        "blocks": [block.to_json(staging) for block in staged.blocks],
    }
    with replacing(staging / INDEX, "sales_log") as temporary:
        temporary.write_text(json.dumps(index), encoding="utf-8")


def _state(settings: Settings) -> State:
    """Return what the digests follow from: inputs as they lie there, settings, taxonomy, code."""
    log, base = settings.source.sales_log, settings.source_dir
    inputs = {f"input {raw.name}": raw.stamp() for raw in open_inputs(log, base)}
    fixes = file_stamp(base / log.corrections) if log.corrections else "none"
    return inputs | {
        # What the log declares, not the whole tree: a model's seed is no reason to read it again.
        "settings": declared_text(settings, SALES_LOG),
        "taxonomy": source_digest(settings, "taxonomy"),
        "corrections": fixes,
        "code": code_of_modules(settings, STAGING, CUTTING),
        # Its hashes name rows and cells.
        "polars": pl.__version__,
    }
