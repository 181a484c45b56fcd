"""From files nobody has described to a proposal.

Roles come from a sample; what a sample cannot know (the last date, a rare SKU, the one value that
tells days from months) comes from one pass over all rows.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import polars as pl

from gosales.onboarding.accounts import AccountsFinding, inspect_accounts
from gosales.onboarding.dates import DateFinding, find_date_formats
from gosales.onboarding.draft import Draft, draft_of
from gosales.onboarding.finding import Finding
from gosales.onboarding.money import find_currency, find_value
from gosales.onboarding.notes import (
    ignored_columns,
    late_columns,
    layout_notes,
    period_notes,
    refused_notes,
    unreadable_notes,
)
from gosales.onboarding.numbers import DecimalFinding, find_decimal
from gosales.onboarding.period import Period, propose_period
from gosales.onboarding.profile import share_of
from gosales.onboarding.proposal import InspectedFiles, Proposal
from gosales.onboarding.sample import NOT_TEXT, Sample, reopened, scan, take_sample
from gosales.onboarding.taxonomy import Taxonomy, derive_taxonomy, read_taxonomy, stub_taxonomy
from gosales.onboarding.totals import Totals
from gosales.onboarding.wide import find_amount
from gosales_resources.sources.cells import read_dates, text
from gosales_resources.sources.raw import ROW
from gosales_resources.sources.table import read_table

# A recording time before the order date in more rows than this is no recording time.
SLIPS = 0.02
NUMBERS = ("quantity", "revenue", "gross_profit", "unit_price", "discount")
TAXONOMY_NAME = "taxonomy.csv"


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
    sample = take_sample(inputs.log, base, inputs.rows)
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
    formats, dates = _formats(inputs, draft, totals)
    roles, recording = _checked_recording(draft, formats)
    measures = [column for role in NUMBERS if (column := draft.column(role))]
    numbers = sorted(draft.wide.columns) if draft.wide else measures
    given = DecimalFinding(inputs.decimal, "given") if inputs.decimal else None
    decimal = given or find_decimal(frame, numbers)
    mark = decimal.mark or "."
    amount, value = _value(draft, mark)
    money = find_currency(
        _counted(totals, draft.currency_columns), frame, numbers, mark, inputs.home_currency
    )
    late = late_columns(draft, totals)
    period = (
        propose_period(_days(draft, totals, formats)) if dates.certainty != "undecided" else None
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
            *layout_notes(draft),
            *refused_notes(draft, roles),
            *late,
            *recording,
            *money.findings,
            *unreadable_notes(frame, numbers, decimal.mark),
            *notes,
            *period_notes(period, dates),
        ],
    )


def _formats(inputs: InspectedFiles, draft: Draft, totals: Totals) -> tuple[list[str], Finding]:
    """Decide date formats over all values of both date columns."""
    if inputs.date_formats:
        shown = ", ".join(inputs.date_formats)
        return inputs.date_formats, Finding("date_formats", shown, "sure", "given")
    found: dict[str, DateFinding] = {}
    for column, tally in totals.dates.items():
        if draft.sample.frame[column].dtype.is_temporal():
            continue
        values = tally.result().drop_nulls().rows()
        found[column] = find_date_formats(values)
    if not found:
        why = "typed dates" if totals.dates else "no date column yet"
        return [], Finding("date_formats", None, "sure", why)
    for column, finding in found.items():
        if finding.undecided or not finding.formats:
            why = f"{column}: {finding.undecided or 'no format reads it'}"
            options = finding.formats
            return [], Finding("date_formats", None, "undecided", why, True, options)
    formats = list(dict.fromkeys(form for f in found.values() for form in f.formats))
    said = []
    for column, finding in found.items():
        bad = f" (not {', '.join(finding.unread[:2])})" if finding.unread else ""
        said.append(f"{column}: {finding.read_frac:.2%} read{bad}, {finding.why}")
    return formats, Finding("date_formats", ", ".join(formats), "sure", "; ".join(said))


def _checked_recording(
    draft: Draft, formats: list[str]
) -> tuple[dict[str, Finding], list[Finding]]:
    """Keep the recording time only if it is never before the order date."""
    ordered, recorded = draft.column("order_date"), draft.column("recorded_at")
    if not ordered or not recorded:
        return draft.roles, []
    frame = draft.sample.frame
    forms = formats or ["%Y-%m-%d"]
    moments = [read_dates(frame[c], forms)["moment"].cast(pl.Date) for c in (ordered, recorded)]
    both = pl.DataFrame({"ordered": moments[0], "recorded": moments[1]}).drop_nulls()
    early = share_of(both["recorded"] < both["ordered"])
    roles = {role: finding for role, finding in draft.roles.items() if role != "recorded_at"}
    if early > SLIPS:
        why = f"before the order date in {early:.1%} of the rows: no recording time"
        return roles, [Finding("recorded_at", recorded, "left out", why)]
    told = draft.roles["recorded_at"]
    why = f"{told.why}; before the order date in {early:.1%} of the rows"
    return {**roles, "recorded_at": dataclasses.replace(told, why=why)}, []


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


def _days(draft: Draft, totals: Totals, formats: list[str]) -> pl.DataFrame:
    column = draft.column("order_date")
    if column is None:
        return pl.DataFrame(schema={"day": pl.Date, "rows": pl.UInt32})
    counts = totals.dates[column].result()
    # Typed dates were counted as their ISO text.
    forms = formats or ["%Y-%m-%d", "%Y-%m-%d %H:%M:%S%.f"]
    days = read_dates(counts[column], forms)["moment"].cast(pl.Date)
    counted = pl.DataFrame({"day": days, "rows": counts["rows"]})
    return counted.group_by("day").agg(pl.col("rows").sum()).sort("day")


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
