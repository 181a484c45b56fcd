"""The CRM's tables as of a cutoff: contacts, deals, do-not-contact, books, what was surfaced.

Each is declared once: which dates place a row in time, what may be there once, what contradicts
itself, and what of a row was not yet known. An ending that lies after the cutoff is hidden even
where it may have been planned: an export does not tell when it was written.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from gosales_assets.accounts.fields import Reading, fields_of
from gosales_assets.accounts.side_rows import SideRows, name_rows, read_side_rows, split_at
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.crm import (
    CRM_CONTACTS,
    CRM_DEALS,
    DO_NOT_CONTACT,
    REP_OWNERSHIP,
    SURFACING_LOG,
)
from gosales_resources.settings.accounts import ContactColumns
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.cells import finding_where
from gosales_resources.sources.side_tables import RawTable

# Derives the columns that say how a row stood at the cutoff.
AsOfColumns = Callable[[dt.date], Sequence[pl.Expr]]


@dataclass(frozen=True)
class CrmTable:
    """One table: its contract and what its dates mean."""

    contract: Contract
    known: tuple[str, ...]
    """Dates that must have passed before a row is known."""
    as_of: AsOfColumns
    unique: tuple[str, ...] = ()
    findings: tuple[pl.Expr, ...] = ()
    named_by: tuple[str, tuple[str, ...]] | None = None
    """A key column and the fields it is a hash of, where no field is a key: none that an ending
    after the cutoff would tell of."""


def read_crm(table: CrmTable, raw: RawTable, settings: Settings) -> SideRows:
    """Read one CRM table.

    Parameters
    ----------
    table
        Its declaration.
    raw
        The rows of its source.
    settings
        Column names, date formats, divisions; the source must be configured.

    Raises
    ------
    SourceError
        When a configured column is missing.
    """
    source = getattr(settings.source, table.contract.name)
    return read_side_rows(
        raw,
        fields_of(table.contract.schema, source.columns),
        Reading(table.contract.name, source.date_formats, settings.divisions.slugs, source.decimal),
        table.known,
        table.unique,
        table.findings,
    )


def build_crm_table(table: CrmTable, side: SideRows | None, cutoff: dt.date) -> pl.DataFrame:
    """Build one CRM table as of a cutoff.

    Parameters
    ----------
    table
        Its declaration.
    side
        All its rows; None where the source is not configured.
    cutoff
        As-of date.

    Returns
    -------
    polars.DataFrame
        The contract's columns, in a total order of all of them; empty without a source.
    """
    columns = table.contract.schema.columns()
    if side is None:
        return table.contract.schema.create_empty()
    frame = split_at(side, cutoff).usable.with_columns(table.as_of(cutoff))
    if table.named_by is not None:
        name, fields = table.named_by
        frame = frame.with_columns(name_rows(frame, fields).alias(name))
    return frame.select(list(columns)).sort(list(columns))


def _passed(column: str, cutoff: dt.date) -> pl.Expr:
    """Keep a date only where it lies no later than the cutoff."""
    return pl.when(pl.col(column) <= cutoff).then(column).alias(column)


def _spell(cutoff: dt.date) -> list[pl.Expr]:
    until = pl.col("until_date")
    return [_passed("until_date", cutoff), (until.is_null() | (until >= cutoff)).alias("is_active")]


def _deal(cutoff: dt.date) -> list[pl.Expr]:
    closed = pl.col("closed_date")
    # The stage of an export is the latest one; what a deal had come to by the cutoff is known
    # only where a date says so.
    reached = pl.coalesce("stage_date", "closed_date") <= cutoff
    return [
        _passed("closed_date", cutoff),
        _passed("stage_date", cutoff),
        pl.when(reached).then("stage").alias("stage"),
        (closed.is_null() | (closed > cutoff)).alias("is_open"),
    ]


def _surfaced(cutoff: dt.date) -> list[pl.Expr]:
    # Of what was not acted on by then nothing tells whether it ever was: a null would.
    acted = pl.col("action_date") <= cutoff
    return [
        _passed("action_date", cutoff),
        pl.coalesce(acted, "is_action_taken", pl.lit(value=False)).alias("is_action_taken"),
    ]


def _order(later: str, earlier: str) -> pl.Expr:
    return finding_where(pl.col(later) < pl.col(earlier), f"{later} is before {earlier}")


CRM_TABLES = (
    CrmTable(
        CRM_CONTACTS,
        known=("contact_date",),
        as_of=lambda _: (),
        named_by=("entry_id", tuple(ContactColumns.model_fields)),
    ),
    CrmTable(
        CRM_DEALS,
        known=("opened_date",),
        as_of=_deal,
        unique=("deal_id",),
        findings=(_order("closed_date", "opened_date"),),
    ),
    CrmTable(
        DO_NOT_CONTACT,
        known=("from_date",),
        as_of=_spell,
        unique=("customer_id", "from_date"),
        named_by=("spell_id", ("customer_id", "from_date")),
        findings=(_order("until_date", "from_date"),),
    ),
    CrmTable(
        REP_OWNERSHIP,
        known=("from_date",),
        as_of=_spell,
        unique=("customer_id", "rep", "from_date"),
        named_by=("spell_id", ("customer_id", "rep", "from_date")),
        findings=(_order("until_date", "from_date"),),
    ),
    CrmTable(
        SURFACING_LOG,
        known=("surfaced_date",),
        as_of=_surfaced,
        unique=("customer_id", "division", "surfaced_date"),
        findings=(_order("action_date", "surfaced_date"),),
    ),
)
