"""From bundles, features and labels to the row that says which model scores."""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
import polars as pl

from gosales_assets.models.bundle.bundle import load_bundle, read_card
from gosales_assets.models.bundle.contract_rows import contract_table
from gosales_assets.models.bundle.held_out import read_held_out
from gosales_assets.models.bundle.model import StoredModel
from gosales_assets.models.promotion.champion import Contender, Decision, Outcomes, decide
from gosales_assets.models.scoring.scoring import mismatches, score
from gosales_checks.contracts.models import FITTED, PINNED, PROMOTION
from gosales_checks.measures.ranking import tie_breaker
from gosales_checks.measures.scored_list import rank_within_ties
from gosales_resources.settings.explanation import ExplanationSettings
from gosales_resources.settings.promotion import PromotionSettings

Files = Mapping[str, bytes]
SCORES_ALONE = ExplanationSettings(scored_frac=0)
# A count is never null: nobody was compared.
NOTHING_JUDGED = {"judged_count": 0, "judged_positives": 0}


@dataclass(frozen=True)
class Pin:
    """A person's choice: the model of which cutoff scores, and why."""

    cutoff: dt.date
    reason: str


@dataclass(frozen=True)
class Judged:
    """The latest cutoff whose outcomes are known: features and labels of its customers."""

    cutoff: dt.date
    features: pl.LazyFrame
    labels: pl.LazyFrame


def judge_models(
    challenger: Files,
    earlier: Mapping[dt.date, Files],
    judged: Judged | None,
    settings: PromotionSettings,
    blocked: str | None = None,
) -> Decision:
    """Compare a new model with those of earlier cutoffs on the latest known outcomes.

    Parameters
    ----------
    challenger
        The new bundle.
    earlier
        Cutoff -> bundle of models that may be champions. Those that give a prior rate, or were
        trained on other features than there are now, are none; nor is one made after what is
        judged, for it may not score that, unless all are.
    judged
        What they are judged on; None where no window has ended yet.
    settings
        Margin, draws, seed.
    blocked
        Why the new model may not score; None where its checks passed.

    Returns
    -------
    Decision
        See `champion.decide`.
    """
    new_id, card = read_card(challenger)
    at = dt.date.fromisoformat(card.cutoff)
    models = {cutoff: load_bundle(files) for cutoff, files in sorted(earlier.items())}
    able = {c: model for c, model in models.items() if model.card.status == FITTED}
    if judged is not None:
        schema = judged.features.collect_schema()
        able = {c: model for c, model in able.items() if not mismatches(model, schema)}
    # Where the data does not cover the newest window, older outcomes are judged: a model made after
    # them has seen some, and no model scores its own past.
    met = {c: model for c, model in able.items() if judged is not None and c <= judged.cutoff}
    if judged is None or (able and not met):
        unjudged = [Contender(c, model.model_id, None) for c, model in able.items()]
        return decide(Contender(at, new_id, None), unjudged, None, settings, blocked)
    held = read_held_out(challenger).filter(pl.col("cutoff") == judged.cutoff)
    customers = _customers(judged, held)
    outcomes = Outcomes(
        cutoff=judged.cutoff,
        label=customers["label"].to_numpy().astype(float),
        is_whitespace=customers["is_whitespace"].to_numpy(),
        ties=customers["ties"].to_numpy(),
    )
    rank = None
    if card.status == FITTED and held.height:
        # Not by p: the groups' own calibrations would rank noise below chance.
        rank = customers["margin"].to_numpy()
    champions = [
        Contender(cutoff, model.model_id, _rank(model, judged, customers))
        for cutoff, model in met.items()
    ]
    return decide(Contender(at, new_id, rank), champions, outcomes, settings, blocked)


def promotion_row(
    division: str, cutoff: dt.date, challenger_id: str, decision: Decision, pin: Pin | None
) -> pl.DataFrame:
    """Write a decision down.

    Parameters
    ----------
    division, cutoff
        Whose scores it is about.
    challenger_id
        The model trained for this cutoff.
    decision
        Which model scores.
    pin
        What a person chose; None where nobody did.

    Returns
    -------
    polars.DataFrame
        The one row of `promotion`; what was not measured is null.
    """
    champion = decision.champion
    figures = asdict(decision.comparison) if decision.comparison else NOTHING_JUDGED
    row = {
        "division": division,
        "cutoff": cutoff,
        "decision": decision.decision,
        "reason": decision.reason,
        "model_cutoff": decision.scoring.cutoff,
        "model_id": decision.scoring.model_id,
        "challenger_id": challenger_id,
        "champion_id": champion.model_id if champion else None,
        "pinned_to": pin.cutoff if pin else None,
        "pin_reason": pin.reason if pin else None,
        **{name: None if _is_nan(value) else value for name, value in figures.items()},
    }
    return contract_table(PROMOTION, [row])


def pinned(decision: Decision, pin: Pin, model_id: str) -> Decision:
    """Let a person's choice stand in for the decision; what was measured stays beside it."""
    reason = f"chosen by hand: {pin.reason} (by itself: {decision.decision}, {decision.reason})"
    chosen = Contender(pin.cutoff, model_id, None)
    return replace(decision, decision=PINNED, reason=reason, scoring=chosen)


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _customers(judged: Judged, held: pl.DataFrame) -> pl.DataFrame:
    """Return the customers both models are judged on, sorted, with the challenger's predictions."""
    frame = (
        judged.features.select("customer_id", "is_whitespace")
        .join(judged.labels.select("customer_id", "label"), on="customer_id", how="inner")
        .sort("customer_id")
        .collect()
    )
    frame = frame.with_columns(ties=pl.Series(tie_breaker(frame["customer_id"].to_list())))
    if held.is_empty():
        return frame
    mine = held.select("ties", "p", "margin")
    return frame.join(mine, on="ties", how="inner", maintain_order="left")


def _rank(model: StoredModel, judged: Judged, customers: pl.DataFrame) -> np.ndarray:
    wanted = customers["customer_id"].implode()
    rows = judged.features.filter(pl.col("customer_id").is_in(wanted))
    scored = score(model, rows, SCORES_ALONE).sort("customer_id")
    return rank_within_ties(scored["p_icp"].to_numpy(), scored["margin"].to_numpy())
