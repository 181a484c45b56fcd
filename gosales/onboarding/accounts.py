"""The customers file: identifiers, and attributes that were known before anything was sold.

An attribute that is only known later (last order, lifetime value, today's status) makes a model
that looks clairvoyant and is worthless; such columns are left out and named. When in doubt a
column is left out: a person can add it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from gosales.onboarding.dates import find_date_formats
from gosales.onboarding.finding import Finding, evidence
from gosales.onboarding.profile import Profile, profile, read_numbers, share_of
from gosales.onboarding.words import decoy_of, name_points, tokens
from gosales_resources.settings.base import slugify
from gosales_resources.sources.cells import text

NAMED = {
    "customer_name": "customername name accountname companyname firma kundenname nom nombre "
    "raisonsociale razonsocial clientname company kunde customer",
    "industry": "industry branche industrie sector vertical secteur industria naics sic",
    "sub_industry": "subindustry subsector subvertical unterbranche",
    "region": "region salesregion gebiet vertriebsgebiet",
    "territory": "territory salesterritory",
    "rep": "rep salesrep accountmanager accountowner owner vertreter betreuer kundenbetreuer",
    "known_since": "knownsince customersince accountcreated createdat createdon createddate "
    "accountcreateddate creationdate kundeseit angelegtam erstelltam clientdepuis clientedesde "
    "since opened accountopened",
}
LATER = (
    "last latest recent lifetime ltv clv total ytd ltm churn churned status active inactive current "
    "balance outstanding overdue orders purchases spend spent sales updated modified recency "
    "frequency score risk segment tier rank lost closed next letzte letzter letztes letzten gesamt "
    "umsatz aktiv inaktiv bestellungen aktuell saldo dernier derniere chiffre solde actif ultimo "
    "ultima activo"
)
LATER_VALUES = (
    "churned lost inactive active closed dormant won aktiv inaktiv verloren gekundigt gekuendigt "
    "actif inactif perdu activo inactivo perdido"
)
# The firm's own size, not what it spent with us.
FIRM = {"annual", "company", "firm", "employees", "jahresumsatz"}
PERSONAL = "gender sex age religion ethnicity race marital nationality geschlecht familienstand"
MOST_CATEGORIES = 50
OVERLAP = 0.3


@dataclass(frozen=True)
class AccountsFinding:
    """What was found in a customers file."""

    columns: dict[str, str]
    date_formats: list[str]
    numeric: list[str] = field(default_factory=list)
    categorical: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def inspect_accounts(
    frame: pl.DataFrame, log_ids: set[str], years: tuple[int, int] | None
) -> AccountsFinding:
    """Find identifiers and attributes of a customers file.

    Parameters
    ----------
    frame
        The whole table, one row per account.
    log_ids
        Customer ids of the log (some of them): the id column is the one that has them.
    years
        First and last year of the log: numbers that are years inside it look like later knowledge.

    Returns
    -------
    AccountsFinding
        Columns, formats and attributes, and a finding for every column of the table.
    """
    profiles = {c: profile(frame, c) for c in frame.columns}
    columns: dict[str, str] = {}
    findings = [_id_column(frame, profiles, log_ids)]
    if findings[0].value:
        columns["customer_id"] = findings[0].value
    formats: list[str] = []
    for role, words in NAMED.items():
        found = _named(profiles, words.split(), set(columns.values()))
        if found is None:
            continue
        if role == "known_since":
            dates = _dates(frame, found)
            if dates.undecided or dates.read_frac < 1:
                why = dates.undecided or f"not all are dates, as {', '.join(dates.unread[:2])}"
                findings.append(Finding("customers.known_since", found, "left out", why))
                continue
            formats = dates.formats if frame[found].dtype == pl.String else []
        columns[role] = found
        seen = evidence(profiles[found])
        findings.append(Finding(f"customers.{role}", found, "sure", seen))
    numeric, categorical = [], []
    settled = {*columns.values(), *(f.value for f in findings)}
    for name, found in profiles.items():
        if name in settled:
            continue
        reason = later_knowledge(found, frame[name], years) or _unusable(found, frame[name])
        if not reason and any(slugify(name) == slugify(other) for other in numeric + categorical):
            reason = "another attribute has the same name but for case and signs"
        if reason:
            findings.append(Finding("customers attribute", name, "left out", reason))
            continue
        is_number = found.kind == "number" and found.distinct > 2
        (numeric if is_number else categorical).append(name)
        kind = "numeric" if is_number else "categorical"
        personal = "personal: may you use it? " if set(PERSONAL.split()) & set(tokens(name)) else ""
        seen = f"{personal}{evidence(found)}"
        findings.append(Finding(f"{kind} attribute", name, "guessed", seen))
    return AccountsFinding(columns, formats, numeric, categorical, findings)


def later_knowledge(found: Profile, cells: pl.Series, years: tuple[int, int] | None) -> str | None:
    """Say why a column looks like something known only after the fact; None where it does not.

    Parameters
    ----------
    found
        What the column's values are.
    cells
        The column, one cell per account; null where blank.
    years
        First and last year of the log; None where it has no dates.

    Returns
    -------
    str or None
        The reason, in words.
    """
    words = tokens(found.name)
    told = [word for word in words if word in LATER.split()]
    if told == ["status"] and set(PERSONAL.split()) & set(words):
        return None
    if told and not (FIRM & set(words) and set(told) <= {"sales", "umsatz", "total", "gesamt"}):
        return f"its name says {told[0]!r}: looks like later knowledge"
    if found.kind == "date":
        return "a date: which event, and known when, nothing says"
    distinct = {"".join(tokens(value)) for value in cells.cast(pl.String).unique().drop_nulls()}
    if found.kind == "text" and len(distinct) <= 10 and distinct & set(LATER_VALUES.split()):
        value = min(distinct & set(LATER_VALUES.split()))
        return f"its values ({value}, ...) are a status as of now: looks like later knowledge"
    if found.kind == "number" and years and not found.has_fractions:
        numbers = read_numbers(cells).drop_nulls() / 1000
        inside = share_of(numbers.is_between(*years))
        if inside > 0.5:
            return f"years, mostly {years[0]} to {years[1]}, inside the log: looks like later knowledge"
    return None


def _unusable(found: Profile, cells: pl.Series) -> str | None:
    if found.kind == "empty" or found.distinct < 2:
        return "one value or none"
    if decoy_of(found.name) == "address":
        return "says who or where one account is"
    if tokens(found.name)[-1:] in (("id",), ("no",), ("nr",), ("number",), ("code",), ("key",)):
        return "an identifier"
    if found.kind == "number":
        return _unreadable(cells)
    if found.distinct > MOST_CATEGORIES or found.distinct > 0.5 * found.filled:
        return f"{found.distinct:,} different texts: too many for categories"
    return None


def _unreadable(cells: pl.Series) -> str | None:
    """Say why numbers cannot be attributes: those are read with a decimal point alone."""
    if cells.dtype != pl.String:
        return None
    unread = read_numbers(cells, ".").is_null() & cells.str.strip_chars().ne("")
    if unread.fill_null(value=False).any():
        return "not all cells are numbers with a decimal point, which attributes need"
    if _grouped_by_points(cells):
        return "numbers as 12.500: attributes are read with a decimal point, so as 12.5"
    return None


def _grouped_by_points(cells: pl.Series) -> bool:
    with_point = cells.drop_nulls().filter(cells.drop_nulls().str.contains(r"\."))
    return with_point.len() > 0 and bool(
        with_point.str.contains(r"^\s*\d{1,3}(\.\d{3})+\s*$").all()
    )


def _id_column(frame: pl.DataFrame, profiles: Mapping[str, Profile], log_ids: set[str]) -> Finding:
    overlap = {
        c: len(set(frame.select(text(c)).to_series().drop_nulls()) & log_ids) / max(len(log_ids), 1)
        for c, found in profiles.items()
        if found.kind in ("text", "number")
    }
    best = max(
        overlap, key=lambda c: (round(overlap[c], 3), name_points(c, "customer_id")), default=None
    )
    role = "customers.customer_id"
    if not log_ids:
        return Finding(role, None, "undecided", "follows once the log's customer is known")
    if best is None or overlap[best] < OVERLAP:
        share = f"; {best} has {overlap[best]:.0%}" if best else ""
        why = f"no column has the log's customer ids{share}"
        return Finding(role, None, "undecided", why, is_essential=True)
    found = profiles[best]
    if found.distinct < found.filled or found.filled < found.rows:
        why = (
            f"{best} has {overlap[best]:.0%} of the log's customers, but {found.filled:,} of "
            f"{found.rows:,} rows are filled and {found.distinct:,} distinct: an account must be "
            "there once"
        )
        return Finding(role, None, "undecided", why, is_essential=True, options=[best])
    why = f"has {overlap[best]:.1%} of the log's customers looked at; {evidence(found)}"
    return Finding(role, best, "sure", why)


def _named(profiles: Mapping[str, Profile], words: list[str], taken: set[str]) -> str | None:
    fits = [c for c in profiles if "".join(tokens(c)) in words and c not in taken]
    usable = [c for c in fits if profiles[c].kind != "empty"]
    return min(usable, key=lambda c: words.index("".join(tokens(c))), default=None)


def _dates(frame: pl.DataFrame, column: str):  # noqa: ANN202 (a DateFinding)
    counts = frame.select(v=text(column)).drop_nulls().group_by("v").agg(n=pl.len()).sort("v")
    return find_date_formats(counts.rows())
