"""The dates of a log: how they are written, which is the recording time, how many rows a day has."""

import dataclasses

import polars as pl

from gosales.onboarding.dates import (
    DateFinding,
    find_date_formats,
    find_given_formats,
    meant_days,
)
from gosales.onboarding.draft import Draft
from gosales.onboarding.finding import Finding
from gosales.onboarding.profile import share_of
from gosales.onboarding.proposal import InspectedFiles
from gosales.onboarding.totals import Totals
from gosales_resources.sources.cells import read_dates

# A recording time before the order date in more rows than this is no recording time.
SLIPS = 0.02


def decide_formats(
    inputs: InspectedFiles, draft: Draft, totals: Totals
) -> tuple[list[str], Finding]:
    """Decide date formats over all values of both date columns.

    Parameters
    ----------
    inputs
        Formats that a person gave are held against the values.
    draft
        Types of the columns.
    totals
        All values of the date columns.

    Returns
    -------
    tuple of list of str and Finding
        The formats, none where the dates come typed or are undecided; and how sure they are.
    """
    found: dict[str, DateFinding] = {}
    for column, tally in totals.dates.items():
        if draft.sample.frame[column].dtype.is_temporal():
            continue
        values = tally.result().drop_nulls().rows()
        given = inputs.date_formats
        found[column] = find_given_formats(values, given) if given else find_date_formats(values)
    if not found:
        why = "typed dates" if totals.dates else "no date column yet"
        shown = ", ".join(inputs.date_formats) or None
        return inputs.date_formats, Finding("date_formats", shown, "sure", why)
    for column, finding in found.items():
        if finding.undecided or not finding.formats:
            why = f"{column}: {finding.undecided or 'no format reads it'}"
            options = finding.formats
            return [], Finding("date_formats", None, "undecided", why, True, options)
    formats = list(dict.fromkeys(form for f in found.values() for form in f.formats))
    said = []
    for column, finding in found.items():
        bad = f" (not {', '.join(finding.unread[:2])})" if finding.unread else ""
        share = "" if inputs.date_formats else f"{finding.read_frac:.2%} read, "
        said.append(f"{column}: {share}{finding.why}{bad}")
    if meant := meant_days(formats):
        said.append(meant)
    is_sure = all(finding.is_sure for finding in found.values())
    certainty = "sure" if is_sure and not meant else "guessed"
    return formats, Finding("date_formats", ", ".join(formats), certainty, "; ".join(said))


def check_recording(draft: Draft, formats: list[str]) -> tuple[dict[str, Finding], list[Finding]]:
    """Keep the recording time only if it is never before the order date.

    Parameters
    ----------
    draft
        Roles and rows.
    formats
        Of text.

    Returns
    -------
    tuple of dict of Finding and list of Finding
        The roles, and what is said of a recording time that is none.
    """
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


def count_days(draft: Draft, totals: Totals, formats: list[str]) -> pl.DataFrame:
    """Count the rows of each order date.

    Parameters
    ----------
    draft
        Roles.
    totals
        All values of the date columns.
    formats
        Of text.

    Returns
    -------
    polars.DataFrame
        `day` and `rows`, sorted; empty without a column of order dates.
    """
    column = draft.column("order_date")
    if column is None:
        return pl.DataFrame(schema={"day": pl.Date, "rows": pl.UInt32})
    counts = totals.dates[column].result()
    # Typed dates were counted as their ISO text.
    forms = formats or ["%Y-%m-%d", "%Y-%m-%d %H:%M:%S%.f"]
    days = read_dates(counts[column], forms)["moment"].cast(pl.Date)
    counted = pl.DataFrame({"day": days, "rows": counts["rows"]})
    return counted.group_by("day").agg(pl.col("rows").sum()).sort("day")
