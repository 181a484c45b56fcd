"""With which option of the command line an open decision is answered: ready to paste, or nothing."""

import re
import shlex

from gosales.onboarding.finding import Finding
from gosales.onboarding.roles import GIVEN_ROLES

# Beyond these a shell reads more than the letters.
PLAIN = re.compile(r"[\w.,:/@+=-]+", re.ASCII)
IN_DOUBLE_QUOTES = re.compile(r"[^\"$`\\!]+")


def answer(finding: Finding, taxonomy: str) -> str | None:
    """Return the options that decide a finding, joined by "or"; None where none is known to be right.

    Parameters
    ----------
    finding
        An open decision.
    taxonomy
        Path of the taxonomy, given or written.

    Returns
    -------
    str or None
        Text that a shell takes as it is.

    Examples
    --------
    >>> finding = Finding("sku", None, "undecided", "", options=["Item No", "EAN"])
    >>> answer(finding, "taxonomy.csv")
    '--is "sku=Item No" or --is sku=EAN'
    """
    options = finding.options
    if finding.what in GIVEN_ROLES:
        # An option of another role than the open one says which.
        given = [o if o.split("=")[0] in GIVEN_ROLES else f"{finding.what}={o}" for o in options]
        return " or ".join(f"--is {quoted(o)}" for o in given) or None
    named = {
        "date_formats": "--date-format",
        "home_currency": "--home-currency",
        "sheet": "--sheet",
        "table": "--table",
        "where": "--leave-out",
        "sign": "--negative",
    }
    if finding.what in named:
        given = [f"{named[finding.what]} {quoted(option)}" for option in options]
        if finding.what in ("where", "sign"):
            given = [" ".join(given), f"--keep {quoted(finding.value or '')}"]
        return " or ".join(given) or None
    if finding.what == "decimal":
        return '--decimal "," or --decimal "."'
    return f"--taxonomy {quoted(taxonomy)}, once filled in" if finding.what == "divisions" else None


def quoted(text: str) -> str:
    """Quote a word for a shell, in double quotes where any shell takes them.

    Examples
    --------
    >>> quoted("sku"), quoted("Item No"), quoted("a$b")
    ('sku', '"Item No"', "'a$b'")
    """
    if PLAIN.fullmatch(text):
        return text
    return f'"{text}"' if IN_DOUBLE_QUOTES.fullmatch(text) else shlex.quote(text)
