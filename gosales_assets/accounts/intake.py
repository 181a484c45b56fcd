"""What came in from the tables beside the sales log: all of them read, rejected, counted."""

import datetime as dt
import logging
import shutil
from collections.abc import Mapping
from typing import Any

import polars as pl

from gosales_assets.accounts.crm import CRM_TABLES, build_crm_table, read_crm
from gosales_assets.accounts.customers import read_customers
from gosales_assets.accounts.installed_base import count_assets, count_later
from gosales_assets.accounts.register import Register, stage_register
from gosales_assets.accounts.side_rows import SideRows, refuse_rejects, split_at
from gosales_checks.contracts.accounts import SIDE_SOURCES, SourceLedger, SourceRejects
from gosales_checks.freshness.code import code_of_modules
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.side_tables import read_raw
from gosales_resources.store.staged_folders import read_meta

STAGED_BY = "gosales_assets.accounts.register"
# Folder of staged registers.
REGISTER = "assets"
LOG = logging.getLogger("gosales")
CRM = {table.contract.name: table for table in CRM_TABLES}


def read_source(settings: Settings, name: str) -> SideRows | None:
    """Read one table beside the sales log, not the register, by the name of its setting.

    Returns
    -------
    SideRows or None
        None where the source is not configured.

    Raises
    ------
    SourceError
        When a file or a configured column is missing; in strict mode also when any row cannot be
        used.
    """
    side = _read(settings, name)
    if side is not None and settings.mode == "strict":
        refuse_rejects([side])
    return side


def read_register(settings: Settings) -> Register | None:
    """Stage the asset register; as `read_source`."""
    register = _register(settings)
    if register is not None and settings.mode == "strict":
        refuse_rejects([register])
    return register


def mend_register(settings: Settings) -> None:
    """Stage the asset register anew where what is staged of it is damaged; see `read_register`.

    Its table may be current, and then nothing else looks at what it was made from.
    """
    root = settings.staging_root / REGISTER
    folders = sorted(root.iterdir()) if root.is_dir() else []
    if damaged := [folder for folder in folders if read_meta(folder) is None]:
        _register(settings)
    for folder in (folder for folder in damaged if read_meta(folder) is None):
        LOG.warning("%s is damaged and of no use any more: it is removed", folder)
        shutil.rmtree(folder, ignore_errors=True)


def read_sources(settings: Settings) -> dict[str, SideRows | Register]:
    """Read every configured table beside the sales log.

    Raises
    ------
    SourceError
        As `read_source`, with the findings of all sources at once.
    """
    read = {
        name: _register(settings) if name == "assets" else _read(settings, name)
        for name in SIDE_SOURCES
    }
    sides = {name: side for name, side in read.items() if side is not None}
    if settings.mode == "strict":
        refuse_rejects(list(sides.values()))
    return sides


def build_source_rejects(sides: Mapping[str, SideRows | Register], cutoff: dt.date) -> pl.DataFrame:
    """List the unusable rows known at a cutoff.

    Parameters
    ----------
    sides
        Every configured source.
    cutoff
        As-of date.

    Returns
    -------
    polars.DataFrame
        `source_rejects`, sorted by source, file and row.
    """
    parts = [side.rejected_at(cutoff) for side in sides.values()]
    return pl.concat([SourceRejects.create_empty(), *parts]).sort(
        "source", "source_file", "source_row"
    )


def build_source_ledger(sides: Mapping[str, SideRows | Register], cutoff: dt.date) -> pl.DataFrame:
    """Count what became of the rows of each source at a cutoff.

    Parameters
    ----------
    sides
        Every configured source.
    cutoff
        As-of date.

    Returns
    -------
    polars.DataFrame
        `source_ledger`, sorted by source. Kept is counted in the table that was made, later in
        the dates of the rows, so that the sum is a test.
    """
    rows = [_count(name, side, cutoff) for name, side in sorted(sides.items())]
    return pl.DataFrame(rows, schema=SourceLedger.create_empty().schema, orient="row")


def _count(name: str, side: SideRows | Register, cutoff: dt.date) -> dict[str, Any]:
    if isinstance(side, Register):
        kept, later = count_assets(side, cutoff).assets, count_later(side, cutoff)
    else:
        later = side.rows.filter(pl.col("known_on") > cutoff).height
        kept = (
            build_crm_table(CRM[name], side, cutoff)
            if name in CRM
            else split_at(side, cutoff).usable
        ).height
    return {
        "source": name,
        "rows_in": side.rows_in,
        "rows_kept": kept,
        "rows_rejected": side.rejected_at(cutoff).height,
        "rows_later": later,
    }


def _register(settings: Settings) -> Register | None:
    source = settings.source.assets
    if source is None:
        return None
    root = settings.staging_root / REGISTER
    code = code_of_modules(settings, STAGED_BY)
    return stage_register(
        source, settings.source_dir, settings.divisions.slugs, root, code, settings.threads_used
    )


def _read(settings: Settings, name: str) -> SideRows | None:
    source = getattr(settings.source, name)
    if source is None:
        return None
    raw = read_raw(source, settings.source_dir)
    if not raw.columns:
        LOG.warning("source.%s: no file matches %s yet: taken as empty", name, source.path)
    if name == "customers":
        return read_customers(raw, source)
    return read_crm(CRM[name], raw, settings)
