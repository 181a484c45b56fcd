"""The model card: what a model predicts, how good it was, what it goes by, in a revenue lead's words."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from gosales_assets.models.bundle.contract_rows import contract_table
from gosales_assets.models.bundle.model import Card
from gosales_assets.models.rows.preparation import LEAK
from gosales_assets.models.rows.slices import ALL, WHITESPACE
from gosales_checks.contracts.explanations import MODEL_CARD
from gosales_checks.contracts.models import FITTED
from gosales_resources.markdown import bullets, escape, paragraph

SHOWN_DRIVERS = 10
# Probabilities are said to agree with what happened while their mean error is below this.
GOOD_CALIBRATION = 0.02
SCOPES = {"all": "over all divisions", "div": "in the division"}
SLICES = {WHITESPACE: "customers who never bought here", ALL: "all customers"}
MEASURES = {
    "auc": "AUC: how often a buyer is ranked above a non-buyer (0.5 is chance)",
    "pr_auc": "PR-AUC (the base rate is chance)",
    "lift_5": "lift in the first 5 %",
    "lift_10": "lift in the first 10 %",
    "lift_20": "lift in the first 20 %",
    "revenue_lift_10": "gross profit in the first 10 %, over the average",
    "brier": "Brier score (0 is perfect)",
    "log_loss": "log loss",
    "cal_mae": "mean calibration error",
    "ece": "expected calibration error",
    "cox_slope": "calibration slope (1 is right)",
    "cox_intercept": "calibration intercept (0 is right)",
    "brier_miscalibration": "part of Brier: miscalibration",
    "brier_discrimination": "part of Brier: discrimination",
    "brier_uncertainty": "part of Brier: uncertainty",
}


def write_card(
    card: Card,
    model_id: str,
    report: Mapping[str, Any],
    evaluation: pl.DataFrame,
    drivers: pl.DataFrame,
) -> pl.DataFrame:
    """Describe a model in words.

    Parameters
    ----------
    card, model_id
        Of the bundle.
    report
        Its candidates' figures and warnings.
    evaluation, drivers
        `model_evaluation` and `model_drivers` of the same partition.

    Returns
    -------
    polars.DataFrame
        The one row of `model_card`.
    """
    figures = {(r["slice"], r["measure"]): r for r in evaluation.filter(bin=0).to_dicts()}
    headline = say_headline(card, figures)
    sections = [
        f"# {escape(card.division)}, as of {card.cutoff}",
        headline,
        _what(card),
        *([_how_good(figures), _gains(evaluation)] if (ALL, "auc") in figures else []),
        *([_goes_by(drivers)] if drivers.height else []),
        _chosen(card, report),
        _level(report),
        _limits(card, report, drivers),
        f"Model {escape(model_id)}.",
    ]
    text = "\n\n".join(part for part in sections if part) + "\n"
    row = {
        "division": card.division,
        "cutoff": dt.date.fromisoformat(card.cutoff),
        "model_id": model_id,
        "headline": headline,
        "card": text,
    }
    return contract_table(MODEL_CARD, [row])


def say_headline(card: Card, figures: Mapping[tuple[str, str], Mapping[str, Any]]) -> str:
    """Say in a sentence or two what a model is worth."""
    if card.status != FITTED:
        rate = "no rate is known yet" if card.prior is None else f"everyone gets {card.prior:.1%}"
        return f"**No ranking: {escape(card.reason)}.** {rate[0].upper()}{rate[1:]}."
    part = WHITESPACE if _value(figures, WHITESPACE, "lift_10") is not None else ALL
    lift, rate = _value(figures, part, "lift_10"), _value(figures, part, "base_rate")
    if lift is None or rate is None:
        return "**Ranked, but no figure is known:** nothing was held out to judge it on."
    who = SLICES[part]
    low = figures[part, "lift_10"]["low"]
    unsure = " It may be no better than chance." if low is not None and low <= 1 else ""
    return (
        f"**Of {who}, the first tenth of the ranking bought {lift:.1f} times as often as "
        f"the average** ({rate * lift:.1%} against {rate:.1%}, on customers and periods the model "
        f"had not seen).{unsure}"
    )


def in_words(feature: str) -> str:
    """Say a feature's name: `rfm__all__gp_sum__12m` is rfm, gp sum, over all divisions, 12m.

    Examples
    --------
    >>> in_words("rfm__div__gp_sum__12m"), in_words("is_whitespace")
    ('rfm: gp sum, in the division, 12m', 'is whitespace')
    """
    name, _, level = feature.partition("=")
    parts = [part.replace("_", " ") for part in name.split("__")]
    if len(parts) != 4:
        words = " ".join(parts)
    else:
        family, scope, measure, window = parts
        when = [] if window == "asof" else [window]
        words = f"{family}: {', '.join([measure, SCOPES.get(scope, scope), *when])}"
    return f"{words} = {level}" if level else words


def _what(card: Card) -> str:
    trained = (
        f"Trained on {card.training_row_count:,} rows, {card.positive_count:,} of them buyers, at "
        f"{', '.join(card.training_cutoffs)}"
        if card.training_cutoffs
        else "Trained on nothing: no earlier period is complete"
    )
    return (
        "## What it says\n\nThe probability that a customer buys in this division within "
        f"{card.window_months} months after {card.cutoff}, from what was known on that day. "
        f"{trained}; no outcome after {card.cutoff} was seen."
    )


def _how_good(figures: Mapping[tuple[str, str], Mapping[str, Any]]) -> str:
    lines = [
        "## How good it was",
        "",
        "On customers and periods it had not seen; in brackets where the true value lies with 95 %.",
        "",
        "| | never bought here | all customers |",
        "|---|---|---|",
    ]
    counted = [
        f"{figures[s, 'base_rate']['positives']:,} buyers of {figures[s, 'base_rate']['n']:,} "
        f"({figures[s, 'base_rate']['value']:.1%})"
        if (s, "base_rate") in figures
        else "none"
        for s in SLICES
    ]
    lines.append(f"| bought | {' | '.join(counted)} |")
    for measure, words in MEASURES.items():
        lines.append(
            f"| {words} | {' | '.join(_cell(figures.get((s, measure))) for s in SLICES)} |"
        )
    error = figures.get((ALL, "cal_mae"))
    if error is not None and error["value"] is not None:
        # Few rows show an error by chance: off is what lies beyond the interval.
        is_off = (error["low"] or 0.0) > GOOD_CALIBRATION
        verdict = "are off; rank by them" if is_off else "can be taken as they are"
        lines += ["", f"Probabilities {verdict}: they differ from what happened by "
                      f"{error['value']:.3f} on average over ten groups."]  # fmt: skip
    return "\n".join(lines)


def _gains(evaluation: pl.DataFrame) -> str:
    part = WHITESPACE if "gain_rate" in evaluation.filter(slice=WHITESPACE)["measure"] else ALL
    mine = evaluation.filter(slice=part)
    rate = mine.filter(measure="gain_rate").sort("bin")
    capture = dict(mine.filter(measure="gain_capture").select("bin", "value").rows())
    lines = [
        f"## Who bought, by tenth of the ranking ({SLICES[part]})",
        "",
        "| tenth | bought | share of all buyers so far |",
        "|---|---|---|",
    ]
    for row in rate.to_dicts():
        so_far = capture.get(row["bin"])
        lines.append(
            f"| {row['bin']} | {row['value']:.1%} ({row['positives']} of {row['n']}) "
            f"| {'' if so_far is None else f'{so_far:.0%}'} |"
        )
    return "\n".join(lines)


def _goes_by(drivers: pl.DataFrame) -> str:
    top = drivers.filter(status="used").sort("shap_rank").head(SHOWN_DRIVERS)
    lines = ["## What it goes by", "", "| | share | more of it is |", "|---|---|---|"]
    for row in top.to_dicts():
        share = "" if row["shap_frac"] is None else f"{row['shap_frac']:.0%}"
        turn = row["direction"]
        sign = (
            "mixed"
            if turn is None or abs(turn) < 0.3
            else "likelier"
            if turn > 0
            else "less likely"
        )
        lines.append(f"| {escape(in_words(row['input']))} | {share} | {sign} |")
    return "\n".join(lines)


def _chosen(card: Card, report: Mapping[str, Any]) -> str:
    tried: Sequence[Mapping[str, Any]] = report.get("candidates") or ()
    if not tried:
        return ""
    lines = [
        "## How it was chosen",
        "",
        paragraph(
            f"{card.winner}: {card.reason}. Calibration: {card.calibration} "
            f"({card.calibration_reason})."
        ),
        "",
        "| candidate | lift@10 never bought | lift@10 all | AUC all | Brier |",
        "|---|---|---|---|---|",
    ]
    for one in tried:
        figures = [one.get(k) for k in ("lift_10_whitespace", "lift_10", "auc", "brier")]
        cells = " | ".join("" if f is None else f"{f:.4g}" for f in figures)
        lines.append(f"| {escape(one.get('name', '?'))} | {cells} |")
    return "\n".join(lines)


def _level(report: Mapping[str, Any]) -> str:
    said: Sequence[str] = report.get("level") or ()
    if not said:
        return ""
    intro = (
        "The rate of the last period that is over, unless another forecast was clearly nearer in "
        "this log's own past (`rate_forecast`)."
    )
    lines = bullets(f"{text}." for text in said)
    return "\n".join(["## Level of the probabilities", "", intro, "", lines])


def _limits(card: Card, report: Mapping[str, Any], drivers: pl.DataFrame) -> str:
    gone = drivers.filter(pl.col("dropped_because").str.starts_with(LEAK))
    notes = [
        *(f"{text}." for text in report.get("warnings") or ()),
        *(f"{r['input']} was left out: {r['dropped_because']}." for r in gone.to_dicts()),
        f"Folds {card.selection_scheme}.",
        "It ranks customers for a conversation. It does not say why someone would buy, and a "
        "driver is not a cause.",
        "A change of prices, products or territories after the cutoff is not in it.",
    ]
    return "\n".join(["## Limits", "", bullets(dict.fromkeys(notes))])


def _value(
    figures: Mapping[tuple[str, str], Mapping[str, Any]], part: str, measure: str
) -> float | None:
    row = figures.get((part, measure))
    return None if row is None else row["value"]


def _cell(row: Mapping[str, Any] | None) -> str:
    if row is None or row["value"] is None:
        return "not defined"
    if row["low"] is None:
        return f"{row['value']:.4f}"
    return f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
