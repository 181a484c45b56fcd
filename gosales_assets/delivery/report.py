"""The page of a list: what stands where; each part is a module of its own."""

from collections.abc import Sequence

from gosales_assets.delivery.columns import shown_columns
from gosales_assets.delivery.exports_card import CARD, write_card
from gosales_assets.delivery.listed import Listed, ListTerms
from gosales_assets.delivery.report_brought import NAME as BROUGHT
from gosales_assets.delivery.report_brought import TITLE as BROUGHT_TITLE
from gosales_assets.delivery.report_brought import brought_section
from gosales_assets.delivery.report_data import NAME as DATA
from gosales_assets.delivery.report_data import TITLE as DATA_TITLE
from gosales_assets.delivery.report_data import data_section
from gosales_assets.delivery.report_findings import findings
from gosales_assets.delivery.report_models import NAME as MODELS
from gosales_assets.delivery.report_models import TITLE as MODELS_TITLE
from gosales_assets.delivery.report_models import models_section
from gosales_assets.delivery.report_rows import build_list_table
from gosales_assets.delivery.report_tables import ReportTables, ReportTerms
from gosales_assets.rendering.markup import Markup, join, tag
from gosales_assets.rendering.page_blocks import (
    banner,
    bullets,
    command,
    opens,
    paragraph,
    section,
    table,
)
from gosales_assets.rendering.report_list import ListTable, list_table
from gosales_assets.rendering.report_page import render_page
from gosales_checks.contracts.delivery import REPORT
from gosales_checks.contracts.movement import LIST_MOVEMENT
from gosales_resources.settings.delivery import DeliverySettings

FILE = "list.html"
# What can be mailed.
MOST_BYTES = 5_000_000
# Head, style, script, controls, and what is said of rows that there is no room for.
ROUND_THE_ROWS = 100_000


def build_report(
    tables: ReportTables, terms: ListTerms, report: ReportTerms, settings: DeliverySettings
) -> dict[str, bytes]:
    """Write the page of a list.

    Parameters
    ----------
    tables
        The list and what is stored beside it.
    terms, report
        What it is of; bounds and names.
    settings
        Which rows and columns, decimals of money.

    Returns
    -------
    dict of str to bytes
        `list.html`, at most 5 MB, and the card, `exports.json`. Equal tables give equal bytes.
    """
    listed = Listed.of(tables.whitespace, terms, settings.rows)
    others = {
        BROUGHT: (BROUGHT_TITLE, brought_section(tables, terms, settings.decimals)),
        MODELS: (MODELS_TITLE, models_section(tables, terms, report)),
        DATA: (DATA_TITLE, data_section(tables, terms, report)),
    }
    foot = _foot(tables)
    taken = len(foot.encode()) + sum(len(part.encode()) for _, part in others.values())
    rows = build_list_table(
        listed, tables.of(LIST_MOVEMENT), settings, MOST_BYTES - ROUND_THE_ROWS - taken
    )
    parts = {"list": ("The list", _list(listed, rows, settings))} | others
    content = render_page(
        f"Whom to call about what, as of {terms.cutoff}", _lead(listed, tables, report), parts, foot
    )
    return {
        FILE: content,
        CARD: write_card(terms.cutoff, {REPORT: {FILE: (content, len(rows.rows))}}),
    }


def _lead(listed: Listed, tables: ReportTables, report: ReportTerms) -> list[Markup]:
    terms = listed.terms
    told = paragraph(
        f"{listed.ranked:,} rows are ranked, {listed.selected:,} of them are selected: within the "
        f"capacity. A chance is that of a purchase in the division within {terms.months} months "
        f"after {terms.cutoff}. Money is in {terms.currency}."
    )
    warned = tag("div", *findings(listed, tables, report), class_="for-all")
    return [told, warned]


def _list(listed: Listed, rows: ListTable, settings: DeliverySettings) -> Markup:
    return section(
        "list",
        "The list",
        *_left_out(listed, rows, settings),
        list_table(rows) if rows.rows else None,
        _base_rates(listed),
        _explained(rows, listed, settings),
    )


def _left_out(listed: Listed, rows: ListTable, settings: DeliverySettings) -> Sequence[Markup]:
    """Say which rows are here and where the others are, where not all are."""
    if len(rows.rows) == listed.rows.height:
        return []
    files = {"csv": "list.csv", "parquet": "list.parquet", "jsonl": "list.jsonl"}
    beside = [name for kind, name in files.items() if kind in settings.kinds]
    cutoff = listed.terms.cutoff
    words, line = f"All are in {' and in '.join(beside)}, in the same order: ", "gosales export"
    if not beside:
        words, line = "See all: ", "gosales list --format csv"
    where = join(words, command(f"{line} --cutoff {cutoff}"))
    return [
        banner(
            "info",
            f"The first {len(rows.rows):,} of {listed.rows.height:,} rows, by rank: the page has "
            "room for no more.",
            where,
        )
    ]


def _base_rates(listed: Listed) -> Markup | None:
    """Return what cannot be ranked, apart from what is."""
    if not listed.base_rates:
        return None
    return tag(
        "div",
        tag("h3", "Cannot be ranked"),
        paragraph(
            "In these divisions the past does not tell one customer from another: no order of them "
            "is better than any other. Call them by your own judgement, or not at all."
        ),
        bullets(one.sentence for one in listed.base_rates),
        class_="for-all",
    )


def _explained(rows: ListTable, listed: Listed, settings: DeliverySettings) -> Markup:
    columns = shown_columns(settings.columns, listed.terms.currency, listed.terms.months)
    told = table(
        "What each column is", ["Column", "What it is"], [[c.title, c.told] for c in columns]
    )
    return tag("div", opens("How to read a row", told), class_="for-all")


def _foot(tables: ReportTables) -> Markup:
    """Say what the page was made from: names and digests, no clock."""
    body: list[Sequence[object]] = [
        [name, tag("code", digest)] for name, digest in sorted(tables.contents.items())
    ]
    made = table("What this page was made from", ["Table", "Digest of its content"], body)
    note = paragraph(
        "This file asks no network for anything: it can be kept, mailed and printed. It is as of its "
        "date and does not change.",
        quiet=True,
    )
    return tag("div", note, opens("Made from", made), class_="for-all")
