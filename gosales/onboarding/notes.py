"""What is said about a log as a whole: its layout, what cannot be read, its calendar."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from gosales.onboarding.draft import Draft
from gosales.onboarding.finding import Finding
from gosales.onboarding.measures import MONEY
from gosales.onboarding.period import Period
from gosales.onboarding.profile import read_numbers
from gosales.onboarding.proposal import written_roles
from gosales.onboarding.totals import Totals
from gosales_resources.sources.cells import text

CODE_PAGES = ("cp1252", "latin1")
# A sign that is no letter in the middle of a word: the bytes are of another code page.
ODD_INSIDE = r"\p{L}[^\p{L}\x00-\x7f\x{2019}]\p{L}|[\x{80}-\x{9f}]"
MOSTLY_ODD = 0.3


def ignored_columns(
    draft: Draft, roles: Mapping[str, Finding], late: set[str | None], *, uses_currency: bool
) -> list[str]:
    """Return the columns of a wide log that the settings map to nothing: they must name them.

    Parameters
    ----------
    draft
        Its SKU columns.
    roles
        Role -> finding, as they will be written.
    late
        Columns that a person must decide.
    uses_currency
        The currency columns are mapped.

    Returns
    -------
    list of str
        In the order of the header; none of a long log.
    """
    if draft.wide is None:
        return []
    written = written_roles(is_wide=True, uses_currency=uses_currency)
    mapped = {roles[role].value for role in written if role in roles}
    used = draft.wide.columns | mapped | late
    return [name for name in draft.sample.header if name not in used]


def late_columns(draft: Draft, totals: Totals) -> list[Finding]:
    """Name the columns that are empty in the sample and filled further on: new SKUs, perhaps."""
    findings = []
    for column in draft.unseen:
        filled = totals.groups[(column,)].result().drop_nulls(column)
        if rows := int(filled["rows"].sum()):
            why = (
                f"empty in the sample and filled in {rows:,} row(s), as {filled[column][0]!r}: a "
                "SKU belongs into the taxonomy, anything else into ignored_columns"
            )
            finding = Finding("sku or ignored", column, "undecided", why, is_essential=True)
            findings.append(finding)
    return findings


def place_notes(draft: Draft) -> list[Finding]:
    """Say which sheet is read, and that a code page is a guess."""
    sample, found = draft.sample, []
    if sample.elsewhere:
        why = f"{sample.elsewhere} On the command line: --sheet"
        certainty = "sure" if sample.source.sheet else "guessed"
        found.append(Finding("sheet", sample.source.sheet or "the first", certainty, why))
    if sample.source.encoding in CODE_PAGES:
        why = "not UTF-8, and a code page is a guess: are the letters right"
        words = _beyond_ascii(sample.frame)
        odd = words.filter(words.str.contains(ODD_INSIDE))
        if odd.len() > MOSTLY_ODD * words.len():
            why = f"letters come out wrong, as {odd[0]!r}: save the file as UTF-8"
            found.append(Finding("encoding", sample.source.encoding, "undecided", why))
        elif words.len():
            why += f" in {' | '.join(words.unique(maintain_order=True).head(3))}"
            found.append(Finding("encoding", sample.source.encoding, "guessed", f"{why}?"))
    return found


def _beyond_ascii(frame: pl.DataFrame) -> pl.Series:
    """Return the words of a sample with letters beyond ASCII."""
    texts = [frame[c].drop_nulls() for c in frame.columns if frame[c].dtype == pl.String]
    cells = pl.concat([t.alias("cell") for t in texts]) if texts else pl.Series([], dtype=pl.String)
    return cells.str.extract(r"(\S*[^\x00-\x7f]\S*)").drop_nulls()


def layout_notes(draft: Draft) -> list[Finding]:
    """Say which layout the log has."""
    if draft.layout is None:
        # What is open is the article, which is asked for.
        why = "no column with articles, and no pairs of amount and quantity columns"
        return [Finding("layout", None, "undecided", why)]
    if draft.wide:
        wide = draft.wide
        both = len(set(wide.quantities) & set(wide.amounts))
        alone = sorted(set(wide.quantities) - set(wide.amounts))
        why = f"{both} pairs X and X{wide.suffix}, {len(wide.skus)} SKUs" + (
            f"; quantity alone: {', '.join(alone)}" if alone else ""
        )
        return [Finding("layout", "wide", "sure", why)]
    return [Finding("layout", "long", "sure", f"articles are in {draft.column('sku')}")]


def refused_notes(draft: Draft, roles: Mapping[str, Finding]) -> list[Finding]:
    """Say which columns are named like a role and were not taken, where its TODO does not."""
    return [
        replace(finding, why=f"named like one, but {finding.why}")
        for finding in draft.refused
        if not (finding.what in roles and roles[finding.what].blocks)
        and not (finding.what in MONEY and "revenue" in roles and roles["revenue"].blocks)
    ]


def unreadable_notes(frame: pl.DataFrame, columns: list[str], mark: str | None) -> list[Finding]:
    """Say which number columns have cells that will be rejects.

    Parameters
    ----------
    frame
        Rows of a sample.
    columns
        Those that hold numbers.
    mark
        Decimal mark; None where it could not be told, and then there are no notes.

    Returns
    -------
    list of Finding
        One for each column with such cells, in the order of `columns`.
    """
    findings = []
    for column in columns if mark else []:
        if frame[column].dtype != pl.String:
            continue
        cells = frame.select(text(column)).to_series()
        bad = cells.filter(cells.is_not_null() & read_numbers(cells, mark).is_null())
        if bad.len():
            why = f"{bad.len():,} of {cells.count():,} cells are no number, as {bad[0]!r}: rejects"
            findings.append(Finding("unreadable", column, "left out", why))
    return findings


def period_notes(period: Period | None, dates: Finding) -> list[Finding]:
    """Say what the dates suggest."""
    if period is None:
        # What is open is the column of dates or its formats, which are asked for.
        why = "follows once the dates can be read" if dates.certainty == "undecided" else "no dates"
        return [Finding("calendar", None, "undecided", why)]
    span = f"{period.first} to {period.last}, {period.date_count:,} order dates"
    if period.start is None:
        why = f"{span}: too short for a single cutoff with any history"
        return [Finding("calendar", None, "undecided", why, is_essential=True)]
    every = "monthly" if period.cadence_months == 1 else "quarterly"
    found = [Finding("calendar", f"{period.start} to {period.end} {every}", "guessed", span)]
    why = "the last order date, or the end of its month when that is near. Confirm"
    found.append(Finding("complete_through", str(period.complete_through), "guessed", why))
    if period.outside:
        why = f"{period.outside:,} row(s) are dated far from all others: slips?"
        found.append(Finding("order_date", None, "left out", why))
    return found
