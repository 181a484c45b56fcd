"""The models behind a list, on its page: what each is worth, which one scores and why, its card."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from gosales_assets.delivery.listed import ListTerms
from gosales_assets.delivery.report_tables import ReportTables, ReportTerms
from gosales_assets.rendering.markdown_html import inline, markdown_html
from gosales_assets.rendering.markup import Markup, join, tag
from gosales_assets.rendering.page_blocks import (
    banner,
    command,
    facts,
    opens,
    paragraph,
    picture,
    section,
)
from gosales_assets.rendering.plots import plot_measures
from gosales_checks.contracts.explanations import MODEL_CARD, MODEL_EVALUATION
from gosales_checks.contracts.models import KEPT, PINNED, PROMOTED, PROMOTION
from gosales_checks.contracts.scored_list import CUSTOMERS

NAME, TITLE = "models", "The models behind it"
# A picture is 30 kB, and the page has to be one that can be mailed.
PICTURES = 24
FIGURES = {
    "lift_10": ("Buyers in the first tenth, over the average (lift)", "{:.2f}"),
    "auc": ("Buyer ranked above non-buyer (AUC, 0.5 is chance)", "{:.3f}"),
    "cal_mae": ("Stated and true rates differ by (0 is right)", "{:.4f}"),
}
DECISIONS = {
    PROMOTED: "The model of this date scores",
    KEPT: "An earlier model goes on scoring",
    PINNED: "A person chose the model that scores",
}


def models_section(tables: ReportTables, terms: ListTerms, report: ReportTerms) -> Markup:
    """Return the part of the page: a card for each division that the list ranks.

    Parameters
    ----------
    tables
        Of the cutoff.
    terms, report
        What the list is of, and the names of its divisions.
    """
    cards = tables.of(MODEL_CARD)
    if cards is None or cards.is_empty():
        nothing = banner(
            "info",
            "No model card is stored for this date.",
            join("Make them: ", command(f"gosales materialize --cutoffs {terms.cutoff}")),
        )
        return section(NAME, TITLE, nothing)
    rows = {table.name: _by_division(tables.of(table)) for table in (MODEL_CARD, PROMOTION)}
    measures = tables.of(MODEL_EVALUATION)
    lead = paragraph(
        "How good each model was on customers and periods that it had not seen; in brackets where "
        "the true value lies with 95 %."
    )
    return section(NAME, TITLE, lead, *_models(rows, measures, report))


def _by_division(found: pl.DataFrame | None) -> dict[str, dict[str, Any]]:
    return {} if found is None else {row["division"]: row for row in found.iter_rows(named=True)}


def _models(
    rows: Mapping[str, Mapping[str, Mapping[str, Any]]],
    measures: pl.DataFrame | None,
    report: ReportTerms,
) -> Iterator[Markup]:
    for number, (division, name) in enumerate(report.targets.items()):
        card = rows[MODEL_CARD.name].get(division)
        if card is None:
            continue
        measured = None if measures is None else measures.filter(division=division)
        drawn = None if measured is None or number >= PICTURES else plot_measures(measured, name)
        yield tag(
            "article",
            tag("h3", name, id=f"model-{number}"),
            paragraph(inline(card["headline"])),
            _decision(rows[PROMOTION.name].get(division)),
            None if measured is None else _figures(measured),
            picture(drawn[0], _described(name, drawn[1])) if drawn else None,
            opens(f"The whole card of {name}", markdown_html(_body(card["card"]), 4)),
            class_="model",
            aria_labelledby=f"model-{number}",
        )


def _body(card: str) -> str:
    """Return a card without its title and headline, which stand above it."""
    _, mark, rest = card.partition("\n## ")
    return f"{mark.lstrip()}{rest}".replace("## ", "# ") if mark else card


def _described(name: str, who: str) -> str:
    return (
        f"{name}, {who}: stated against observed rates with 95 % intervals, and the share of buyers "
        "in the first parts of the ranking"
    )


def _decision(row: Mapping[str, Any] | None) -> Markup | None:
    if row is None:
        return None
    since = f" (of {row['model_cutoff']})" if row["decision"] != PROMOTED else ""
    return paragraph(f"{DECISIONS[row['decision']]}{since}: {row['reason']}.", quiet=True)


def _figures(measures: pl.DataFrame) -> Markup | None:
    """Return the figures that matter first, of the slice that the list is for."""
    for part, who in CUSTOMERS.items():
        found = measures.filter(pl.col("value").is_not_null(), slice=part)
        told = {row["measure"]: row for row in found.iter_rows(named=True)}
        pairs = [
            (words, _with_interval(told[measure], form))
            for measure, (words, form) in FIGURES.items()
            if measure in told
        ]
        if pairs:
            return join(paragraph(f"Of {who}:", quiet=True), facts(pairs))
    return None


def _with_interval(row: Mapping[str, Any], form: str) -> str:
    value = form.format(row["value"])
    if row["low"] is None or row["high"] is None:
        return value
    return f"{value} ({form.format(row['low'])} to {form.format(row['high'])})"
