"""What a reader of the page must know first: warnings of what the list is made from, with remedies.

By the verdicts that the checks themselves go by, on what is stored: a page is the same whenever it is
made. What a blocking check finds has no page.
"""

import datetime as dt
from collections.abc import Iterator

import polars as pl

from gosales_assets.delivery.listed import Listed
from gosales_assets.delivery.report_tables import ReportTables, ReportTerms
from gosales_assets.rendering.markup import Markup, join
from gosales_assets.rendering.page_blocks import banner, command
from gosales_checks.contracts.drift import DRIFT, FEATURE_PSI, SCORE_KS
from gosales_checks.contracts.enrichment import CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED
from gosales_checks.contracts.star import SALES_LEDGER
from gosales_checks.contracts.whitespace import LIST_METRICS
from gosales_checks.verdicts.arrivals import judge_freshness
from gosales_checks.verdicts.coverage import coverage_breaches, measure_coverage

# What is known of a list on its day; shifts of outcomes come later and are told of the next one.
SHIFTS = {
    FEATURE_PSI: "what models go by has moved since they were trained",
    SCORE_KS: "chances are spread otherwise than in training",
}


def findings(listed: Listed, tables: ReportTables, report: ReportTerms) -> list[Markup]:
    """Return banners, the gravest first; none where all is well.

    Parameters
    ----------
    listed
        The rows of the list.
    tables
        Of the cutoff.
    report
        Bounds, and the names of divisions.
    """
    cutoff = listed.terms.cutoff
    return [
        *_empty(listed),
        *_late(tables, report, cutoff),
        *_uncovered(tables, report, cutoff),
        *_shifted(tables, report, cutoff),
        *_one_sided(tables, report),
    ]


def _empty(listed: Listed) -> Iterator[Markup]:
    if why := listed.empty_because:
        remedy = (
            "Give it seats, then make the list anew."
            if listed.ranked
            else "Look below at the models and at who is not on the list, and why."
        )
        yield banner("failure", why, remedy)


def _late(tables: ReportTables, report: ReportTerms, cutoff: dt.date) -> Iterator[Markup]:
    ledger = tables.of(SALES_LEDGER)
    if ledger is None:
        return
    last = ledger["log_through"].max()
    through = last if isinstance(last, dt.date) else None
    judged = judge_freshness(cutoff, through, report.complete_through, report.bounds)
    for told in judged.findings:
        yield banner(
            "warning",
            f"{told[0].upper()}{told[1:]}: what was sold since is not in the list.",
            join(
                "Put the missing files beside the others, then ",
                command(f"gosales materialize --cutoffs {cutoff}"),
                "; where the log is complete, say so in ",
                command("source.sales_log.complete_through"),
                ".",
            ),
        )


def _uncovered(tables: ReportTables, report: ReportTerms, cutoff: dt.date) -> Iterator[Markup]:
    names = (CUSTOMER_ENRICHMENT.name, ENRICHMENT_UNMATCHED.name)
    if report.coverage is None or any(name not in tables.beside for name in names):
        return
    found = measure_coverage(*(tables.beside[name] for name in names))
    floors = report.coverage
    for told in coverage_breaches(found, floors.customers_min, floors.value_min):
        yield banner(
            "warning",
            f"{told}.",
            join(
                "See who was not found: ",
                command(f"gosales show enrichment_unmatched --cutoff {cutoff}"),
            ),
        )


def _shifted(tables: ReportTables, report: ReportTerms, cutoff: dt.date) -> Iterator[Markup]:
    drift = tables.of(DRIFT)
    if drift is None:
        return
    for measure, words in SHIFTS.items():
        alarms = drift.filter(
            "is_alarm", pl.col("division").is_in(list(report.targets)), measure=measure
        )
        if alarms.is_empty():
            continue
        names = [report.targets[one] for one in alarms["division"].unique().sort()]
        yield banner(
            "warning",
            f"In {len(names)} of {len(report.targets)} divisions {words} ({', '.join(names)}): their "
            "chances may be off.",
            join("Look at them: ", command(f"gosales metrics --cutoffs {cutoff}")),
        )


def _one_sided(tables: ReportTables, report: ReportTerms) -> Iterator[Markup]:
    metrics = tables.of(LIST_METRICS)
    if metrics is None:
        return
    shares = dict(metrics.filter(measure="selected_frac").select("item", "value").rows())
    above = metrics.filter(pl.col("value") == 1, measure="share_above_max")["item"].sort()
    for division in above:
        yield banner(
            "warning",
            f"{report.targets.get(division, division)} has {100 * shares[division]:.0f} % of the "
            "selected rows.",
            join("Where all are to be called: ", command("whitespace.capacity.mode: hybrid")),
        )
