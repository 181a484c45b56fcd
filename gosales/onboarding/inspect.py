"""From files nobody has described to a proposal.

Roles come from a sample; what a sample cannot know (the last date, a rare SKU, the one value that
tells days from months) comes from one pass over all rows.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import polars as pl

from gosales.onboarding.accounts import AccountsFinding, inspect_accounts
from gosales.onboarding.draft import Draft, draft_of
from gosales.onboarding.finding import Finding
from gosales.onboarding.log_dates import check_recording, count_days, decide_formats
from gosales.onboarding.money import find_currency, find_value
from gosales.onboarding.notes import (
    ignored_columns,
    late_columns,
    layout_notes,
    period_notes,
    place_notes,
    refused_notes,
    unreadable_notes,
)
from gosales.onboarding.numbers import DecimalFinding, find_decimal
from gosales.onboarding.period import Period, propose_period
from gosales.onboarding.proposal import InspectedFiles, Proposal
from gosales.onboarding.row_kinds import nobody_findings, row_findings
from gosales.onboarding.sample import NOT_TEXT, Sample, reopened, scan, take_sample
from gosales.onboarding.taxonomy import Taxonomy, derive_taxonomy, read_taxonomy, stub_taxonomy
from gosales.onboarding.taxonomy_file import TAXONOMY_NAME
from gosales.onboarding.totals import Totals
from gosales.onboarding.wide import find_amount
from gosales_resources.sources.cells import text
from gosales_resources.sources.raw import ROW
from gosales_resources.sources.table import read_table

# Roles whose cells are read as numbers.
NUMBERS = ("quantity", "revenue", "gross_profit", "unit_price", "discount")


def inspect(inputs: InspectedFiles, base: Path, progress: Callable[[str], object]) -> Proposal:
    """Propose settings for a source.

    Parameters
    ----------
    inputs
        Files, and what a person has decided.
    base
        Folder that relative paths start from.
    progress
        Told what is being read.

    Raises
    ------
    SourceError
        When a file cannot be read in any of the ways there are.
    SettingsError
        When a column was given that is not there.
    """
    sample = take_sample(inputs.log, base, inputs.rows, inputs.sheet, inputs.table)
    progress(f"{sample.frame.height:,} rows looked at for columns; now all of them for the rest")
    taxonomy = _read(inputs.taxonomy, inputs.rows, base)
    draft = draft_of(inputs, sample, _named_skus(sample, taxonomy))
    totals = draft.totals()
    counted = scan(sample, base, totals.columns, totals.add, progress)
    if counted.problems[NOT_TEXT] and sample.source.encoding == "utf8":
        # The first bytes that are no UTF-8 came later than the sample.
        sample = dataclasses.replace(sample, source=reopened(sample, "cp1252"))
        draft, totals = dataclasses.replace(draft, sample=sample), draft.totals()
        counted = scan(sample, base, totals.columns, totals.add, progress)
    problems = [
        Finding("rows", None, "left out", f"{count:,} row(s) will be rejects: {problem}")
        for problem, count in sorted(counted.problems.items())
    ]
    accounts = _read(inputs.customers, inputs.rows, base)
    return _decide(inputs, draft, totals, counted.rows, problems, taxonomy, accounts)


@dataclasses.dataclass(frozen=True)
class _Table:
    """A small file, read whole."""

    sample: Sample
    frame: pl.DataFrame


def _read(path: str | None, rows: int, base: Path) -> _Table | None:
    if path is None:
        return None
    sample = take_sample(path, base, rows)
    return _Table(sample, read_table(sample.source, base).drop(ROW))


def _named_skus(sample: Sample, taxonomy: _Table | None) -> set[str]:
    """Return the columns of a wide log that a taxonomy calls SKUs."""
    if taxonomy is None:
        return set()
    headers = set(sample.header)
    found = [headers & set(taxonomy.frame[c].cast(pl.String)) for c in taxonomy.frame.columns]
    return max(found, key=len, default=set())


def _decide(
    inputs: InspectedFiles,
    draft: Draft,
    totals: Totals,
    rows: int,
    notes: list[Finding],
    taxonomy: _Table | None,
    customers: _Table | None,
) -> Proposal:
    frame = draft.sample.frame
    formats, dates = decide_formats(inputs, draft, totals)
    roles, recording = check_recording(draft, formats)
    measures = [column for role in NUMBERS if (column := draft.column(role))]
    numbers = sorted(draft.wide.columns) if draft.wide else measures
    given = DecimalFinding(inputs.decimal, "given") if inputs.decimal else None
    decimal = given or find_decimal(frame, numbers)
    mark = decimal.mark or "."
    amount, value = _value(draft, mark)
    money = find_currency(
        _counted(totals, draft.currency_columns),
        totals.sign_counts(),
        mark,
        inputs.home_currency,
        list(totals.signs),
    )
    late = late_columns(draft, totals)
    period = (
        propose_period(count_days(draft, totals, formats))
        if dates.certainty != "undecided"
        else None
    )
    certainty = "sure" if decimal.mark else "undecided"
    return Proposal(
        inputs=inputs,
        log=draft.sample,
        looked_at=rows,
        layout=draft.layout,
        roles=roles,
        date_formats=dates,
        formats=formats,
        decimal=Finding("decimal", decimal.mark, certainty, decimal.why, is_essential=True),
        uses_currency=money.use_columns,
        value=value,
        amount=amount,
        wide=draft.wide,
        ignored=ignored_columns(
            draft, roles, {f.value for f in late}, uses_currency=money.use_columns
        ),
        period=period,
        taxonomy=_taxonomy(draft, totals, taxonomy),
        taxonomy_sample=taxonomy.sample if taxonomy else None,
        accounts=_accounts(draft, period, customers),
        accounts_sample=customers.sample if customers else None,
        notes=[
            *place_notes(draft),
            *layout_notes(draft),
            *refused_notes(draft, roles),
            *late,
            *recording,
            *money.findings,
            *_of_rows(inputs, draft),
            *unreadable_notes(frame, numbers, decimal.mark),
            *notes,
            *period_notes(period, dates),
        ],
    )


def _of_rows(inputs: InspectedFiles, draft: Draft) -> list[Finding]:
    """Ask about cancelled rows, credit memos and customers who are nobody."""
    columns = {role: f.value for role, f in draft.roles.items() if f.value}
    settled = [*inputs.leave_out, *inputs.negative, *inputs.keep]
    frame = draft.sample.frame
    return [
        *row_findings(frame, draft.profiles, columns, settled),
        *nobody_findings(frame, columns, inputs.not_customers),
    ]


def _value(draft: Draft, mark: str) -> tuple[str, Finding]:
    frame = draft.sample.frame
    if draft.wide is None:
        profit, revenue, price, quantity = (
            draft.column(role) for role in ("gross_profit", "revenue", "unit_price", "quantity")
        )
        if price and not profit and not revenue:
            finding = Finding("value", "revenue", "sure", f"{price} x {quantity}, discounted")
            return "revenue", finding
        return "gross_profit", find_value(frame, profit, revenue, quantity, mark)
    amount, finding = find_amount(frame, draft.wide, mark)
    return amount, dataclasses.replace(finding, what="amount and value")


def _counted(totals: Totals, columns: list[str]) -> pl.DataFrame | None:
    tally = totals.groups.get(tuple(columns))
    return tally.result() if tally else None


def _taxonomy(draft: Draft, totals: Totals, given: _Table | None) -> Taxonomy:
    pairs = _counted(totals, draft.sku_columns)
    if draft.wide:
        table = pl.DataFrame({"sku": draft.wide.skus}, schema={"sku": pl.String})
    elif pairs is None:
        table = pl.DataFrame(schema={"sku": pl.String})
    else:
        sku, name = draft.sku_columns[0], draft.sku_columns[-1]
        frequent = pairs.drop_nulls(sku).sort(sku, "rows", name, descending=[False, True, False])
        table = frequent.unique(sku, keep="first", maintain_order=True).select(
            sku=sku, **({"product_name": name} if name != sku else {})
        )
    if given is not None:
        found = read_taxonomy(given.frame, set(table["sku"]))
        return _with_strays(found, draft, given.frame)
    if pairs is not None and (division := draft.division):
        family = draft.column("family")
        return derive_taxonomy(
            pairs, draft.sku_columns[0], division, family if family != division else None
        )
    return stub_taxonomy(table, TAXONOMY_NAME)


def _with_strays(found: Taxonomy, draft: Draft, frame: pl.DataFrame) -> Taxonomy:
    """Say which columns of a wide log the star phase would refuse: alone and in no taxonomy."""
    sku = found.columns.get("sku")
    if draft.wide is None or sku is None:
        return found
    known = set(frame.select(text(sku)).to_series())
    strays = sorted(set(draft.wide.amounts) - set(draft.wide.quantities) - known)
    if not strays:
        return found
    why = f"{', '.join(strays)}: no quantity beside it and not in the taxonomy: add it there"
    finding = Finding("taxonomy.strays", None, "undecided", why, is_essential=True)
    return dataclasses.replace(found, findings=[*found.findings, finding])


def _accounts(draft: Draft, period: Period | None, given: _Table | None) -> AccountsFinding | None:
    if given is None:
        return None
    customer = draft.column("customer_id")
    frame = draft.sample.frame
    ids = set(frame.select(text(customer)).to_series().drop_nulls()) if customer else set()
    years = (period.first.year, period.last.year) if period else None
    return inspect_accounts(given.frame, ids, years)
