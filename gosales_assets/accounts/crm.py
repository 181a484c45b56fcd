"""The CRM's tables as of a cutoff: contacts, deals, do-not-contact, books, what was surfaced.

Each is declared once: which dates place a row in time, what may be there once, what contradicts
itself, and what of a row was not yet known. An ending that lies after the cutoff is hidden even
where it may have been planned: an export does not tell when it was written.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from gosales_assets.accounts.fields import Reading, fields_of
from gosales_assets.accounts.side_rows import SideRows, name_rows, read_side_rows, split_at
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.crm import (
    CRM_CONTACTS,
    CRM_DEALS,
    DO_NOT_CONTACT,
    LIST_OUTCOMES,
    REP_OWNERSHIP,
    SURFACING_LOG,
)
from gosales_resources.settings.accounts import ContactColumns, OutcomeColumns, OutcomeSource
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
    worded: str | None = None
    """A field whose words the settings say the meaning of."""


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
    fields = fields_of(table.contract.schema, source.columns)
    words = source.words if isinstance(source, OutcomeSource) else {}
    findings = table.findings
    if table.worded is not None:
        findings = (*findings, _unknown_word(table.worded, words))
    if not raw.columns:
        # No file is there yet.
        named = {field.column: pl.String for field in fields if field.column is not None}
        raw = replace(
            raw, frame=raw.frame.with_columns(pl.lit(None, t).alias(n) for n, t in named.items())
        )
    side = read_side_rows(
        raw,
        fields,
        Reading(table.contract.name, source.date_formats, settings.divisions.slugs, source.decimal),
        table.known,
        table.unique,
        findings,
    )
    if table.worded is None:
        return side
    meant = _word(table.worded).replace_strict(words, default=None, return_dtype=pl.String)
    return replace(side, rows=side.rows.with_columns(meant.alias(table.worded)))


def _word(column: str) -> pl.Expr:
    return pl.col(column).str.to_lowercase().str.strip_chars()


def _unknown_word(column: str, words: Mapping[str, str]) -> pl.Expr:
    said = pl.format(
        "{} '{}' is none of {}", pl.lit(column), pl.col(column), pl.lit(", ".join(sorted(words)))
    )
    return pl.when(pl.col(column).is_not_null() & ~_word(column).is_in(list(words))).then(said)


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
        # Copies are numbered in an order that their rows in the files have no part in.
        frame = frame.sort([column for column in columns if column != name])
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
        # Two lists may surface the same on one day: what was acted on is said by either.
        named_by=("entry_id", ("customer_id", "division", "surfaced_date")),
        findings=(_order("action_date", "surfaced_date"),),
    ),
    CrmTable(
        LIST_OUTCOMES,
        known=("outcome_date",),
        as_of=lambda _: (),
        named_by=("entry_id", tuple(OutcomeColumns.model_fields)),
        worded="outcome",
    ),
)
