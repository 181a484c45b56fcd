"""The data behind a list, on its page: what came in, what was not used, how much is known."""

from collections.abc import Iterator

import polars as pl

from gosales_assets.delivery.listed import ListTerms
from gosales_assets.delivery.report_tables import ReportTables, ReportTerms
from gosales_assets.rendering.markup import Markup, join, tag
from gosales_assets.rendering.page_blocks import (
    banner,
    bullets,
    command,
    facts,
    paragraph,
    section,
    table,
)
from gosales_checks.contracts.accounts import SOURCE_LEDGER, SOURCE_REJECTS
from gosales_checks.contracts.enrichment import CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED
from gosales_checks.contracts.star import SALES_LEDGER, SALES_LOG_REJECTS
from gosales_checks.contracts.whitespace import LIST_METRICS
from gosales_checks.verdicts.coverage import measure_coverage

NAME, TITLE = "data", "The data behind it"
REASONS = 12
ROWS = ("rows_in", "rows_loaded", "rows_rejected", "rows_duplicate", "rows_left_out")
# Keys of `list_metrics` in words.
SIGNALS = {"lift": "market basket", "als": "similarity to owners"}
GATES = {
    "owned": "own it already",
    "active_asset": "have one that is in use",
    "do_not_contact": "asked not to be called",
    "recent_contact": "were called lately",
    "open_deal": "have an open deal",
    "region_mismatch": "sit in another region's book",
    "not_a_customer": "are no customers",
    "no_model": "have no model for the division",
}


def data_section(tables: ReportTables, terms: ListTerms, report: ReportTerms) -> Markup:
    """Return the part of the page.

    Parameters
    ----------
    tables
        Of the cutoff.
    terms, report
        What the list is of, and whether there is a company directory.
    """
    return section(
        NAME,
        TITLE,
        *_log(tables, terms),
        *_rejects(tables),
        *_beside(tables),
        *_coverage(tables, report),
        *_gates(tables),
    )


def _log(tables: ReportTables, terms: ListTerms) -> Iterator[Markup]:
    ledger = tables.of(SALES_LEDGER)
    if ledger is None or ledger.is_empty():
        yield banner(
            "warning",
            "What came in of the sales log is not stored for this date.",
            join("Make it: ", command(f"gosales materialize --cutoffs {terms.cutoff}")),
        )
        return
    sums = {name: int(ledger[name].sum()) for name in ROWS}
    through = ledger["log_through"].max()
    yield facts(
        [
            ("The sales log reaches to", str(through or "no day is known")),
            ("Rows of this period", f"{sums['rows_in']:,}"),
            ("Loaded", f"{sums['rows_loaded']:,}"),
            ("Rejected", f"{sums['rows_rejected']:,}"),
            ("Copies left out", f"{sums['rows_duplicate']:,}"),
        ]
    )
    yield paragraph(
        "A period is what became known since the date before. Every row is loaded, rejected with its "
        "reason, a counted copy, or left out by the settings.",
        quiet=True,
    )
    body = [
        [row["source_file"], *(f"{row[name]:,}" for name in ROWS), str(row["data_through"] or "")]
        for row in ledger.sort("source_file").iter_rows(named=True)
    ]
    titles = ["File", "Rows", "Loaded", "Rejected", "Copies", "Left out", "Reaches to"]
    yield table("The sales log, file by file", titles, body, range(1, 6))


def _rejects(tables: ReportTables) -> Iterator[Markup]:
    """Say why rows were not used; never what is in them."""
    found = tables.beside.get(SALES_LOG_REJECTS.name)
    if found is None:
        return
    yield from _reasons(found, "Why rows of the sales log were rejected")


def _reasons(rejects: pl.LazyFrame, caption: str) -> Iterator[Markup]:
    reasons = (
        rejects.group_by("reason")
        .agg(pl.len())
        .sort("len", "reason", descending=[True, False])
        .collect()
    )
    if reasons.is_empty():
        return
    body = [[reason, f"{rows:,}"] for reason, rows in reasons.head(REASONS).rows()]
    yield table(caption, ["Reason", "Rows"], body, [1])
    if reasons.height > REASONS:
        more, rows = reasons.height - REASONS, reasons["len"][REASONS:].sum()
        yield paragraph(f"And {more:,} other reasons, {rows:,} rows.", quiet=True)


def _beside(tables: ReportTables) -> Iterator[Markup]:
    ledger = tables.of(SOURCE_LEDGER)
    if ledger is None or ledger.is_empty():
        return
    names = ["rows_in", "rows_kept", "rows_rejected", "rows_later"]
    body = [
        [row["source"].replace("_", " "), *(f"{row[name]:,}" for name in names)]
        for row in ledger.sort("source").iter_rows(named=True)
    ]
    titles = ["Table", "Rows", "Used", "Rejected", "Known later"]
    yield table("Tables beside the sales log", titles, body, range(1, 5))
    if (rejects := tables.beside.get(SOURCE_REJECTS.name)) is not None:
        yield from _reasons(rejects, "Why rows of these tables were rejected")


def _coverage(tables: ReportTables, report: ReportTerms) -> Iterator[Markup]:
    pairs = []
    names = (CUSTOMER_ENRICHMENT.name, ENRICHMENT_UNMATCHED.name)
    if report.coverage is not None and all(name in tables.beside for name in names):
        found = measure_coverage(*(tables.beside[name] for name in names))
        shares = {"customers": found.customer_frac, "their value": found.value_frac}
        pairs += [
            (f"Found in the company directory, of {what}", f"{100 * share:.1f} %")
            for what, share in shares.items()
            if share is not None
        ]
    metrics = tables.of(LIST_METRICS)
    if metrics is not None:
        known = metrics.filter(measure="coverage_frac").sort("item")
        pairs += [
            (f"Candidates with a {SIGNALS.get(item, item)}", f"{100 * value:.1f} %")
            for item, value in known.select("item", "value").rows()
            if value is not None
        ]
    if pairs:
        yield tag("h3", "How much is known")
        yield facts(pairs)


def _gates(tables: ReportTables) -> Iterator[Markup]:
    metrics = tables.of(LIST_METRICS)
    if metrics is None:
        return
    kept = metrics.filter(measure="kept_off").sort("value", "item", descending=[True, False])
    off = metrics.filter(pl.col("value") == 1, measure="gate_off")["item"].sort().to_list()
    if kept.height:
        yield tag("h3", "Who is not on the list")
        yield bullets(
            f"{value:,.0f} {GATES.get(item, item)}"
            for item, value in kept.select("item", "value").rows()
        )
    if off:
        words = ", ".join(gate.replace("_", " ") for gate in off)
        yield paragraph(
            f"Not looked at, for want of a table or by the settings: {words}. Who calls should know.",
            quiet=True,
        )
