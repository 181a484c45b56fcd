"""Verdicts of the leakage gauntlet: one result a test, with figures and words (SPEC section 6)."""

from collections.abc import Iterable
from dataclasses import dataclass

from gosales_resources.markdown import escape, paragraph, table

PASS, FAIL, NOT_RUN = "PASS", "FAIL", "NOT RUN"
VERDICTS = (PASS, FAIL, NOT_RUN)


@dataclass(frozen=True)
class Result:
    """What came of one test."""

    test: str
    verdict: str
    """PASS, FAIL or NOT RUN; what could not be looked at is never PASS."""
    words: str
    """What was found, or why it was not run."""
    figures: str = ""
    """The figures behind it."""


def failed(results: Iterable[Result]) -> list[Result]:
    """Return the results that found a leak."""
    return [one for one in results if one.verdict == FAIL]


def report_of(title: str, facts: Iterable[tuple[str, str]], results: Iterable[Result]) -> str:
    """Write results as a page for an auditor, in Markdown.

    Parameters
    ----------
    title
        What was tested.
    facts
        What it was tested on and under: name and value.
    results
        In the order of the tests.
    """
    found = list(results)
    counts = {verdict: sum(one.verdict == verdict for one in found) for verdict in VERDICTS}
    summary = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    parts = [
        f"# {escape(title)}",
        table(["", "what"], list(facts)),
        f"## Result: {summary}",
        table(["test", "verdict", "figures"], [(r.test, r.verdict, r.figures) for r in found]),
        *(f"### {r.test}: {r.verdict}\n\n{paragraph(r.words)}" for r in found),
    ]
    return "\n\n".join(parts) + "\n"
