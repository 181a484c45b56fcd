"""What programs made of identifiers on their way: exponents, and fractions of nought."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from gosales.onboarding.finding import Finding

ROLES = ("sku", "invoice_id", "customer_id")
EXPONENT = r"^\s*\d(?:[.,]\d+)?[eE]\+?\d{1,3}\s*$"
FLOAT = r"^\s*\d+\.0\s*$"
MOST = 0.5


def weigh_spellings(roles: Mapping[str, Finding], frame: pl.DataFrame) -> dict[str, Finding]:
    """Say which identifiers are not written as they were given.

    Parameters
    ----------
    roles
        Role -> finding.
    frame
        Rows of a sample.

    Returns
    -------
    dict of Finding
        The roles; those whose long numbers a spreadsheet rounded are guessed, with the reason.
    """
    told = dict(roles)
    for role in ROLES:
        finding = roles.get(role)
        if finding is None or finding.value is None:
            continue
        cells = frame[finding.value].drop_nulls()
        texts = cells.cast(pl.String)
        rounded = texts.filter(texts.str.contains(EXPONENT))
        if cells.dtype == pl.String and rounded.len():
            why = (
                f"{rounded.len():,} of {texts.len():,} are as {rounded[0]}, which is what a "
                "spreadsheet makes of a long number: several may have become one. Export the column "
                f"as text; {finding.why}"
            )
            told[role] = replace(finding, certainty="guessed", why=why)
        elif texts.str.contains(FLOAT).sum() > MOST * max(texts.len(), 1):
            example = texts[0]
            why = f"{finding.why}; kept as {example}, read as {example.strip().removesuffix('.0')}"
            told[role] = replace(finding, why=why)
    return told
