"""The leakage report: the tests of every run, one row each (SPEC section 6).

Its contract is declared with the models: it reads them, and promotion reads it.
"""

import dataframely as dy

from gosales_checks.verdicts.gauntlet import VERDICTS


class LeakageReport(dy.Schema):
    """What each leakage test of a run found of one target's model."""

    test = dy.String(primary_key=True, description="Name of the test (docs/leakage.md).")
    division = dy.String(description="Target.")
    cutoff = dy.Date(description="As-of date.")
    verdict = dy.String(
        check=lambda c: c.is_in(VERDICTS),
        description="PASS, FAIL, or NOT RUN: what could not be looked at is never PASS.",
    )
    figures = dy.String(description="The figures behind it; may be empty.")
    words = dy.String(min_length=1, description="What was found, or why it was not run.")
